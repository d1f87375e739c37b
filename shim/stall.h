/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Does the container stand still for want of memory? Pure: samples in, verdict and pace out.
 *
 * Usage at the limit is no stall: page cache fills any limit. What counts as progress is that pages
 * still find room (v1: pages are charged, v2: pages are reclaimed). A stall is one of:
 * - tasks wait for an OOM to end (v1 `under_oom`) for longer than onStall.after; at once when our
 *   own OOM killer is off and the policy wants it on;
 * - allocations fail at the limit (failcnt, "max"), no kill is counted and no page finds room;
 * - nobody gets on: PSI "full" (v2) above onStall.pressure, or, where there is no PSI (v1), pages
 *   are read back all the time while usage stands at the limit.
 * A frozen container never stalls.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "memcg.h"
#include "policy.h"

enum stall_kind {
	STALL_NONE,
	STALL_OOM_KILLER_OFF, /* under_oom, and the container's own killer is switched off */
	STALL_ANCESTOR,	      /* under_oom, though ours is on: the limit and its killer are above */
	STALL_NOTHING_KILLABLE, /* failing at the limit without a kill and without progress */
	STALL_PRESSURE,		/* nobody gets on */
	STALL_ZOMBIES /* zombies above onZombies.above; has an action instead of a ladder */
};

/* One reading of the container. */
struct stall_sample {
	uint64_t at_ms; /* CLOCK_MONOTONIC */
	bool frozen;
	struct memcg_counters counters;
	struct memcg_usage usage;
	bool tells_oom; /* v2: counters.oom counts each time the limit ran out, killed or not */
	bool has_pressure;
	int32_t pressure_centi; /* PSI full, of the last 10 s, in hundredths of a percent */
	uint64_t pressure_us;	/* PSI full, total */
};

/* What is remembered between samples. All zero: nothing yet. */
struct stall_watch {
	bool has_last;
	struct stall_sample last;
	uint64_t killed_at_ms;	     /* when a kill was last seen; 0: never */
	uint64_t under_oom_since_ms; /* 0: it is not */
	uint64_t stuck_since_ms;     /* failing without progress; 0: it is not */
	struct stall_sample window;  /* where the present pressure window began */
	bool in_window;
	struct stall_sample told; /* since the kernel told of pressure, of which more is to come */
	uint64_t told_rest_ms;	  /* so long it must go on; 0: nothing was told */
	bool failing;		  /* allocations failed between the last two samples */
};

/* How soon the next sample is due. */
enum stall_pace {
	PACE_REST, /* only when an event comes */
	PACE_SLOW, /* at the limit, but healthy or paused: twice a minute */
	PACE_FAST  /* something is wrong or about to be */
};
#define STALL_SLOW_MS 30000
#define STALL_FAST_MS 1000
#define STALL_FASTEST_MS 100 /* while tasks wait for an OOM to end */

/* Takes a sample; the verdict holds for it. */
enum stall_kind stall_judge(struct stall_watch *watch, const struct profile *profile,
			    const struct stall_sample *now);

/*
 * The kernel tells that the policy's share was passed in the last `window_ms`, which may be less
 * than onStall.pressure.for: the rest is measured from here by stall_judge().
 */
enum stall_kind stall_told(struct stall_watch *watch, const struct profile *profile,
			   const struct stall_sample *now, uint64_t window_ms);

/*
 * The kernel kills, so something is done about it: no pressure is a stall then. Within the policy's
 * window before the sample.
 */
bool stall_kills_lately(const struct stall_watch *watch, const struct profile *profile,
			const struct stall_sample *now);

/* Where the watch is at after the last sample, and the distance to the next one (-1: none). */
enum stall_pace stall_pace(const struct stall_watch *watch);
int stall_pace_ms(const struct stall_watch *watch);

/* Did it get better between two samples? What each kind of stall is measured by. */
bool stall_helped(enum stall_kind kind, const struct stall_sample *before,
		  const struct stall_sample *now);

/* Usage stands at the limit: less than 2 % of it, at least 64 KiB, is left. */
bool stall_at_limit(const struct memcg_usage *usage);

/* "oom-killer-off", "ancestor", "nothing-killable", "pressure", "zombies"; the incident's and
 * journal's word.
 */
const char *stall_kind_name(enum stall_kind kind);
