/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a memory cgroup tells of a shortage beyond its counters and usage (memcg.h): where the
 * memory went, each limit from the container up, and the pressure. All in bytes, MEMCG_UNKNOWN
 * where the kernel does not tell. Hot path: no allocation.
 *
 * Sources: Documentation/admin-guide/cgroup-v1/memory.rst (5.2 stat file), cgroup-v2.rst ("Memory
 * Interface Files"), Documentation/accounting/psi.rst.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "memcg.h"

#define MEMCG_UNKNOWN (UINT64_MAX - 1)

/* Parts of usage. v1 tells only of those that are page cache, and of TCP's buffers. */
struct memcg_split {
	uint64_t active_file, mapped_file, dirty, writeback;
	uint64_t slab_reclaimable, slab_unreclaimable, kernel_stack, page_tables;
	uint64_t sock;
};

int memcg_split_read(const struct memcg *memcg, struct memcg_split *out);

/*
 * What could be given back: page cache on the lists (inactive and active), without what has to be
 * written first (dirty, under writeback), and reclaimable slab. Unknown parts count as nothing.
 */
uint64_t memcg_split_reclaimable(const struct memcg_usage *usage, const struct memcg_split *split);

/* One cgroup of the chain from the container to the root. */
struct memcg_level {
	uint64_t limit; /* MEMCG_NO_LIMIT: none */
	uint64_t usage;
	uint64_t swap_limit; /* v1: of memory and swap together; MEMCG_NO_LIMIT: none */
	uint64_t swap_usage; /* v1: memory and swap together, less memory */
	uint64_t high;	     /* v2: memory.high, MEMCG_NO_LIMIT: none */
	uint64_t failcnt;    /* v1: failcnt; v2: memory.events.local "max", else memory.events */
	bool has_under_oom;  /* v1 */
	bool under_oom;
};

#define MEMCG_LEVELS_MAX (MEMCG_ANCESTORS_MAX + 1)

/* The container first. Stops at the first one that cannot be read. Returns how many there are. */
size_t memcg_levels_read(const struct memcg *memcg, const struct memcg_ancestors *ancestors,
			 struct memcg_level out[static MEMCG_LEVELS_MAX]);

struct memcg_pressure_line {
	double avg10, avg60, avg300; /* percent of time */
	uint64_t total_us;
};

struct memcg_pressure {
	struct memcg_pressure_line some, full;
};

/* memory.pressure. -ENOENT on v1, -EOPNOTSUPP when PSI is switched off, -ENODATA when garbled. */
int memcg_pressure_all(const struct memcg *memcg, struct memcg_pressure *out);
