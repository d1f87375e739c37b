/* SPDX-License-Identifier: Apache-2.0 */
#include "keep.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "cleanup.h"
#include "clock.h"

#define LOOK_EVERY_MS 1000
/* Who writes the same value for ever must not keep us awake. */
#define TOLD_MAX 1000

static const struct {
	const char *key;
	enum drift_kind kind;
} kinds[] = {
    {SETTING_OOM_KILLER, DRIFT_OOM_KILLER}, {SETTING_OOM_GROUP, DRIFT_OOM_GROUP},
    {SETTING_LIMIT, DRIFT_LIMIT},	    {SETTING_SWAP, DRIFT_SWAP},
    {SETTING_SWAPPINESS, DRIFT_SWAPPINESS},
};

/* The text of a result. False when it is no number. */
static bool parse(const char *text, uint64_t *out)
{
	char *end;

	*out = MEMCG_NO_LIMIT;
	if (strcmp(text, "max") == 0)
		return true;
	errno = 0;
	*out = strtoull(text, &end, 10);
	return end != text && !*end && errno == 0;
}

static const char *number_text(uint64_t value, char *buf, size_t cap)
{
	if (value == MEMCG_NO_LIMIT)
		snprintf(buf, cap, "max");
	else
		snprintf(buf, cap, "%" PRIu64, value);
	return buf;
}

/* Is it a file of the cgroup whose value is the one that the policy wants? */
static bool is_ours(const struct setting_result *result)
{
	if (!result->file[0] || strcmp(result->file, "oom_score_adj") == 0)
		return false;
	if (result->outcome == SETTING_APPLIED)
		return true;
	/* The container's own limit is not ours, whatever the policy says. */
	return result->outcome == SETTING_UNCHANGED && strcmp(result->key, SETTING_LIMIT) != 0;
}

static void take(struct keep *keep, const struct setting_result *result)
{
	struct kept *kept = &keep->item[keep->len];

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (strcmp(kinds[i].key, result->key) != 0)
			continue;
		*kept = (struct kept){.key = kinds[i].key, .kind = kinds[i].kind, .wd = -1};
		if (!parse(result->new_value, &kept->ours))
			return;
		if (!parse(result->old_value, &kept->before))
			kept->before = kept->ours;
		memcpy(kept->file, result->file, sizeof(kept->file));
		keep->len++;
		return;
	}
}

static int read_value(const struct keep *keep, enum drift_kind kind, const char *file,
		      uint64_t *out)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
	char text[256];
	ssize_t len;
	int r;

	if (kind == DRIFT_OOM_KILLER) {
		len = cgroup_read(keep->memcg->dirfd, file, text, sizeof(text));
		return len < 0 ? (int)len : cgroup_text_u64(text, "oom_kill_disable", out);
	}
	r = cgroup_read_u64(keep->memcg->dirfd, file, out);
	/* v1's way to say that there is none. */
	if (r == 0 && *out >= LONG_MAX / page * page)
		*out = MEMCG_NO_LIMIT;
	return r;
}

static uint64_t read_limit(const struct keep *keep)
{
	uint64_t limit;

	if (read_value(keep, DRIFT_LIMIT,
		       keep->memcg->version == CGROUP_V1 ? "memory.limit_in_bytes" : "memory.max",
		       &limit) < 0)
		return keep->limit;
	return limit;
}

/* A new limit hints at an update, but not one that only takes away what the hook had set. */
static void note_limit(struct keep *keep, uint64_t now_ms)
{
	uint64_t limit = read_limit(keep);

	if (limit == keep->limit)
		return;
	keep->limit = limit;
	for (size_t i = 0; i < keep->len; i++)
		if (keep->item[i].kind == DRIFT_LIMIT && keep->item[i].before == limit)
			return;
	keep->limit_changed_ms = now_ms;
}

/* False when there is no such file: the runtime keeps none. */
static bool read_mark(const struct keep *keep, struct keep_mark *out)
{
	struct stat st;

	*out = (struct keep_mark){0};
	if (!keep->state_file || stat(keep->state_file, &st) < 0)
		return false;
	*out = (struct keep_mark){.inode = st.st_ino, .written = st.st_mtim};
	return true;
}

static bool same_mark(const struct keep_mark *a, const struct keep_mark *b)
{
	return a->inode == b->inode && a->written.tv_sec == b->written.tv_sec &&
	       a->written.tv_nsec == b->written.tv_nsec;
}

/* Was it written anew, near the moment in which the difference was seen? */
static bool mark_is_near(const struct keep *keep, const struct kept *kept,
			 const struct keep_mark *mark, uint64_t now_ms)
{
	uint64_t written_ms =
	    (uint64_t)mark->written.tv_sec * 1000 + (uint64_t)mark->written.tv_nsec / 1000000;
	uint64_t age_ms = clock_ms(CLOCK_REALTIME) - written_ms;

	if (same_mark(mark, &keep->mark))
		return false;
	/* Nothing told us of the change: it is as old as the look before. */
	return kept->wd < 0 || age_ms <= DRIFT_NEAR_MS + (now_ms - kept->since_ms) ||
	       age_ms > INT64_MAX;
}

