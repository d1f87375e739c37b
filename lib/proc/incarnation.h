/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One incarnation of a container, the plan's, and who works on it: does its init live, is its shim
 * just restarting it? A pid alone never tells, so boot and start time are compared too.
 */
#pragma once

#include <stdbool.h>

#include "plan.h"
#include "status.h"

/* The plan's init is alive: the same boot, pid and start time, and no zombie. */
bool init_lives(int procfd, const struct plan *plan);

/* A pidfd of the shim that the status names, if that process lives. -ESRCH. */
int shim_open(int procfd, const struct shim_status *status);

/* The status is about the plan's incarnation. */
bool status_is_of(const struct shim_status *status, const struct plan *plan);

/*
 * A pidfd of the shim that runs the container again just now, for which it gave shim.lock up; with
 * a plan, only if it is of that incarnation. -ESRCH: none does.
 */
int shim_open_restarting(int procfd, int container_dir, const struct plan *plan);
