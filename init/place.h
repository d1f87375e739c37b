/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the workload stands towards the terminal; see credentials(7), "Process groups and
 * sessions".
 *
 * A container's init leads its session, and nobody above it does job control. The workload then
 * gets a process group of its own, in the foreground when the init was: the keyboard's signals
 * reach it directly, and its kill(0, ...) does not reach the init. Started from a shell's command
 * line, init and workload stay in the one group the shell handles as a job.
 */
#pragma once

#include <stdbool.h>

struct place {
	bool shared;	 /* the workload stays in the init's group */
	int terminal;	 /* which of fds 0 to 2 is our controlling terminal; -1: none */
	bool foreground; /* our group is the terminal's foreground group */
};

struct place place_look(void);

/* In the child, with SIGTTOU blocked. */
void place_take(const struct place *place);
