/* SPDX-License-Identifier: Apache-2.0 */
/* The child: PROGRAM with its score, its place at the terminal, and the signals we were given. */
#pragma once

#include <signal.h>
#include <sys/types.h>

#include "place.h"
#include "score.h"

/* What the runtime gave us and PROGRAM has to get unchanged. */
struct inherited_signals {
	sigset_t mask;
	struct sigaction child; /* the disposition of SIGCHLD; we change no other */
};

/* Blocks every signal and makes SIGCHLD leave zombies to wait for. Call before the fork. */
void workload_take_signals(struct inherited_signals *before);

/* Returns the child's pid or a negative errno. */
pid_t workload_start(char *const program[], const struct score *score, const struct place *place,
		     const struct inherited_signals *before);

/* Replaces this process by PROGRAM, looked up in PATH. Returns the exit status, when it fails. */
int workload_exec(char *const program[]);
