/* SPDX-License-Identifier: Apache-2.0 */
#include "near.h"

#define FAR_MS 30000
#define CLOSE_MS 1000

uint64_t near_measure(const struct profile *profile, const struct memcg_usage *usage)
{
	return profile->on_near_limit.of == NEAR_OF_USAGE ? usage->usage : memcg_working_set(usage);
}

uint64_t near_mark(const struct profile *profile, const struct memcg_usage *usage)
{
	uint64_t at = profile->on_near_limit.at;

	if (at == 0 || usage->limit == MEMCG_NO_LIMIT)
		return MEMCG_NO_LIMIT;
	/* Thousandths of a percent; divided first where the product would not fit. */
	return usage->limit > UINT64_MAX / 100000 ? usage->limit / 100000 * at
						  : usage->limit * at / 100000;
}

bool near_judge(struct near_watch *watch, const struct profile *profile,
		const struct memcg_usage *usage, uint64_t now_ms)
{
	uint64_t mark = near_mark(profile, usage);

	if (mark == MEMCG_NO_LIMIT || near_measure(profile, usage) < mark) {
		watch->fired = false;
		return false;
	}
	if (watch->fired)
		return false;
	/* Around the mark it goes up and down: not each time. */
	if (watch->fired_at_ms && now_ms - watch->fired_at_ms < profile->on_near_limit.rearm_ms)
		return false;
	watch->fired = true;
	watch->fired_at_ms = now_ms;
	return true;
}

/* Page cache comes and goes: it may pass the mark late, what needs room may not. */
static uint64_t urgent(const struct profile *profile, const struct memcg_usage *usage)
{
	return profile->on_near_limit.of == NEAR_OF_USAGE ? usage->usage : memcg_held(usage);
}

int near_pace_ms(const struct profile *profile, const struct memcg_usage *usage)
{
	uint64_t mark = near_mark(profile, usage), measure = urgent(profile, usage);

	if (mark == MEMCG_NO_LIMIT)
		return -1;
	if (usage->usage < usage->limit / 2 || measure < mark / 2 || measure >= mark)
		return FAR_MS;
	/* From half the mark on, in proportion to what is left of the other half. */
	return CLOSE_MS +
	       (int)((FAR_MS - CLOSE_MS) * (double)(mark - measure) / (double)(mark - mark / 2));
}
