/* SPDX-License-Identifier: Apache-2.0 */
/* Starts the resident shim of one container, out of the runtime's reach, and waits for it. */
#pragma once

#include "error.h"

/*
 * Runs `oomguard-shim --state STATE --key KEY --ready-fd 3` as a process of its own session with
 * nothing of ours: standard streams on /dev/null, working directory /, an empty environment.
 * 0: it is armed. -ETIMEDOUT: it goes on and will be late. Else it is not there, and err says why.
 */
int launch_shim(const char *state, const char *key, unsigned wait_ms, struct error *err);
