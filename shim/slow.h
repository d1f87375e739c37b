/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What may block for ever is read by a child: command lines and mappings need the mmap_lock of the
 * process they are of. The child is forked when it is needed, under the shim's own filter, holds
 * nothing but /proc, puts what it read into memory it shares with the shim, and ends. One that does
 * not get on is killed; what it hung on is passed over by another one, and a child that SIGKILL
 * does not end is left behind, to be reaped when it is gone. The shim never waits for a child, only
 * for a time.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "scene.h"

#define SLOW_LEFT_MAX 4 /* children left behind; with so many no new one is forked */

struct slow_reader {
	struct scene_slow *shared; /* NULL: there is no room for it */
	int procfd;		   /* borrowed */
	int pidfd;		   /* of the child at work, -1 none */
	pid_t pid;
	pid_t left[SLOW_LEFT_MAX]; /* killed, not yet reaped; 0 none */
	uint32_t passed_over;	   /* steps that a child hung on */
};

/* Ends a child whose reading nobody wants any more. */
void slow_drop(struct slow_reader *reader);

/* Makes the shared memory; nothing of it is touched. */
void slow_open(struct slow_reader *reader, int procfd);
void slow_close(struct slow_reader *reader);

/* Begins to read for this list. The list stays as it is until slow_finish(). */
void slow_start(struct slow_reader *reader, const struct scene *scene);

/*
 * Waits for the child, at most until end_us (CLOCK_MONOTONIC), and for no longer than stuck_us
 * without any progress on one process. The scene then refers to what was read; what is missing is
 * noted as cut. True when all was read.
 */
bool slow_finish(struct slow_reader *reader, struct scene *scene, uint64_t end_us,
		 uint64_t stuck_us);