static unsigned put_back_lately(struct kept *kept, uint64_t now_ms)
{
	unsigned kept_len = 0;

	for (unsigned i = 0; i < kept->put_back_len; i++)
		if (now_ms - kept->put_back_ms[i] < DRIFT_WINDOW_MS)
			kept->put_back_ms[kept_len++] = kept->put_back_ms[i];
	kept->put_back_len = kept_len;
	return kept_len;
}

static bool in_use(const struct keep *keep, const struct kept *kept)
{
	uint64_t usage;

	return kept->kind == DRIFT_LIMIT && keep->memcg->version == CGROUP_V2 &&
	       cgroup_read_u64(keep->memcg->dirfd, "memory.current", &usage) == 0 &&
	       usage > kept->ours;
}

static void gather(struct keep *keep, struct kept *kept, uint64_t value, uint64_t now_ms,
		   struct drift_facts *facts)
{
	struct keep_mark mark;

	*facts = (struct drift_facts){.kind = kept->kind, .differs = value != kept->ours};
	if (!facts->differs) {
		kept->since_ms = 0;
		return;
	}
	if (!kept->since_ms)
		kept->since_ms = now_ms;
	facts->as_before = value == kept->before;
	facts->limit_changed =
	    keep->limit_changed_ms && now_ms - keep->limit_changed_ms <= DRIFT_NEAR_MS;
	facts->runtime_tells = read_mark(keep, &mark);
	facts->runtime_wrote = facts->runtime_tells && mark_is_near(keep, kept, &mark, now_ms);
	facts->since_ms = now_ms - kept->since_ms;
	facts->in_use = in_use(keep, kept);
	facts->put_back = put_back_lately(kept, now_ms);
}

static struct setting_result *add_result(struct settings_results *out, const struct kept *kept,
					 enum setting_outcome outcome, const char *reason)
{
	struct setting_result *result = &out->item[out->len++];

	*result = (struct setting_result){.key = kept->key, .outcome = outcome};
	memcpy(result->file, kept->file, sizeof(result->file));
	snprintf(result->reason, sizeof(result->reason), "%s", reason);
	return result;
}

static void wait_until(struct keep *keep, uint64_t ms)
{
	if (!keep->next_ms || ms < keep->next_ms)
		keep->next_ms = ms;
}

static void put_back(struct keep *keep, struct kept *kept, uint64_t value, uint64_t now_ms,
		     struct setting_result *result)
{
	char text[48];
	uint64_t now;
	int r = cgroup_write(keep->memcg->dirfd, kept->file,
			     number_text(kept->ours, text, sizeof(text)));

	kept->since_ms = 0;
	if (kept->put_back_len < DRIFT_PUT_BACK_MAX)
		kept->put_back_ms[kept->put_back_len++] = now_ms;
	number_text(value, result->old_value, sizeof(result->old_value));
	if (read_value(keep, kept->kind, kept->file, &now) < 0)
		now = value;
	number_text(now, result->new_value, sizeof(result->new_value));
	if (now == kept->ours)
		return;
	result->outcome = SETTING_FAILED;
	snprintf(result->reason, sizeof(result->reason),
		 "somebody else changed it, and %s was not taken: %s", text,
		 r < 0 ? strerrordesc_np(-r) : "something else is there");
	/* Tried again after a while, as often as the window allows. */
	kept->since_ms = now_ms;
	wait_until(keep, now_ms + DRIFT_NEAR_MS);
}

/* From what is ours to what is there. */
static void say_theirs(const struct kept *kept, uint64_t value, struct setting_result *result)
{
	number_text(kept->ours, result->old_value, sizeof(result->old_value));
	number_text(value, result->new_value, sizeof(result->new_value));
}

static void stop_watching(struct keep *keep, struct kept *kept)
{
	if (kept->wd >= 0)
		watch_drop_kept(keep->watch, kept->wd);
	kept->wd = -1;
}

static void look_at(struct keep *keep, struct kept *kept, uint64_t now_ms,
		    struct settings_results *out)
{
	struct drift_facts facts;
	enum drift_verdict verdict;
	const char *reason;
	uint64_t value;

