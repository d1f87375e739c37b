/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A memory cgroup of the test's own, where this runs as root and the kernel lets it be made. Made
 * by an unchecked fixture, before the test forks, so that it is removed when the test fails too.
 */
#pragma once

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cgroup.h"
#include "cleanup.h"

struct real_cgroup {
	const char *why_not; /* none can be made here; NULL: it was made */
	char dir[512];
	struct cgroup_mounts mounts;
	int procfd;
};

static inline void real_cgroup_make(struct real_cgroup *box)
{
	enum cgroup_version version;
	cleanup_close int root = -1, made = -1;
	cleanup_free char *dir = NULL;

	box->why_not = "no memory cgroups that can be written";
	box->procfd = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (geteuid() != 0 || cgroup_mounts_read(box->procfd, &box->mounts, NULL) < 0 ||
	    cgroup_memory_version(&box->mounts, &version) < 0)
		return;
	root = cgroup_open(&box->mounts, version == CGROUP_V1 ? "memory" : NULL, "/", &dir, NULL);
	if (root < 0)
		return;
	snprintf(box->dir, sizeof(box->dir), "%s/oomguard-test-cgroup-%d", dir, getpid());
	if (mkdir(box->dir, 0755) < 0)
		return;
	made = open(box->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (faccessat(made, version == CGROUP_V1 ? "memory.oom_control" : "memory.max", F_OK, 0) ==
	    0)
		box->why_not = NULL;
	else
		rmdir(box->dir);
}

static inline int real_cgroup_enter(const struct real_cgroup *box, pid_t pid)
{
	cleanup_close int dir = open(box->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	char text[16];

	snprintf(text, sizeof(text), "%d", pid);
	return cgroup_write(dir, "cgroup.procs", text);
}

static inline void real_cgroup_remove(struct real_cgroup *box)
{
	/* Its processes die with the test; the cgroup can go when the last one is gone. */
	for (int i = 0; !box->why_not && i < 1000 && rmdir(box->dir) < 0 && errno == EBUSY; i++)
		usleep(10000);
	cgroup_mounts_free(&box->mounts);
	cleanup_closep(&box->procfd);
}
