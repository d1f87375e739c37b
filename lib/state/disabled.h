/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kill switch. While a file `disabled` exists, every program of oomguard on this host steps
 * aside: the hook and the wrapper let containers pass as if they were not there, shims watch on and
 * do nothing, nothing is started. Two places are looked at:
 *
 *   SYSCONFDIR/oomguard/disabled   for the host, until somebody removes it
 *   STATE_ROOT/disabled            for what has its state there, gone at boot with the state; the
 *                                  switch of a user who runs containers without root
 *
 * What the file is or holds does not matter, a dangling symbolic link counts too. A place that
 * cannot be looked at (EACCES) switches nothing off: guarding goes on.
 */
#pragma once

#include <limits.h>
#include <stdbool.h>

#include "state.h"

#define DISABLED_NAME "disabled" /* in the state root */

/* Is it switched off? STATE_ROOT is an open directory, -1 none; `host_file` NULL: only that one is
 * looked at. Two system calls at most, no allocation: for the shim. */
bool disabled_at(const char *host_file, int state_root);

/*
 * Is it switched off? `state_root` is a path; NULL: the one this user's programs use by default
 * (see state_root_open()). The file that does it is put into `file`, for people; "" when none does.
 */
bool disabled(const char *state_root, char file[static PATH_MAX]);
/* The same for who has the paths (state_root_paths()). */
bool disabled_by(const struct state_root *root, char file[static PATH_MAX]);