	if (kept->left || read_value(keep, kept->kind, kept->file, &value) < 0)
		return;
	gather(keep, kept, value, now_ms, &facts);
	verdict = drift_judge(&facts);
	reason = drift_reason(verdict, &facts);
	switch (verdict) {
	case DRIFT_NONE:
		kept->told_in_use = false;
		break;
	case DRIFT_WAIT:
		wait_until(keep, kept->since_ms + DRIFT_NEAR_MS);
		break;
	case DRIFT_PUT_BACK:
		put_back(keep, kept, value, now_ms, add_result(out, kept, SETTING_APPLIED, reason));
		break;
	case DRIFT_RESPECT:
		say_theirs(kept, value, add_result(out, kept, SETTING_UNCHANGED, reason));
		kept->ours = value;
		kept->since_ms = 0;
		break;
	case DRIFT_IN_USE:
		if (!kept->told_in_use)
			say_theirs(kept, value, add_result(out, kept, SETTING_LATER, reason));
		kept->told_in_use = true;
		break;
	case DRIFT_TOO_OFTEN:
		say_theirs(kept, value, add_result(out, kept, SETTING_REFUSED, reason));
		kept->left = true;
		stop_watching(keep, kept);
		break;
	}
}

/* v1 keeps limit ≤ memsw: a limit that was refused may be taken once memsw is put back. */
static void try_again(struct keep *keep, struct settings_results *out)
{
	for (size_t i = 0; i < out->len; i++) {
		struct setting_result *result = &out->item[i];
		char text[48];
		uint64_t now;

		for (size_t j = 0; j < keep->len; j++) {
			struct kept *kept = &keep->item[j];

			if (result->outcome != SETTING_FAILED || kept->key != result->key ||
			    cgroup_write(keep->memcg->dirfd, kept->file,
					 number_text(kept->ours, text, sizeof(text))) < 0 ||
			    read_value(keep, kept->kind, kept->file, &now) < 0 || now != kept->ours)
				continue;
			kept->since_ms = 0;
			result->outcome = SETTING_APPLIED;
			memcpy(result->new_value, text, sizeof(text));
			snprintf(result->reason, sizeof(result->reason), "%s",
				 drift_reason(DRIFT_PUT_BACK, NULL));
		}
	}
}

/* True when inotify tells so often that it is not listened to any more. */
static bool told_too_often(struct keep *keep, uint64_t now_ms)
{
	if (now_ms - keep->told_from_ms >= DRIFT_WINDOW_MS) {
		keep->told_from_ms = now_ms;
		keep->told = 0;
	}
	return ++keep->told == TOLD_MAX;
}

int keep_open(struct keep *keep, const struct plan *plan, const struct profile *profile,
	      const struct memcg *memcg, struct error *err)
{
	const struct settings_results *results = plan->settings;

	*keep = (struct keep){.memcg = memcg};
	if (!profile->settings.keep || !results)
		return 0;
	for (size_t i = 0; i < results->len && keep->len < KEEP_FILES_MAX; i++)
		if (is_ours(&results->item[i]))
			take(keep, &results->item[i]);
	if (keep->len == 0 || !plan->identity.runtime_root || !plan->identity.runtime_root[0])
		return 0;
	if (asprintf(&keep->state_file, "%s/%s/state.json", plan->identity.runtime_root,
		     plan->identity.id) < 0) {
		keep->state_file = NULL;
		return error_set(err, ENOMEM, "make room for a path");
	}
	return 0;
}

int keep_watch(struct keep *keep, struct watch *watch)
{
	int failed = 0;

	keep->limit = MEMCG_NO_LIMIT;
	keep->limit = read_limit(keep);
	read_mark(keep, &keep->mark);
	keep->told_from_ms = clock_ms(CLOCK_MONOTONIC);
	for (size_t i = 0; i < keep->len; i++) {
		int wd = watch_add_kept(watch, keep->item[i].file);

		if (wd < 0 && failed == 0)
			failed = wd;
		keep->item[i].wd = wd < 0 ? -1 : wd;
	}
	keep->watch = watch;
	return failed;
}

void keep_close(struct keep *keep)
{
	free(take_ptr(keep->state_file));
	keep->len = 0;
}

int keep_timeout_ms(const struct keep *keep, uint64_t now_ms)
{
	if (keep->next_ms == 0)
		return -1;
	return keep->next_ms > now_ms ? (int)(keep->next_ms - now_ms) : 0;
}

bool keep_look(struct keep *keep, bool told, uint64_t now_ms, struct settings_results *out)
{
	bool due = keep->next_ms && now_ms >= keep->next_ms;
	bool settled = true;

	out->len = 0;
	if (keep->len == 0 || (!told && !due && now_ms - keep->looked_ms < LOOK_EVERY_MS))
		return false;
	keep->looked_ms = now_ms;
	keep->next_ms = 0;
	note_limit(keep, now_ms);
	for (size_t i = 0; i < keep->len; i++)
		look_at(keep, &keep->item[i], now_ms, out);
	try_again(keep, out);
	/* What we wrote ourselves is no change. */
	keep->limit = read_limit(keep);
	for (size_t i = 0; i < keep->len; i++)
		if (keep->item[i].since_ms)
			settled = false;
	/* An update excuses what was written with it, and nothing later. */
	if (settled)
		read_mark(keep, &keep->mark);
	if (told && told_too_often(keep, now_ms))
		for (size_t i = 0; i < keep->len; i++)
			stop_watching(keep, &keep->item[i]);
	return out->len > 0;
}
