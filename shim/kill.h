/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ending a container: the policy's signal to its init, a grace, then SIGKILL to every process of
 * its cgroup and those below, until the cgroup is verified empty or a deadline passes.
 *
 * Each process is signalled through a pidfd, after it was seen in the cgroup with that pidfd
 * already open: a pid that was reused in between is never hit.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "incident.h"
#include "memcg.h"

#define KILL_DEADLINE_MS 10000 /* after the grace, for the cgroup to become empty */
#define KILL_PIDS_MAX 16384    /* listed at a time; more take more rounds */

/* What is killed, and the memory for it, all made before. */
struct kill_target {
	const struct memcg *memcg;
	int procfd;
	int init_pidfd;
	pid_t init;		/* its number, only to know it in a list */
	const char *controller; /* "memory" on v1, NULL on v2: whose path in PID/cgroup counts */
	pid_t *pids;		/* KILL_PIDS_MAX, for the lists */
	int signal;		/* the first one, to the init */
	uint64_t grace_ms;	/* between it and SIGKILL to all */
	/* Asked between steps; true ends the waiting early (the shim was told to leave). */
	bool (*interrupted)(void *context);
	/* Called once the first signal is out: what is to be recorded before the waiting. `error`
	 * is what came of the signal: 0 or a negative errno. */
	void (*after_first_signal)(void *context, int error);
	void *context;
};

struct kill_result {
	/* Processes that SIGKILL went to, none counted twice: as many as were seen at once, so that
	 * those that die with their init count too. */
	unsigned signalled;
	int first_error; /* of the first signal, to the init */
	bool init_only;	 /* kill_init(): nothing is known of the others */
	bool empty;	 /* verified: no process is left */
	bool interrupted;
	uint64_t first_signal_us; /* from the call on */
	uint64_t empty_ms;	  /* from the call on; when `empty` */
	struct incident_left left[INCIDENT_LEFT_MAX];
	size_t left_len;
};

/* Verified: no process is in the cgroup or below, or the cgroup is gone. */
bool kill_nobody_left(const struct memcg *memcg);

/* Hot path: no allocation. */
void kill_container(const struct kill_target *target, struct kill_result *out);

/* One process, if it still is a member once its pidfd is open. */
bool signal_member(const struct kill_target *target, pid_t pid, int signal);

/* Only the init, with SIGKILL whatever the policy's signal is: its manager then sees the exit and
 * acts. `empty` then means that the init has exited. */
void kill_init(const struct kill_target *target, struct kill_result *out);
