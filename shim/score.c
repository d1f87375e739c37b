/* SPDX-License-Identifier: Apache-2.0 */
#include "score.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "clock.h"

#define FIRST_LOOK_MS 10
#define SLOWEST_LOOK_MS 1000
#define LOOK_FOR_MS 60000

int score_open(struct score_guard *scores, const struct plan *plan, const struct profile *profile,
	       struct error *err)
{
	int base, r;

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
	scores->delay_ms = FIRST_LOOK_MS;
	scores->next_ms = clock_ms(CLOCK_MONOTONIC) + scores->delay_ms;
	scores->end_ms = clock_ms(CLOCK_MONOTONIC) + LOOK_FOR_MS;
	return 0;
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
	bool done = scores->init_set && scores->matcher->len == 0;

	scores->delay_ms =
	    scores->delay_ms * 2 < SLOWEST_LOOK_MS ? scores->delay_ms * 2 : SLOWEST_LOOK_MS;
	scores->next_ms = done || now >= scores->end_ms ? 0 : now + scores->delay_ms;
}

bool score_all(struct score_guard *scores, const struct memcg *memcg, int procfd, pid_t init,
	       pid_t *pids, size_t pids_cap, struct settings_results *out)
{
	bool news = false;

	out->len = 0;
	if (!scores->matcher)
		return false;
	if (settings_scores_apply(scores->matcher, memcg, procfd, init, pids, pids_cap, out) < 0)
		out->len = 0;
	for (size_t i = 0; i < out->len; i++) {
		const struct setting_result *result = &out->item[i];

		if (result->outcome == SETTING_APPLIED || result->outcome == SETTING_FAILED)
			news = true;
		if (strcmp(result->key, SETTING_SCORE_INIT) == 0 &&
		    result->outcome != SETTING_LATER)
			scores->init_set = true;
	}
	return news;
}

bool score_step(struct score_guard *scores, const struct memcg *memcg, int procfd, pid_t init,
		pid_t *pids, size_t pids_cap, struct settings_results *out)
{
	uint64_t now = clock_ms(CLOCK_MONOTONIC);
	bool news;

	out->len = 0;
	if (!scores->matcher || (scores->next_ms != 0 && now < scores->next_ms) ||
	    (scores->next_ms == 0 && scores->init_set))
		return false;
	news = score_all(scores, memcg, procfd, init, pids, pids_cap, out);
	plan_next_look(scores, now);
	return news;
}

void score_close(struct score_guard *scores)
{
	if (!scores->matcher)
		return;
	score_matcher_free(scores->matcher);
	free(take_ptr(scores->matcher));
}
