/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Zombies of the container: each keeps about 15 KiB charged until its parent reaps it. They are not
 * listed in cgroup.procs, so they are found through the children of the processes that are.
 *
 * Nothing tells of a zombie. They are counted when memory is tight or the pids limit was hit
 * (pids.events), which is when they do harm.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "kill.h"
#include "proc.h"

#define ZOMBIE_PARENTS_MAX 8

struct zombie_parent {
	pid_t pid;
	char comm[PROC_COMM_MAX];
	unsigned zombies;
};

struct zombie_pile {
	unsigned zombies;
	struct zombie_parent parent[ZOMBIE_PARENTS_MAX]; /* those with the most, largest first */
	size_t parents_len;
};

/* Counts them. No allocation. */
void zombies_count(const struct kill_target *target, struct zombie_pile *out);

/* "620 zombies: sh (pid 12) has 600, …", escaped. Returns buf. */
const char *zombies_text(const struct zombie_pile *pile, char *buf, size_t cap);

struct guard;
struct stall_sample;

/*
 * Looks whether there are too many, once until they were fewer again; does what onZombies.action
 * says. True when nothing is left to watch.
 */
bool zombies_step(struct guard *guard, const struct stall_sample *now);
