/* SPDX-License-Identifier: Apache-2.0 */
/* Does the writes of a settings_plan and reads each one back. */
#include "settings.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proc.h"

static bool is_score(const char *file)
{
	return strcmp(file, "oom_score_adj") == 0;
}

/* What the file says now, in the form of settings_write.value. */
static int read_back(const struct memcg *memcg, int procfd, pid_t init, const char *file, char *buf,
		     size_t cap)
{
	uint64_t value;
	char text[256];
	int score, r;

	if (is_score(file)) {
		r = proc_score_read(procfd, init, &score);
		if (r == 0)
			snprintf(buf, cap, "%d", score);
		return r;
	}
	if (strcmp(file, "memory.oom_control") == 0) {
		ssize_t len = cgroup_read(memcg->dirfd, file, text, sizeof(text));

		r = len < 0 ? (int)len : cgroup_text_u64(text, "oom_kill_disable", &value);
	} else {
		r = cgroup_read_u64(memcg->dirfd, file, &value);
	}
	if (r == 0)
		snprintf(buf, cap, "%" PRIu64, value);
	return r;
}

static int write_one(const struct memcg *memcg, int procfd, pid_t init,
		     const struct settings_write *write)
{
	/* With CAP_SYS_RESOURCE this moves oom_score_adj_min too: see plan_scores(). */
	if (is_score(write->file))
		return proc_score_write(procfd, init, atoi(write->value));
	return cgroup_write(memcg->dirfd, write->file, write->value);
}

static void say_why(struct setting_result *result, const struct settings_write *write, int r,
		    const char *stays)
{
	const char *why = strerrordesc_np(-r);

	if (r == -EACCES && is_score(write->file))
		why = "going below the process's minimum needs CAP_SYS_RESOURCE";
	else if (r == -EBUSY)
		why = "more than that is in use and cannot be reclaimed";
	else if (r == -EINVAL && strcmp(write->key, SETTING_SWAP) == 0)
		why = "the sum would be below the memory limit that holds";
	snprintf(result->reason, sizeof(result->reason), "%s was not taken: %s; it stays at %s",
		 write->value, why ? why : "unknown error", stays);
}

static void do_write(const struct memcg *memcg, int procfd, pid_t init,
		     const struct settings_write *write, struct setting_result *result)
{
	char now[48] = "";
	int r = write_one(memcg, procfd, init, write);
	int read = read_back(memcg, procfd, init, write->file, now, sizeof(now));

	result->outcome = SETTING_FAILED;
	if (read == 0)
		memcpy(result->new_value, now, sizeof(result->new_value));
	if (r < 0) {
		say_why(result, write, r, read == 0 ? now : write->old_value);
	} else if (read < 0) {
		snprintf(result->reason, sizeof(result->reason), "it could not be read back: %s",
			 strerrordesc_np(-read));
	} else if (strcmp(now, write->value) != 0) {
		snprintf(result->reason, sizeof(result->reason), "%s was written, %s is there",
			 write->value, now);
	} else {
		result->outcome = SETTING_APPLIED;
		snprintf(result->reason, sizeof(result->reason), "%s",
			 write->note ? write->note : "");
	}
}

/* Takes over what an earlier run said of scores, in place of what this plan says of them. */
static void keep_scores(struct settings_results *results, const struct settings_results *earlier)
{
	size_t kept = 0;

	for (size_t i = 0; i < results->len; i++)
		if (!is_score(results->item[i].file))
			results->item[kept++] = results->item[i];
	results->len = kept;
	for (size_t i = 0; i < earlier->len && results->len < SETTINGS_MAX; i++)
		if (is_score(earlier->item[i].file))
			results->item[results->len++] = earlier->item[i];
}

static void apply(const struct profile *profile, const struct settings_facts *facts,
		  const struct memcg *memcg, int procfd, pid_t init,
		  const struct settings_results *earlier, struct settings_results *out)
{
	struct settings_plan plan;

	settings_plan(profile, facts, &plan);
	for (size_t i = 0; i < plan.writes_len; i++) {
		const struct settings_write *write = &plan.write[i];

		if (!earlier || !is_score(write->file))
			do_write(memcg, procfd, init, write, &plan.results.item[write->result]);
	}
	if (earlier)
		keep_scores(&plan.results, earlier);
	*out = plan.results;
}

int settings_reapply(const struct profile *profile, const struct memcg *memcg, int procfd,
		     pid_t init, const struct settings_results *earlier,
		     struct settings_results *out, struct error *err)
{
	struct settings_facts facts;
	int r = settings_facts_read(memcg, procfd, init, &facts, err);

	memset(out, 0, sizeof(*out));
	if (r < 0)
		return error_wrap(err, r, "settings");
	apply(profile, &facts, memcg, procfd, init, earlier, out);
	return 0;
}

int settings_apply(const struct profile *profile, const struct memcg *memcg, int procfd, pid_t init,
		   const struct settings_given *given, struct settings_results *out,
		   struct error *err)
{
	struct settings_facts facts;
	int r = settings_facts_read(memcg, procfd, init, &facts, err);

	memset(out, 0, sizeof(*out));
	if (r < 0)
		return error_wrap(err, r, "settings");
	settings_facts_given(&facts, given);
	apply(profile, &facts, memcg, procfd, init, NULL, out);
	return 0;
}
