/* SPDX-License-Identifier: Apache-2.0 */
#include "score.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "cleanup.h"
#include "clock.h"
#include "proc.h"

#define FIRST_LOOK_MS 10
#define SLOWEST_LOOK_MS 1000
#define LOOK_FOR_MS 60000
/* A forked process has its name only when it has executed its program. */
#define NAME_FOR_MS 2000
#define FORKS_AT_ONCE 64

int score_open(struct score_guard *scores, const struct plan *plan, const struct profile *profile,
	       struct error *err)
{
	int base, r;

	*scores = (struct score_guard){.forks = {.socket = -1}};
	if (!settings_scores_wanted(profile) || !settings_score_base(plan->settings, &base))
		return 0;
	scores->matcher = calloc(1, sizeof(*scores->matcher));
	if (!scores->matcher)
		return error_set(err, ENOMEM, "make room for the score rules");
	r = score_matcher_init(scores->matcher, profile, base, err);
	if (r < 0) {
		free(take_ptr(scores->matcher));
		return r;
	}
	scores->way = SCORES_AT_START;
	scores->open_ms = clock_ms(CLOCK_MONOTONIC);
	scores->delay_ms = FIRST_LOOK_MS;
	scores->next_ms = scores->open_ms + scores->delay_ms;
	scores->end_ms = scores->open_ms + LOOK_FOR_MS;
	return 0;
}

void score_listen(struct score_guard *scores, struct watch *watch, pid_t init)
{
	if (!scores->matcher || forks_open(&scores->forks, init) < 0)
		return;
	if (watch_add(watch, scores->forks.socket, EPOLLIN, WATCH_FORK) < 0)
		forks_close(&scores->forks);
	else
		scores->way = SCORES_FORK_EVENTS;
}

int score_timeout_ms(const struct score_guard *scores)
{
	uint64_t now = clock_ms(CLOCK_MONOTONIC);

	if (scores->next_ms == 0)
		return -1;
	return scores->next_ms > now ? (int)(scores->next_ms - now) : 0;
}

static void plan_next_look(struct score_guard *scores, uint64_t now)
{
	/* Names may still change by exec, so rules are looked after for the whole time. */
	bool done =
	    (scores->init_set || scores->way == SCORES_FORK_EVENTS) && scores->matcher->len == 0;

	scores->delay_ms =
	    scores->delay_ms * 2 < SLOWEST_LOOK_MS ? scores->delay_ms * 2 : SLOWEST_LOOK_MS;
	scores->next_ms = done || now >= scores->end_ms ? 0 : now + scores->delay_ms;
}

/* True when there is something to tell: of the init the first time, of others what was done. */
static bool note(struct score_guard *scores, const struct settings_results *results, bool init_only)
{
	bool news = false;

	for (size_t i = 0; i < results->len; i++) {
		const struct setting_result *result = &results->item[i];
		bool done = result->outcome == SETTING_APPLIED || result->outcome == SETTING_FAILED;
		bool of_init = strcmp(result->key, SETTING_SCORE_INIT) == 0;

		if (done && (of_init || !init_only))
			news = true;
		if (of_init && result->outcome != SETTING_LATER)
			scores->init_set = true;
	}
	return news;
}

bool score_all(struct score_guard *scores, const struct memcg *memcg, int procfd, pid_t init,
	       pid_t *pids, size_t pids_cap, struct settings_results *out)
{
	out->len = 0;
	if (!scores->matcher)
		return false;
	if (settings_scores_apply(scores->matcher, memcg, procfd, init, pids, pids_cap, out) < 0)
		out->len = 0;
	return note(scores, out, false);
}

bool score_step(struct score_guard *scores, const struct memcg *memcg, int procfd, pid_t init,
		pid_t *pids, size_t pids_cap, struct settings_results *out)
{
	uint64_t now = clock_ms(CLOCK_MONOTONIC);
	bool news;

	out->len = 0;
	if (!scores->matcher || (scores->next_ms != 0 && now < scores->next_ms) ||
	    (scores->next_ms == 0 && (scores->init_set || scores->way == SCORES_FORK_EVENTS)))
		return false;
	news = score_all(scores, memcg, procfd, init, pids, pids_cap, out);
	plan_next_look(scores, now);
	return news;
}

/* The next forks are not waited for: what they inherit is found near the limit. */
static void stop_listening(struct score_guard *scores, struct watch *watch)
{
	watch_remove(watch, scores->forks.socket);
	forks_close(&scores->forks);
	scores->way = SCORES_NEAR_LIMIT;
}

