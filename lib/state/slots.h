/* SPDX-License-Identifier: Apache-2.0 */
/* The host's restart slots: at most host.maxConcurrentRestarts restarts at the same time. */
#pragma once

#include "state.h"

/* Takes a free slot of `count` without waiting. Returns the fd that holds it, -EWOULDBLOCK. */
int slot_take(const struct state_root *root, unsigned count);
