/* SPDX-License-Identifier: Apache-2.0 */
/* The shim that works on a container: whether it restarts it just now, and its end. */
#pragma once

#include <stdbool.h>

#include "hook.h"

/*
 * The runtime that runs this hook was itself started by the helper of the shim that guards KEY: it
 * deletes the container, or runs it again, for that shim. Told by the runtime's parent process.
 */
bool shim_runs_us(const struct hook *hook, pid_t runtime, const char *key);

/*
 * The shim of just this incarnation is about to run the container again: what the runtime deletes
 * or makes now is the shim's own doing.
 */
bool shim_restarting(const struct hook *hook, int container_dir, const struct plan *plan);

/*
 * Ends the shim of the plan's incarnation, or any with plan NULL, that holds shim.lock or has given
 * it up to run the container again: SIGTERM, and SIGKILL when it does not let go; each takes at
 * most half of the time that is left. 0 when none is there any more, else -ETIMEDOUT.
 */
int shim_end(const struct hook *hook, int container_dir, const struct plan *plan);

/*
 * The same without a wait, for a shim that has nothing more to do with this container than to
 * leave: SIGTERM, and a child of ours stays behind to kill it when it does not.
 */
int shim_see_off(const struct hook *hook, int container_dir);

/*
 * SIGTERM to the shim that status.json names, and no wait. One that is still starting leaves when
 * it finds its directory or the container's init gone.
 */
void shim_dismiss(const struct hook *hook, int container_dir);
