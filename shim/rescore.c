/* SPDX-License-Identifier: Apache-2.0 */
/* Scores set while the container runs, and what is told of it. */
#include <string.h>

#include "clock.h"
#include "guard.h"
#include "record.h"

/* The init's own score, when it had it already: that was somebody else. */
static bool is_drift(const struct guard *guard, const struct setting_result *result)
{
	return guard->profile->settings.keep && guard->status.init_score_set &&
	       result->outcome == SETTING_APPLIED && strcmp(result->key, SETTING_SCORE_INIT) == 0;
}

static void tell(struct guard *guard, const struct settings_results *results)
{
	for (size_t i = 0; i < results->len; i++) {
		if (is_drift(guard, &results->item[i]))
			record_drift(guard, &results->item[i]);
		else
			record_setting(guard, &results->item[i]);
	}
	guard->status.init_score_set = guard->scores.init_set;
	record_phase(guard, SHIM_WATCHING);
}

void guard_rescore(struct guard *guard)
{
	struct settings_results results;

	if (score_all(&guard->scores, &guard->memcg, guard->procfd, guard->plan.init_pid,
		      guard->pids, KILL_PIDS_MAX, &results))
		tell(guard, &results);
}

void guard_keep_scores(struct guard *guard)
{
	struct settings_results results;

	if (!guard->profile->settings.keep ||
	    !score_keep(&guard->scores, &guard->memcg, guard->procfd, guard->plan.init_pid,
			clock_ms(CLOCK_MONOTONIC), &results))
		return;
	for (size_t i = 0; i < results.len; i++)
		record_drift(guard, &results.item[i]);
	record_phase(guard, SHIM_WATCHING);
}

void guard_step_scores(struct guard *guard, int events)
{
	struct score_guard *scores = &guard->scores;
	enum score_way way = scores->way;
	struct settings_results results;

	if ((events & WATCH_FORK) &&
	    score_forked(scores, &guard->watch, &guard->memcg, guard->procfd, guard->plan.init_pid,
			 guard->pids, KILL_PIDS_MAX, &results))
		tell(guard, &results);
	if (score_step(scores, &guard->memcg, guard->procfd, guard->plan.init_pid, guard->pids,
		       KILL_PIDS_MAX, &results))
		tell(guard, &results);
	if (scores->way == way)
		return;
	guard->status.scores = scores->way;
	record_problem(guard,
		       "the init forks more than %d processes in %d s: their scores are "
		       "corrected near the limit only",
		       FORKS_MAX, FORKS_WINDOW_MS / 1000);
}
