/* SPDX-License-Identifier: Apache-2.0 */
/* The kernel's kills, each accounted for once. */
#include "guard.h"

#include <errno.h>

bool oom_kill_counted(const struct memcg_counters *now, const struct memcg_counters *seen)
{
	return now->known &&
	       (now->oom_kill > seen->oom_kill || now->oom_group_kill > seen->oom_group_kill);
}

int guard_counters(struct guard *guard, struct memcg_counters *now)
{
	int r = memcg_counters_read(&guard->memcg, now);

	if (r == -ENODEV && guard->parting.known) {
		*now = guard->parting;
		return 0;
	}
	if (r == 0 && guard->init_ended)
		guard->parting = *now;
	/* v1's kills are summed over the subtree, so the sum falls when a cgroup below is removed:
	 * what it had was accounted for when its removal woke us, or before. */
	if (r == 0 && now->known && now->oom_kill < guard->seen.oom_kill)
		guard->seen.oom_kill = now->oom_kill;
	return r;
}

void guard_account(struct guard *guard, const struct memcg_counters *now)
{
	uint64_t kills = now->oom_kill - guard->seen.oom_kill;

	guard->incident.kills += kills;
	guard->status.oom_kills += kills;
	guard->incident.after = *now;
	guard->seen = *now;
}

void guard_count_named(struct guard *guard)
{
	struct incident *incident = &guard->incident;
	struct memcg_counters now;

	if (guard->evidence.victims <= incident->kills || guard_counters(guard, &now) < 0 ||
	    !oom_kill_counted(&now, &incident->after))
		return;
	incident->kills += now.oom_kill - incident->after.oom_kill;
	incident->after = now;
}

void guard_count_late(struct guard *guard)
{
	struct memcg_counters now;

	if (guard_counters(guard, &now) == 0 && oom_kill_counted(&now, &guard->seen))
		guard_account(guard, &now);
}
