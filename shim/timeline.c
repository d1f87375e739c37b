/* SPDX-License-Identifier: Apache-2.0 */
#include "timeline.h"

#define FAR_MS 30000
#define GROWTH_SHARE 512 /* less than one in so many of the limit between two looks is no growth   \
			  */

static const struct {
	unsigned from_per_mille;
	uint32_t ms;
} steps[] = {{950, 250}, {900, 1000}, {750, 5000}, {500, 15000}};

static uint32_t kib(uint64_t bytes)
{
	return bytes / 1024 > UINT32_MAX ? UINT32_MAX : (uint32_t)(bytes / 1024);
}

static unsigned per_mille(uint64_t part, uint64_t whole)
{
	return whole >= 1000 ? (unsigned)(part / (whole / 1000)) : 0;
}

bool timeline_wants(const struct stall_sample *sample, enum cgroup_version version)
{
	const struct memcg_usage *usage = &sample->usage;

	if (usage->limit == MEMCG_NO_LIMIT)
		return false;
	return version == CGROUP_V2 ||
	       per_mille(usage->usage, usage->limit) >= TIMELINE_FROM_PER_MILLE;
}

void timeline_add(struct scene_timeline *timeline, const struct stall_sample *sample)
{
	const struct memcg_usage *usage = &sample->usage;

	timeline->sample[timeline->next] = (struct scene_sample){
	    .at_ms = sample->at_ms,
	    .usage_kib = kib(usage->usage),
	    .anon_kib = kib(usage->anon),
	    .file_kib = kib(usage->file),
	    .shmem_kib = kib(usage->shmem),
	    .kernel_kib = kib(usage->kernel),
	    .swap_kib = kib(usage->swap_usage),
	    .pressure_centi = sample->has_pressure ? sample->pressure_centi : -1,
	};
	timeline->next = (timeline->next + 1) % SCENE_TIMELINE_MAX;
	if (timeline->len < SCENE_TIMELINE_MAX)
		timeline->len++;
}

/* By the distance to the limit alone; -1: none is needed. */
static int step_ms(uint64_t need, uint64_t limit, enum cgroup_version version)
{
	unsigned share = per_mille(need, limit);

	if (version == CGROUP_V1 && share < TIMELINE_FROM_PER_MILLE)
		return -1;
	for (unsigned i = 0; i < sizeof(steps) / sizeof(steps[0]); i++)
		if (share >= steps[i].from_per_mille)
			return (int)steps[i].ms;
	return FAR_MS;
}

int timeline_pace_ms(struct timeline_pace *pace, const struct stall_sample *sample,
		     enum cgroup_version version)
{
	const struct memcg_usage *usage = &sample->usage;
	uint64_t need = memcg_held(usage);
	bool grows = !pace->has_need || need > pace->need + usage->limit / GROWTH_SHARE;
	int ms;

	if (usage->limit == MEMCG_NO_LIMIT || sample->frozen) {
		*pace = (struct timeline_pace){0};
		return -1;
	}
	ms = step_ms(need, usage->limit, version);
	/* What stands still near its limit is looked at less and less often. */
	if (ms > 0 && !grows && pace->ms > 0)
		ms = pace->ms >= FAR_MS / 2 ? FAR_MS : (int)pace->ms * 2;
	*pace =
	    (struct timeline_pace){.has_need = true, .need = need, .ms = ms > 0 ? (uint32_t)ms : 0};
	return ms;
}
