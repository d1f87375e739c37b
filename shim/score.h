/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Init and workload scored apart. The hook gave the init the workload's oom_score_adj, which every
 * child copies at fork; once the first child exists, the init gets its own, and processes named in
 * settings.oomScoreAdj.rules get theirs. What the init forks later inherits the init's score and is
 * corrected.
 *
 * Where the kernel tells of the init's forks, the shim acts at each. Where it does not, the first
 * child is waited for at growing distances in the container's first minute only. Either way all
 * processes are looked at near the limit and behind an OOM: that also finds those that came by the
 * runtime's exec, and names that changed since.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "drift.h"
#include "forks.h"
#include "memcg.h"
#include "plan.h"
#include "settings.h"
#include "status.h"
#include "watch.h"

struct score_guard {
	struct score_matcher *matcher; /* owned; NULL: the policy has no say on scores */
	enum score_way way;
	struct forks forks;
	bool init_set; /* the init has its own score by now */
	/* settings.keep, of the init's own score: how often it was put back, and that it is left.
	 */
	unsigned put_back_len;
	uint64_t put_back_ms[DRIFT_PUT_BACK_MAX];
	bool left;
	/* CLOCK_MONOTONIC; next_ms 0: not waiting */
	uint64_t open_ms, next_ms, delay_ms, end_ms;
};

/* `profile` must outlive it. */
int score_open(struct score_guard *scores, const struct plan *plan, const struct profile *profile,
	       struct error *err);
/* For tests: what a shim holds goes with it. */
void score_close(struct score_guard *scores);

/* Has the kernel tell of the init's forks, where it does; while CAP_NET_ADMIN is still there. */
void score_listen(struct score_guard *scores, struct watch *watch, pid_t init);

/* How long the loop may sleep because of this: -1 for ever. */
int score_timeout_ms(const struct score_guard *scores);

/* Looks if it is time, and sets what is due. True when *out has something to tell. */
bool score_step(struct score_guard *scores, const struct memcg *memcg, int procfd, pid_t init,
		pid_t *pids, size_t pids_cap, struct settings_results *out);

/* After WATCH_FORK. A child that was corrected is nothing to tell; the init's own score is. */
bool score_forked(struct score_guard *scores, struct watch *watch, const struct memcg *memcg,
		  int procfd, pid_t init, pid_t *pids, size_t pids_cap,
		  struct settings_results *out);

/* Sets all scores now, whatever the time. False: nothing is wanted, or nothing had to be written.
 */
bool score_all(struct score_guard *scores, const struct memcg *memcg, int procfd, pid_t init,
	       pid_t *pids, size_t pids_cap, struct settings_results *out);

/*
 * settings.keep for the init's own score: nothing tells of a write to it, so it is looked at
 * when something else wakes the shim. What somebody else wrote is put back.
 * True when *out has something to tell. Scores of other processes are looked after by score_all().
 */
bool score_keep(struct score_guard *scores, const struct memcg *memcg, int procfd, pid_t init,
		uint64_t now_ms, struct settings_results *out);
