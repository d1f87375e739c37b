/* SPDX-License-Identifier: Apache-2.0 */
/* One reading of the container, for the verdicts of stall.c and near.c. */
#include "guard.h"

#include "clock.h"

int guard_sample(const struct guard *guard, struct stall_sample *out)
{
	struct memcg_pressure pressure;
	int r;

	*out = (struct stall_sample){.at_ms = clock_ms(CLOCK_MONOTONIC)};
	out->tells_oom = guard->memcg.version == CGROUP_V2;
	out->frozen = memcg_frozen(&guard->memcg);
	r = memcg_counters_read(&guard->memcg, &out->counters);
	if (r == 0)
		r = memcg_usage_read(&guard->memcg, &out->usage);
	out->has_pressure = memcg_pressure_all(&guard->memcg, &pressure) == 0;
	out->pressure_us = pressure.full.total_us;
	out->pressure_centi = (int32_t)(pressure.full.avg10 * 100 + 0.5);
	return r;
}
