/* SPDX-License-Identifier: Apache-2.0 */
/*
 * settings.emptyOnExit: page cache that stays charged keeps a removed memory cgroup alive, and a
 * host has room for 65535 of them on v1. So the cgroup of a container whose last process is gone is
 * emptied while it still stands: v1 memory.force_empty, v2 memory.reclaim (6.1).
 *
 * Both writes block until the kernel is done, and a removal of the cgroup waits for them. A timer's
 * signal ends each after EMPTY_SLICE_MS (the kernel looks for signals between its rounds), and the
 * whole after EMPTY_DEADLINE_MS. Where there is little to let go, a runtime that removes the cgroup
 * at once is not held up at all: it goes first. The caller gives up every lock before it comes here.
 */
#pragma once

#include <stdint.h>

#include "memcg.h"

#define EMPTY_SLICE_MS 100
#define EMPTY_DEADLINE_MS 1000

/*
 * Returns how many bytes were let go; 0 also when a process is in it or it is gone. Takes SIGALRM
 * and the real-time timer for itself. No allocation.
 */
uint64_t empty_cgroup(const struct memcg *memcg);
