/* SPDX-License-Identifier: Apache-2.0 */
/*
 * While memory is tight: what wakes the shim then, the samples, the verdicts (stall.h, near.h) and
 * what follows from them.
 *
 * v1: usage thresholds at three quarters, at onNearLimit.at and just below the limit, which fire on
 * both crossings; far below the limit nothing wakes us. v2 has no thresholds: a PSI trigger for
 * onStall.pressure, and a look at usage at a distance that shrinks the closer it is
 * (near_pace_ms(), timeline_pace_ms()). Each look near the limit becomes a sample of the timeline.
 *
 * A container full of page cache makes the kernel tell us of each reclaim on v2 (memory.events
 * "max"). After such a wake-up memory.events is left alone until the next slow look, and the
 * kernel's log is listened to instead, so that an OOM in between is still seen at once.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "near.h"
#include "stall.h"
#include "timeline.h"
#include "victim.h"

struct guard;

/* The limit that a raised one is to go back to. */
struct owed_limit {
	uint64_t limit; /* 0: nothing is owed */
	uint64_t memsw; /* v1; MEMCG_NO_LIMIT: leave it */
};

struct tight {
	struct owed_limit owed;
	enum stall_kind unresolved; /* a stall that the ladder did not end */
	struct stall_sample unresolved_from;
	struct stall_watch stall;
	struct near_watch near;
	struct timeline_pace pace;
	struct victim_rules rules;
	int thresholds;	    /* v1: eventfd, -1 none */
	uint64_t limit;	    /* the thresholds were made for; 0: none were yet */
	int pressure;	    /* v2: memory.pressure with a trigger, -1 none */
	int pids;	    /* pids.events, -1 none */
	uint64_t next_ms;   /* CLOCK_MONOTONIC of the next look; 0: none is due */
	uint64_t crossings; /* threshold events since the last slow look */
	bool dancing;	    /* too many of them: the thresholds are shut */
	bool first_aid;	    /* the killer was switched on already, and it is to be told */
	bool reclaim_muted; /* memory.events is out of the epoll set */
};

/* What the policy says of victims; nothing of the container is read yet. */
int tight_open(struct guard *guard, struct error *err);
/*
 * Opens what wakes us; what the kernel lacks is done without and told. The first look, with v1's
 * thresholds, may follow a second later.
 */
void tight_arm(struct guard *guard);

/* How long the loop may sleep: -1 for ever. */
int tight_timeout_ms(const struct guard *guard);

/*
 * Looks if it is time or something woke us (`events` of watch_event); acts. True when the container
 * was killed and nothing is left to watch.
 */
bool tight_step(struct guard *guard, int events);
