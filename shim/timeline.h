/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The container's way to the limit: samples in a ring, taken from the looks that tight.c takes
 * anyway, and from some of its own that come the faster the closer the limit is. What the page
 * cache fills is no way to the limit. Pure, but for the ring.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "scene.h"
#include "stall.h"

/* v1: a threshold there starts the looks; below it nobody is woken. */
#define TIMELINE_FROM_PER_MILLE 750

/* What the pace depends on. All zero: nothing yet. */
struct timeline_pace {
	uint64_t need; /* bytes at the last look that nobody can take back */
	uint32_t ms;   /* the distance then */
	bool has_need;
};

/* Is this look worth a place in the ring? Far below the limit of v1 it is not: there the ring is
 * not even touched. */
bool timeline_wants(const struct stall_sample *sample, enum cgroup_version version);

/* Takes it in, over the oldest one when the ring is full. */
void timeline_add(struct scene_timeline *timeline, const struct stall_sample *sample);

/*
 * How long the next look may wait, in ms; -1: for an event. Twice a minute while nothing grows.
 */
int timeline_pace_ms(struct timeline_pace *pace, const struct stall_sample *sample,
		     enum cgroup_version version);
