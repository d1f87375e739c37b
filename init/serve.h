/* SPDX-License-Identifier: Apache-2.0 */
/* The rest of the init's life: forward signals, reap, and end as the workload ended. */
#pragma once

#include <sys/types.h>

#include "place.h"

/*
 * All signals are blocked. Sleeps until one comes; nothing else wakes it. Returns the workload's
 * exit status, 128 + N when signal N killed it.
 */
int serve(pid_t workload, const struct place *place);
