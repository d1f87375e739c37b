/* SPDX-License-Identifier: Apache-2.0 */
/* One reading of the container, for the verdicts of stall.c and near.c. */
#include "guard.h"

#include "clock.h"

int guard_sample(const struct guard *guard, struct stall_sample *out)
{
	int r;

	*out = (struct stall_sample){.at_ms = clock_ms(CLOCK_MONOTONIC)};
	out->tells_oom = guard->memcg.version == CGROUP_V2;
	out->frozen = memcg_frozen(&guard->memcg);
	r = memcg_counters_read(&guard->memcg, &out->counters);
	if (r == 0)
		r = memcg_usage_read(&guard->memcg, &out->usage);
	out->has_pressure = memcg_pressure_read(&guard->memcg, &out->pressure_us) == 0;
	return r;
}
