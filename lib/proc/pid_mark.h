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

struct pid_mark {
	bool known;
	pid_t last;  /* the id given last */
	uint64_t us; /* CLOCK_MONOTONIC */
};

/* Reads loadavg and sys/kernel/pid_max below procfd. Hot path. */
void pid_mark_take(int procfd, struct pid_mark *out);

/* May `pid` have been given between the two? True too when nothing tells: then look at it. */
bool pid_mark_passed(const struct pid_mark *then, const struct pid_mark *now, pid_t pid);
