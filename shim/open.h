/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The container itself: its init, its cgroup with those above it, and the watch over both. A hook
 * that still makes the plan knows the init already, so all of it can be opened meanwhile.
 */
#pragma once

#include <sys/types.h>

#include "cgroup.h"
#include "error.h"

struct guard;

/* Before the plan is there: what this init leads to. What fails here is done again by guard_open().
 */
void guard_open_ahead(struct guard *guard, const struct cgroup_mounts *mounts, pid_t init);

/* What the plan names. Takes over what was opened ahead, if it is that. */
int guard_open(struct guard *guard, const struct cgroup_mounts *mounts, struct error *err);
