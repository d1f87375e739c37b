/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which process ids may have been given anew since a moment.
 *
 * The kernel gives ids in ascending order and begins again behind the highest (alloc_pid() in
 * kernel/pid.c), and it tells the one given last (proc(5), /proc/loadavg). So an id that was listed
 * and is opened a little later can only be a stranger's when the order has passed it in between.
 * That is one question for many ids, where the cgroup of each costs more than setting its score.
 *
 * Only who restores a checkpoint with the host's own rights can choose an id (clone3(2), set_tid).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct pid_marks {
	bool known;
	pid_t first, last; /* the ids given last: at the beginning, and at the latest look */
	uint64_t us;	   /* CLOCK_MONOTONIC of that look */
	uint64_t given;	   /* ids since the beginning */
	uint64_t circle;   /* sys/kernel/pid_max: how many ids there are */
	int source;	   /* loadavg; owned */
};

/* Reads loadavg and sys/kernel/pid_max below procfd. Where they tell nothing, nothing is known. */
void pid_marks_begin(int procfd, struct pid_marks *out);
void pid_marks_end(struct pid_marks *marks);
#define cleanup_pid_marks __attribute__((cleanup(pid_marks_end)))

/* What was given until now. The next look must come soon (100 ms), or nothing is known. Hot path.
 */
void pid_marks_look(struct pid_marks *marks);
/* The same without the reading: `last` was the id given last at `us`. */
void pid_marks_note(struct pid_marks *marks, pid_t last, uint64_t us);

/* May `pid` have been given since the beginning? True too when nothing is known: then look at it.
 */
bool pid_marks_passed(const struct pid_marks *marks, pid_t pid);
