/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The memory cgroup of one container: its counters, limits and usage on v1 and v2.
 *
 * Sources: Documentation/admin-guide/cgroup-v1/memory.rst (5.1 memory.stat, 10 OOM control),
 * cgroup-v2.rst ("Memory Interface Files").
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "cgroup.h"

#define MEMCG_NO_LIMIT UINT64_MAX
#define MEMCG_ANCESTORS_MAX 16

struct memcg {
	enum cgroup_version version;
	int dirfd;   /* the container's directory */
	int freezer; /* v1: directory in the freezer hierarchy, if the container has its own, else
			-1 */
	char *path;  /* in its hierarchy; owned */
	char *dir;   /* absolute path of dirfd; owned */
};

/*
 * Finds and opens the memory cgroup of `pid`. Refuses (EXDEV) the root of the hierarchy, and
 * (EOPNOTSUPP) a cgroup without the memory controller. On v2 a cgroup directly below a systemd
 * scope stands for the scope: crun puts the init into SCOPE/container and the limit on SCOPE.
 * The freezer's directory is not looked for.
 */
int memcg_open(int procfd, const struct cgroup_mounts *mounts, pid_t pid, struct memcg *out,
	       struct error *err);
/* The same for a recorded path, taken as it is, when the process is gone or the shim starts again.
 */
int memcg_open_path(const struct cgroup_mounts *mounts, const char *path, struct memcg *out,
		    struct error *err);
/* v1: looks for the container's directory in the freezer hierarchy. `pid` may be 0 or gone, and
 * only helps. */
void memcg_open_freezer(struct memcg *memcg, int procfd, const struct cgroup_mounts *mounts,
			pid_t pid);
/*
 * A recorded directory, where the mounts are known to be the same: without its path in the
 * hierarchy (NULL) and without the freezer's directory, for settings and counters.
 */
int memcg_open_dir(const char *dir, enum cgroup_version version, struct memcg *out,
		   struct error *err);
void memcg_close(struct memcg *memcg);

/*
 * Cumulative counters since the cgroup was made. On v1 `oom_kill` is the sum over the subtree
 * (memory.oom_control is not hierarchical), on v2 the hierarchical memory.events. The v1 sum falls
 * when a child cgroup is removed: keep the last reading, not only the first one.
 */
struct memcg_counters {
	bool known; /* false: the file could not be read or has no oom_kill (v1 < 4.13) */
	uint64_t oom_kill;
	uint64_t oom_group_kill; /* v2 since 5.17 */
	uint64_t oom;		 /* v2: how often this subtree's own limit ran out; v1: 0 */
	uint64_t max;		 /* v2 events "max"; v1 failcnt + memsw.failcnt of the own cgroup */
	bool under_oom;		 /* v1 */
	bool kill_disabled;	 /* v1 oom_kill_disable */
};
/* Hot path. 0, or -ENODEV when the cgroup is gone (counters then are unknown). */
int memcg_counters_read(const struct memcg *memcg, struct memcg_counters *out);

/*
 * Of the ancestors: how often each one's own limit ran out (v2 memory.events.local "oom", v1
 * failcnt + memsw.failcnt, which also rise when reclaim helped), nearest first, the root left out.
 * Fds are held from the arming on. Those that no mount shows (a cgroup namespace) are left out.
 */
struct memcg_ancestors {
	enum cgroup_version version;
	size_t len;
	int dirfd[MEMCG_ANCESTORS_MAX];
	uint64_t baseline[MEMCG_ANCESTORS_MAX];
};
int memcg_ancestors_open(const struct cgroup_mounts *mounts, const struct memcg *memcg,
			 struct memcg_ancestors *out, struct error *err);
void memcg_ancestors_close(struct memcg_ancestors *ancestors);
/* Index of the nearest ancestor whose count rose above its baseline, or -1. Hot path. */
int memcg_ancestors_hit(const struct memcg_ancestors *ancestors);
/* Takes the counts of now as the baseline: the event before was accounted for. Hot path. */
void memcg_ancestors_rebase(struct memcg_ancestors *ancestors);

/* Usage and limits in bytes; MEMCG_NO_LIMIT where there is none or the kernel has no such file. */
struct memcg_usage {
	uint64_t usage, limit;
	uint64_t swap_usage; /* v1: memsw - memory; v2: memory.swap.current; 0 when unknown */
	uint64_t swap_limit; /* beyond the limit: v1 memsw.limit - limit, v2 memory.swap.max */
	bool has_swap_files; /* the kernel accounts swap here */
	uint64_t peak;	     /* highest usage; 0 when the kernel does not tell */
	uint64_t anon, file, inactive_file, shmem,
	    kernel;	      /* memory.stat; v1: total_*, kmem usage */
	uint64_t active_file; /* with inactive_file: the page cache, without shmem */
	/*
	 * Pages that found room since the cgroup was made: v1 pgpgin (charged), v2 pgsteal
	 * (reclaimed). At the limit nothing gets on while this stands still.
	 */
	uint64_t progress;
	uint64_t major_faults; /* pages that had to be read back: pgmajfault */
};
int memcg_usage_read(const struct memcg *memcg, struct memcg_usage *out);
/* Only usage, limit and swap: memory.stat makes the kernel add up the counts of all processors. */
int memcg_limits_read(const struct memcg *memcg, struct memcg_usage *out);

/* Page cache: what the kernel can take back without swap. */
static inline uint64_t memcg_reclaimable(const struct memcg_usage *usage)
{
	return usage->inactive_file + usage->active_file;
}

/* Usage without the page cache: what nothing but swap or an end gives back. */
static inline uint64_t memcg_held(const struct memcg_usage *usage)
{
	uint64_t cache = memcg_reclaimable(usage);

	return usage->usage > cache ? usage->usage - cache : 0;
}

/* What is needed: usage without the page cache that was not used lately. */
static inline uint64_t memcg_working_set(const struct memcg_usage *usage)
{
	return usage->usage > usage->inactive_file ? usage->usage - usage->inactive_file : 0;
}

/* 1: all tasks are frozen (paused), 0: not, or it cannot be told. Hot path. */
int memcg_frozen(const struct memcg *memcg);

/*
 * v1: has the eventfd told of OOMs at the limit of this cgroup or of one above it (cgroup-v1/
 * memory.rst, 10). The kernel takes its own reference: nothing else need stay open.
 */
int memcg_oom_event(int dirfd, int eventfd);

/*
 * Has the eventfd told when usage crosses `bytes`, upwards and downwards (cgroup-v1/memory.rst, 9
 * "Memory thresholds"). -EOPNOTSUPP on v2.
 */
int memcg_threshold(const struct memcg *memcg, int eventfd, uint64_t bytes);
