/* SPDX-License-Identifier: Apache-2.0 */
/* Sets the oom_score_adj of a container's running processes: settings_scores_apply(). */
#include "settings.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"

/* What became of the processes of one kind. */
struct tally {
	unsigned wanted, written, failed;
	int error;     /* the last failure's errno */
	int old_value; /* of the last one written */
	int value;     /* the last one wanted */
};

enum kind { KIND_INIT, KIND_WORKLOAD, KIND_RULES, KIND_COUNT };

/* The name of the process; empty when it cannot be read. It may hold any byte. */
static void read_comm(int piddir, char *buf, size_t cap)
{
	ssize_t len = cgroup_read(piddir, "comm", buf, cap);

	if (len > 0 && buf[len - 1] == '\n')
		buf[len - 1] = '\0';
}

static void set_score(int piddir, const struct score_matcher *matcher, bool is_init,
		      struct tally tallies[static KIND_COUNT])
{
	struct tally *tally = &tallies[is_init ? KIND_INIT : KIND_WORKLOAD];
	int wanted, now, r, rule = -1;
	char comm[64], text[16];

	if (matcher->len) {
		read_comm(piddir, comm, sizeof(comm));
		rule = settings_score_rule(matcher, comm);
	}
	if (rule >= 0 && !is_init)
		tally = &tallies[KIND_RULES];
	if (!settings_score_wanted(matcher, is_init, rule, &wanted) ||
	    cgroup_read(piddir, "oom_score_adj", text, sizeof(text)) <= 0)
		return;
	now = atoi(text);
	tally->wanted++;
	tally->value = wanted;
	if (now == wanted)
		return;
	tally->old_value = now;
	snprintf(text, sizeof(text), "%d", wanted);
	r = cgroup_write(piddir, "oom_score_adj", text);
	if (r == 0) {
		tally->written++;
	} else if (r != -ESRCH && r != -ENODEV) { /* else it has ended meanwhile */
		tally->failed++;
		tally->error = -r;
	}
}

static void say_failure(struct setting_result *result, const struct tally *tally)
{
	const char *why = strerrordesc_np(tally->error);

	if (tally->error == EACCES)
		why = "going below a process's minimum needs CAP_SYS_RESOURCE";
	result->outcome = SETTING_FAILED;
	snprintf(result->new_value, sizeof(result->new_value), "%d", tally->old_value);
	snprintf(result->reason, sizeof(result->reason),
		 "%d was not taken by %u of %u processes: %s", tally->value, tally->failed,
		 tally->wanted, why ? why : "unknown error");
}

static void report(struct settings_results *out, const char *key, const struct tally *tally)
{
	struct setting_result *result = &out->item[out->len];
	bool changed = tally->written || tally->failed;

	if (!tally->wanted)
		return;
	out->len++;
	memset(result, 0, sizeof(*result));
	result->key = key;
	strcpy(result->file, "oom_score_adj");
	result->outcome = changed ? SETTING_APPLIED : SETTING_UNCHANGED;
	snprintf(result->old_value, sizeof(result->old_value), "%d",
		 changed ? tally->old_value : tally->value);
	snprintf(result->new_value, sizeof(result->new_value), "%d", tally->value);
	if (tally->failed)
		say_failure(result, tally);
	else if (tally->wanted > 1)
		snprintf(result->reason, sizeof(result->reason), "%u of %u processes were written",
			 tally->written, tally->wanted);
}

static void report_later(struct settings_results *out)
{
	struct setting_result *result = &out->item[out->len++];

	memset(result, 0, sizeof(*result));
	result->key = SETTING_SCORE_INIT;
	strcpy(result->file, "oom_score_adj");
	result->outcome = SETTING_LATER;
	strcpy(result->reason, "set once the first child exists");
}

int settings_scores_apply(const struct score_matcher *matcher, const struct memcg *memcg,
			  int procfd, pid_t init, pid_t *scratch, size_t scratch_len,
			  struct settings_results *out)
{
	const char *controller = memcg->version == CGROUP_V1 ? "memory" : NULL;
	struct tally tally[KIND_COUNT] = {0};
	ssize_t len = cgroup_procs(memcg->dirfd, scratch, scratch_len);
	bool alone = len == 1 && scratch_len && scratch[0] == init;

	if (out)
		memset(out, 0, sizeof(*out));
	if (len < 0)
		return (int)len;
	for (size_t i = 0; i < (size_t)len && i < scratch_len; i++) {
		cleanup_close int piddir = -1;
		char name[16];

		if (alone)
			break;
		snprintf(name, sizeof(name), "%d", scratch[i]);
		piddir = openat(procfd, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
		/* A number from a list may be a stranger's by now, whose score is not ours. */
		if (piddir >= 0 && cgroup_holds(piddir, controller, memcg->path))
			set_score(piddir, matcher, scratch[i] == init, tally);
	}
	if (out) {
		if (alone)
			report_later(out);
		report(out, SETTING_SCORE_INIT, &tally[KIND_INIT]);
		report(out, SETTING_SCORE_WORKLOAD, &tally[KIND_WORKLOAD]);
		report(out, SETTING_SCORE_RULES, &tally[KIND_RULES]);
	}
	return (int)(tally[KIND_INIT].written + tally[KIND_WORKLOAD].written +
		     tally[KIND_RULES].written);
}
