/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Control groups as a file system: where they are mounted, which one a process is in, reading and
 * writing their files through a held directory fd. Knows nothing of memory and of policy.
 *
 * Sources: cgroups(7); Documentation/admin-guide/cgroup-v1/cgroups.rst, cgroup-v2.rst.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "error.h"

#define CGROUP_MOUNTS_MAX 64 /* when there are more, the earliest are forgotten */
#define CGROUP_DEPTH_MAX 32  /* levels below a container that we look into */

/* One cgroup mount of /proc/self/mountinfo. Strings are owned. */
struct cgroup_mount {
	bool v2;
	dev_t dev;	   /* of the file system: tells a mount point that is covered by another */
	char *controllers; /* v1: super options, "rw,memory" or "rw,xattr,name=systemd"; v2: "" */
	char *point;	   /* where it is mounted */
	char *root;	   /* which cgroup of the hierarchy is seen there ("/" mostly) */
};

struct cgroup_mounts {
	struct cgroup_mount mount[CGROUP_MOUNTS_MAX];
	size_t len;
};

/* Reads self/mountinfo below procfd (an fd of /proc, or of a fake one). Later mounts win. */
int cgroup_mounts_read(int procfd, struct cgroup_mounts *out, struct error *err);
void cgroup_mounts_free(struct cgroup_mounts *mounts);

/*
 * The path of `pid` in a hierarchy, from PID/cgroup below procfd: `controller` is a v1 controller
 * ("memory", "freezer", "name=systemd") or NULL for v2. pid 0 is the caller. *out is owned.
 * -ESRCH when there is no such process, -ENOENT when it is in no such hierarchy. On v2 the kernel
 * puts " (deleted)" behind the path of a removed cgroup: ESTALE.
 */
int cgroup_path_of(int procfd, pid_t pid, const char *controller, char **out, struct error *err);

/* The same in a text of PID/cgroup. The path is `len` bytes of it; NULL: in no such hierarchy. */
const char *cgroup_text_path(const char *text, const char *controller, size_t *len);

/*
 * Opens the directory of `path` in that hierarchy: O_DIRECTORY | O_CLOEXEC. *dir (may be NULL,
 * owned) is the absolute path it was opened by. -ENOENT when no mount shows the hierarchy or the
 * path lies outside what the mount shows (a cgroup namespace).
 */
int cgroup_open(const struct cgroup_mounts *mounts, const char *controller, const char *path,
		char **dir, struct error *err);

/* Which hierarchy limits memory here: v1's "memory" if it is mounted as v1, else v2. -ENOENT. */
enum cgroup_version { CGROUP_V1 = 1, CGROUP_V2 = 2 };
int cgroup_memory_version(const struct cgroup_mounts *mounts, enum cgroup_version *out);

/*
 * Hot-path readers and writers: no allocation, no message. A negative errno comes back as it is;
 * ENODEV means that the cgroup was removed.
 */
/* Reads the whole file, at most cap-1 bytes, NUL-terminated. Returns the length. A missing file is
 * ENOENT, and ENODEV when cgroup.procs is missing too: then the cgroup is gone. */
ssize_t cgroup_read(int dirfd, const char *file, char *buf, size_t cap);
/* A file that holds one number; "max" is UINT64_MAX. */
int cgroup_read_u64(int dirfd, const char *file, uint64_t *out);
/* The number behind `key` in a flat keyed file ("oom_kill 3\n"). -ENODATA when it is not there. */
int cgroup_text_u64(const char *text, const char *key, uint64_t *out);
/* One write(2) of the whole text. */
int cgroup_write(int dirfd, const char *file, const char *text);

/*
 * Calls `visit` for the cgroup and every one below it, depth first, parents before children, at
 * most CGROUP_DEPTH_MAX levels. A cgroup that vanishes on the way is passed over; -ENODEV when it
 * is the topmost one. Stops when visit returns non-zero and returns that. No allocation.
 */
int cgroup_walk(int dirfd, int (*visit)(int dirfd, void *context), void *context);

/* All process ids of the subtree (cgroup.procs); may hold one twice when it moves meanwhile.
 * Threaded cgroups (v2, EOPNOTSUPP) are passed over: their processes stand in the domain's list.
 * Returns how many there are, which may be more than cap: then only cap were stored. */
ssize_t cgroup_procs(int dirfd, pid_t *pids, size_t cap);

/*
 * Is a process in the cgroup `path` of that hierarchy or below it? The process is held by an fd of
 * its directory in /proc, so that the answer cannot be about a later one with the same number.
 */
bool cgroup_holds(int piddir, const char *controller, const char *path);

/* 1: a process is in the subtree, 0: none, -ENODEV: the cgroup is gone. Zombies do not count. */
int cgroup_populated(int dirfd, enum cgroup_version version);
