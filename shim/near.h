/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Near the limit: fires once when usage or working set comes above onNearLimit.at, and again only
 * after it was below for a while. Pure.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "memcg.h"
#include "policy.h"

struct near_watch {
	bool fired;	      /* and not below since */
	uint64_t fired_at_ms; /* 0: never */
};

/* What counts, in bytes, and where it fires; MEMCG_NO_LIMIT when nothing can. */
uint64_t near_measure(const struct profile *profile, const struct memcg_usage *usage);
uint64_t near_mark(const struct profile *profile, const struct memcg_usage *usage);

/* True when the actions are due now. */
bool near_judge(struct near_watch *watch, const struct profile *profile,
		const struct memcg_usage *usage, uint64_t now_ms);

/*
 * How long the next look may wait where no event tells of the limit (v2), by how close usage is,
 * page cache left out unless the policy measures usage: twice a minute below half, then faster. -1
 * when nothing is to be looked for.
 */
int near_pace_ms(const struct profile *profile, const struct memcg_usage *usage);
