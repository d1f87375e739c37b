/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The shim makes itself small and safe: a cgroup of its own kind, a low OOM score, few
 * capabilities, few system calls, memory that stays in.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "cgroup.h"
#include "error.h"
#include "policy.h"

/*
 * Moves the calling process into the cgroup that all shims share, in every hierarchy where it is
 * not at the top: out of the container's and the caller's, so that neither takes it along.
 * Under systemd that is below the delegated oomguard.service, else /oomguard.
 */
int confine_cgroup(int procfd, const struct cgroup_mounts *mounts, struct error *err);

/* What the shim must still be able to do later. */
struct confine_needs {
	bool scores;	     /* lower oom_score_adj of the container's processes */
	bool foreign_cgroup; /* the container's cgroup files belong to another user */
};

/*
 * oom_score_adj -999, capabilities, seccomp: whatever can be had. The names of those that could not
 * are added to `missing`, which stays "" when all could.
 */
void confine_self(int procfd, const struct confine_needs *needs, char *missing, size_t cap);

/* Adds a name to `missing` where `r` is a negative errno, with its words. */
void confine_missing(char *missing, size_t cap, const char *name, int r);

/*
 * Locks what memory is there and what is touched later. Last of all: locked pages cannot be given
 * back any more.
 */
int confine_memory(void);

/* The parts, for tests. */
int confine_capabilities(const struct confine_needs *needs);
int confine_system_calls(void);