/* Looks for the names that a fork will bring, unless it is looked for already. */
static void wait_for_names(struct score_guard *scores, uint64_t now)
{
	if (scores->matcher->len == 0)
		return;
	if (scores->end_ms < now + NAME_FOR_MS)
		scores->end_ms = now + NAME_FOR_MS;
	if (scores->next_ms != 0)
		return;
	scores->delay_ms = FIRST_LOOK_MS;
	scores->next_ms = now + scores->delay_ms;
}

bool score_forked(struct score_guard *scores, struct watch *watch, const struct memcg *memcg,
		  int procfd, pid_t init, pid_t *pids, size_t pids_cap,
		  struct settings_results *out)
{
	uint64_t now = clock_ms(CLOCK_MONOTONIC);
	bool starting = now - scores->open_ms < LOOK_FOR_MS;
	pid_t forked[FORKS_AT_ONCE + 1];
	bool all = false, missed = false;
	size_t len;

	out->len = 0;
	if (scores->forks.socket < 0)
		return false;
	len = forks_read(&scores->forks, forked, FORKS_AT_ONCE, &all);
	if (len == 0 && !all)
		return false;
	if (forks_too_many(&scores->forks, len, now, starting)) {
		stop_listening(scores, watch);
		all = true;
	}
	wait_for_names(scores, now);
	/* The init last: a child that it makes meanwhile still inherits the workload's score. */
	if (!scores->init_set)
		forked[len++] = init;
	if (!all)
		settings_scores_forked(scores->matcher, memcg, procfd, init, forked, len, &missed,
				       out);
	if (all || missed)
		settings_scores_apply(scores->matcher, memcg, procfd, init, pids, pids_cap, out);
	return note(scores, out, true);
}

static unsigned put_back_lately(struct score_guard *scores, uint64_t now_ms)
{
	unsigned len = 0;

	for (unsigned i = 0; i < scores->put_back_len; i++)
		if (now_ms - scores->put_back_ms[i] < DRIFT_WINDOW_MS)
			scores->put_back_ms[len++] = scores->put_back_ms[i];
	scores->put_back_len = len;
	return len;
}

/* Is there another value than the init's own? */
static bool init_differs(const struct score_guard *scores, int procfd, pid_t init, int *now)
{
	int wanted;

	return settings_score_wanted(scores->matcher, true, -1, &wanted) &&
	       proc_score_read(procfd, init, now) == 0 && *now != wanted;
}

/* From somebody else's value to ours, or the other way when it stays. */
static void tell_init(const struct drift_facts *facts, enum drift_verdict verdict, int theirs,
		      struct settings_results *out)
{
	struct setting_result *result = &out->item[0];

	if (verdict == DRIFT_TOO_OFTEN) {
		out->len = 1;
		*result =
		    (struct setting_result){.key = SETTING_SCORE_INIT, .outcome = SETTING_REFUSED};
		strcpy(result->file, "oom_score_adj");
		snprintf(result->new_value, sizeof(result->new_value), "%d", theirs);
	}
	if (out->len > 0 && result->outcome != SETTING_FAILED)
		snprintf(result->reason, sizeof(result->reason), "%s",
			 drift_reason(verdict, facts));
}

bool score_keep(struct score_guard *scores, const struct memcg *memcg, int procfd, pid_t init,
		uint64_t now_ms, struct settings_results *out)
{
	struct drift_facts facts = {.kind = DRIFT_SCORE, .differs = true};
	enum drift_verdict verdict;
	bool missed;
	int theirs;

	out->len = 0;
	if (!scores->matcher || !scores->init_set || scores->left ||
	    !init_differs(scores, procfd, init, &theirs))
		return false;
	facts.put_back = put_back_lately(scores, now_ms);
	verdict = drift_judge(&facts);
	if (verdict == DRIFT_PUT_BACK) {
		scores->put_back_ms[scores->put_back_len++] = now_ms;
		settings_scores_forked(scores->matcher, memcg, procfd, init, &init, 1, &missed,
				       out);
	}
	scores->left = verdict == DRIFT_TOO_OFTEN;
	tell_init(&facts, verdict, theirs, out);
	return out->len > 0;
}

void score_close(struct score_guard *scores)
{
	forks_close(&scores->forks);
	if (!scores->matcher)
		return;
	score_matcher_free(scores->matcher);
	free(take_ptr(scores->matcher));
}
