/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Starts the resident shim of one container, out of the runtime's reach, and waits for it. In
 * steps, so that the shim comes up on another processor while the hook still decides: begin, go,
 * wait.
 */
#pragma once

#include <sys/types.h>

#include "error.h"

/* A shim on its way. Both -1: none. */
struct launch {
	int go;	   /* "g" lets it begin; closed without, it leaves and has done nothing */
	int ready; /* it answers here, see ready.h */
};

#define LAUNCH_NONE ((struct launch){.go = -1, .ready = -1})

/*
 * Runs `oomguard-shim --state STATE --key KEY --pid INIT --ready-fd 3 --go-fd 4` as a process of its
 * own session with nothing of ours: standard streams on /dev/null, working directory /, an
 * environment of its own. `init` may be 0: not known. The shim opens what it leads to, and changes
 * nothing before it is told to begin.
 */
int launch_begin(const char *state, const char *key, pid_t init, struct launch *out,
		 struct error *err);
/* The plan is written: it may arm. */
int launch_go(struct launch *launch, struct error *err);
/* 0: it is armed. -ETIMEDOUT: it goes on and will be late. Else it is not there, and err says why.
 */
int launch_wait(struct launch *launch, unsigned wait_ms, struct error *err);
/* Lets go of it: one that was not told to begin leaves, any other goes on. */
void launch_close(struct launch *launch);

/* All of it for a plan that is there. */
int launch_shim(const char *state, const char *key, unsigned wait_ms, struct error *err);
