/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Init and workload scored apart. The hook gave the init the workload's oom_score_adj, which every
 * child copies at fork; once the first child exists, the init gets its own, and processes named in
 * settings.oomScoreAdj.rules get theirs.
 *
 * The first child is waited for at growing distances in the container's first minute only; after
 * that it is looked for when something else wakes the shim.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "memcg.h"
#include "plan.h"
#include "settings.h"

struct score_guard {
	struct score_matcher *matcher;	    /* owned; NULL: the policy has no say on scores */
	bool init_set;			    /* the init has its own score by now */
	uint64_t next_ms, delay_ms, end_ms; /* CLOCK_MONOTONIC; next_ms 0: not waiting */
};

/* `profile` must outlive it. */
int score_open(struct score_guard *scores, const struct plan *plan, const struct profile *profile,
	       struct error *err);
void score_close(struct score_guard *scores);

/* How long the loop may sleep because of this: -1 for ever. */
int score_timeout_ms(const struct score_guard *scores);

/* Looks if it is time, and sets what is due. True when *out has something to tell. */
bool score_step(struct score_guard *scores, const struct memcg *memcg, int procfd, pid_t init,
		pid_t *pids, size_t pids_cap, struct settings_results *out);

/* Sets all scores now, whatever the time. False: nothing is wanted, or nothing had to be written.
 */
bool score_all(struct score_guard *scores, const struct memcg *memcg, int procfd, pid_t init,
	       pid_t *pids, size_t pids_cap, struct settings_results *out);
