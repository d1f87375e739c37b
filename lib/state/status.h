/* SPDX-License-Identifier: Apache-2.0 */
/* What the shim says of itself in status.json, for the CLI and for our own hooks. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "error.h"
#include "memcg.h"

enum shim_phase {
	SHIM_ARMING,
	SHIM_WATCHING,
	SHIM_ACTING,	 /* killing */
	SHIM_BACKOFF,	 /* killed; waits before the restart; the container stands `stopped` */
	SHIM_RESTARTING, /* our own delete and run are under way: poststop returns at once */
	SHIM_GAVE_UP,	 /* the budget is used up */
	SHIM_ASIDE,	 /* the kill switch is on (disabled.h): watches nothing, does nothing */
	SHIM_LEFT	 /* the container ended; the shim is gone in order */
};

/* How processes that are made later get the score they should have. */
enum score_way {
	SCORES_NOT_WANTED,  /* the policy has no say on scores */
	SCORES_FORK_EVENTS, /* the kernel tells of each fork of the init's */
	SCORES_AT_START,    /* looks in the first minute; then near the limit and after an OOM */
	SCORES_NEAR_LIMIT   /* the init forks too often to be followed: as before, later */
};

struct shim_status {
	enum shim_phase phase;
	pid_t shim_pid;
	uint64_t shim_start_ticks;
	pid_t init_pid; /* the incarnation this is about */
	uint64_t init_start_ticks;
	bool late;		    /* armed only after the hook's deadline */
	struct memcg_counters seen; /* of the cgroup's counters so much is accounted for */
	uint64_t oom_kills;	    /* counted since arming */
	uint64_t incidents;	    /* recorded since arming */
	uint64_t lost_incidents;    /* could not be written */
	unsigned restarts;	    /* of the budget: used within the window */
	uint64_t backoff_ends_ms;   /* CLOCK_REALTIME, phase BACKOFF; else 0 */
	bool init_score_set;
	enum score_way scores;
	char last_event[160];  /* in words, escaped for nothing: plain text of ours */
	char confinement[160]; /* what could not be had, by name and with why; "" nothing */
};

/* Hot path: no allocation. */
int status_write(int container_dirfd, const struct shim_status *status);
int status_read(int container_dirfd, struct shim_status *out, struct error *err);
const char *shim_phase_name(enum shim_phase phase);
/* In words, for the file and for people. */
const char *score_way_name(enum score_way way);
