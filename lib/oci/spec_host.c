/* SPDX-License-Identifier: Apache-2.0 */
/* What a container's memory cgroup will have on this host: spec_host_read() of spec_changes.h. */
#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "cleanup.h"
#include "open_dir.h"
#include "proc.h"
#include "spec_changes.h"

#define CGROUPS "/sys/fs/cgroup"
#define LOOKS_MAX 64 /* directories below the root that are looked into */

static bool has(int dirfd, const char *file)
{
	struct stat st;

	return fstatat(dirfd, file, &st, 0) == 0;
}

/* The root of v2 has none of the files: any cgroup below it that has the memory controller. */
static int open_below(int root)
{
	cleanup_closedir DIR *dir = open_dir(root);
	struct dirent *entry;

	if (!dir)
		return -1;
	for (int looks = 0; looks < LOOKS_MAX && (entry = readdir(dir));) {
		cleanup_close int below = -1;

		if (entry->d_name[0] == '.' || entry->d_type != DT_DIR)
			continue;
		looks++;
		below = openat(root, entry->d_name, O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (below >= 0 && has(below, "memory.max"))
			return take_fd(&below);
	}
	return -1;
}

/* Our own cgroup, or the root where that is not seen. */
static int open_own(int procfd, const struct cgroup_mounts *mounts, const char *controller)
{
	cleanup_free char *path = NULL;
	int fd = -1;

	if (cgroup_path_of(procfd, 0, controller, &path, NULL) == 0)
		fd = cgroup_open(mounts, controller, path, NULL, NULL);
	return fd < 0 ? cgroup_open(mounts, controller, "/", NULL, NULL) : fd;
}

/*
 * Without the rights of the host's root a limit holds only where a memory cgroup was delegated to
 * us. `own` is our cgroup, -1: it is not seen, or has no memory controller.
 */
static bool is_rootless(int procfd, int own)
{
	if (geteuid() != 0)
		return true;
	if (own >= 0 && faccessat(own, ".", W_OK, AT_EACCESS) == 0)
		return false;
	return !proc_in_initial_userns(procfd);
}

static void look_v2(int procfd, const struct cgroup_mounts *mounts, struct spec_host *out)
{
	cleanup_close int own = open_own(procfd, mounts, NULL);
	cleanup_close int root = cgroup_open(mounts, NULL, "/", NULL, NULL);
	cleanup_close int below = root < 0 ? -1 : open_below(root);
	bool in_own = own >= 0 && has(own, "memory.max");
	int look = in_own ? own : below;

	out->rootless = is_rootless(procfd, in_own ? own : -1);
	if (look < 0)
		return;
	out->swap = has(look, "memory.swap.max");
	out->oom_group = has(look, "memory.oom.group");
}

static void look_v1(int procfd, const struct cgroup_mounts *mounts, struct spec_host *out)
{
	cleanup_close int own = open_own(procfd, mounts, "memory");

	out->rootless = is_rootless(procfd, own);
	out->swap = own >= 0 && has(own, "memory.memsw.limit_in_bytes");
}

void spec_host_read(int procfd, struct spec_host *out)
{
	struct cgroup_mounts mounts = {0};
	enum cgroup_version version;
	struct statfs fs;

	*out = (struct spec_host){.page_size = (uint64_t)sysconf(_SC_PAGESIZE)};
	if (cgroup_mounts_read(procfd, &mounts, NULL) == 0 &&
	    cgroup_memory_version(&mounts, &version) == 0) {
		out->known = true;
		if (version == CGROUP_V2)
			look_v2(procfd, &mounts, out);
		else
			look_v1(procfd, &mounts, out);
	}
	cgroup_mounts_free(&mounts);
	/* How runc and crun tell which one they work on. */
	out->unified = statfs(CGROUPS, &fs) == 0 && fs.f_type == CGROUP2_SUPER_MAGIC;
}
