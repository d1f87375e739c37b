/* SPDX-License-Identifier: Apache-2.0 */
#include "memcg.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"

static const char *controller_of(enum cgroup_version version)
{
	return version == CGROUP_V1 ? "memory" : NULL;
}

static const char *last_component(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* Cuts the last component off: "/a/b" becomes "/a", "/a" becomes "". */
static void cut_component(char *path)
{
	char *slash = strrchr(path, '/');

	if (slash)
		*slash = '\0';
}

/* /…/NAME.scope/container → /…/NAME.scope. */
static void raise_to_scope(char *path)
{
	const char end[] = ".scope";
	size_t len = sizeof(end) - 1;
	char *slash = strrchr(path, '/');

	if (slash && (size_t)(slash - path) > len + 1 && memcmp(slash - len, end, len) == 0 &&
	    slash[-(ptrdiff_t)len - 1] != '/')
		*slash = '\0';
}

/*
 * The directory in the v1 freezer hierarchy. It must be the container's alone, because all that is
 * in it gets thawed: it is named like the memory cgroup.
 */
static int open_freezer(int procfd, const struct cgroup_mounts *mounts, pid_t pid,
			const char *memory_path)
{
	cleanup_free char *path = NULL;
	/* The runtimes use one path in all hierarchies; the process may be gone already. */
	const char *use = memory_path;
	int fd;

	if (pid > 0 && cgroup_path_of(procfd, pid, "freezer", &path, NULL) == 0 &&
	    strcmp(last_component(path), last_component(memory_path)) == 0)
		use = path;
	fd = cgroup_open(mounts, "freezer", use, NULL, NULL);
	return fd < 0 ? -1 : fd;
}

static int check_controller(const struct memcg *memcg, const char *name, struct error *err)
{
	const char *file = memcg->version == CGROUP_V1 ? "memory.oom_control" : "memory.events";

	if (faccessat(memcg->dirfd, file, F_OK, 0) == 0)
		return 0;
	return error_say(err, EOPNOTSUPP,
			 "cgroup %s has no %s: the memory controller is not enabled there", name,
			 file);
}

static int open_at(const struct cgroup_mounts *mounts, const char *path, struct memcg *out,
		   struct error *err)
{
	out->path = strdup(path);
	if (!out->path)
		return error_set(err, ENOMEM, "open memory cgroup %s", path);
	out->dirfd = cgroup_open(mounts, controller_of(out->version), path, &out->dir, err);
	if (out->dirfd < 0)
		return out->dirfd;
	return check_controller(out, path, err);
}

static int start(const struct cgroup_mounts *mounts, struct memcg *out, struct error *err)
{
	*out = (struct memcg){.dirfd = -1, .freezer = -1};
	if (cgroup_memory_version(mounts, &out->version) < 0)
		return error_say(err, ENOENT, "no cgroup hierarchy that limits memory is mounted");
	return 0;
}

int memcg_open(int procfd, const struct cgroup_mounts *mounts, pid_t pid, struct memcg *out,
	       struct error *err)
{
	cleanup_free char *path = NULL;
	int r = start(mounts, out, err);

	if (r < 0)
		return r;
	r = cgroup_path_of(procfd, pid, controller_of(out->version), &path, err);
	if (r < 0)
		return r;
	if (strcmp(path, "/") == 0)
		return error_say(err, EXDEV,
				 "process %d has no memory cgroup of its own: it is in the root",
				 pid);
	if (out->version == CGROUP_V2)
		raise_to_scope(path);
	r = open_at(mounts, path, out, err);
	if (r < 0)
		memcg_close(out);
	return r;
}

int memcg_open_path(const struct cgroup_mounts *mounts, const char *path, struct memcg *out,
		    struct error *err)
{
	int r = start(mounts, out, err);

	if (r < 0)
		return r;
	if (path[0] != '/' || !path[1])
		return error_say(err, EXDEV, "\"%s\" is no cgroup of a container", path);
	r = open_at(mounts, path, out, err);
	if (r < 0)
		memcg_close(out);
	return r;
}

void memcg_open_freezer(struct memcg *memcg, int procfd, const struct cgroup_mounts *mounts,
			pid_t pid)
{
	if (memcg->version == CGROUP_V1)
		memcg->freezer = open_freezer(procfd, mounts, pid, memcg->path);
}

int memcg_open_dir(const char *dir, enum cgroup_version version, struct memcg *out,
		   struct error *err)
{
	int r;

	*out = (struct memcg){.version = version, .freezer = -1};
	out->dirfd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (out->dirfd < 0)
		return error_set(err, errno, "open the memory cgroup %s", dir);
	out->dir = strdup(dir);
	r = out->dir ? check_controller(out, dir, err)
		     : error_set(err, ENOMEM, "open the memory cgroup %s", dir);
	if (r < 0)
		memcg_close(out);
	return r;
}

void memcg_close(struct memcg *memcg)
{
	cleanup_closep(&memcg->dirfd);
	cleanup_closep(&memcg->freezer);
	free(take_ptr(memcg->path));
	free(take_ptr(memcg->dir));
}

/* v1: the sum of oom_kill over a subtree whose top was read already. */
struct kill_sum {
	uint64_t kills;
	bool below; /* the walk has left the top */
};

static int add_oom_kills(int dirfd, void *context)
{
	struct kill_sum *sum = context;
	uint64_t kills;
	char text[256];

	if (sum->below && cgroup_read(dirfd, "memory.oom_control", text, sizeof(text)) > 0 &&
	    cgroup_text_u64(text, "oom_kill", &kills) == 0)
		sum->kills += kills;
	sum->below = true;
	return 0;
}

static bool is_one(const char *text, const char *key)
{
	uint64_t value;

	return cgroup_text_u64(text, key, &value) == 0 && value == 1;
}

/* v1: how often a charge failed, at the limit of memory or of memory and swap together. */
static uint64_t fail_count(int dirfd)
{
	uint64_t memory = 0, memsw = 0;

	cgroup_read_u64(dirfd, "memory.failcnt", &memory);
	cgroup_read_u64(dirfd, "memory.memsw.failcnt", &memsw);
	return memory + memsw;
}

static int counters_v1(const struct memcg *memcg, struct memcg_counters *out)
{
	struct kill_sum sum = {0};
	char text[256];
	ssize_t len = cgroup_read(memcg->dirfd, "memory.oom_control", text, sizeof(text));
	int r;

	if (len < 0)
		return len == -ENODEV ? -ENODEV : 0;
	out->under_oom = is_one(text, "under_oom");
	out->kill_disabled = is_one(text, "oom_kill_disable");
	out->max = fail_count(memcg->dirfd);
	out->known = cgroup_text_u64(text, "oom_kill", &sum.kills) == 0;
	if (!out->known)
		return 0;
	r = cgroup_walk(memcg->dirfd, add_oom_kills, &sum);
	if (r < 0) {
		*out = (struct memcg_counters){0};
		return r == -ENODEV ? -ENODEV : 0;
	}
	out->oom_kill = sum.kills;
	return 0;
}

static int counters_v2(const struct memcg *memcg, struct memcg_counters *out)
{
	char text[512];
	ssize_t len = cgroup_read(memcg->dirfd, "memory.events", text, sizeof(text));

	if (len < 0)
		return len == -ENODEV ? -ENODEV : 0;
	out->known = cgroup_text_u64(text, "oom_kill", &out->oom_kill) == 0;
	cgroup_text_u64(text, "oom_group_kill", &out->oom_group_kill);
	cgroup_text_u64(text, "oom", &out->oom);
	cgroup_text_u64(text, "max", &out->max);
	return 0;
}

int memcg_counters_read(const struct memcg *memcg, struct memcg_counters *out)
{
	*out = (struct memcg_counters){0};
	return memcg->version == CGROUP_V1 ? counters_v1(memcg, out) : counters_v2(memcg, out);
}

/* How often this one cgroup's own limit ran out. 0 when the kernel does not tell. */
static uint64_t own_count(enum cgroup_version version, int dirfd)
{
	char text[512];
	uint64_t count = 0;

	if (version == CGROUP_V1)
		return fail_count(dirfd);
	if (cgroup_read(dirfd, "memory.events.local", text, sizeof(text)) > 0)
		cgroup_text_u64(text, "oom", &count);
	return count;
}

int memcg_ancestors_open(const struct cgroup_mounts *mounts, const struct memcg *memcg,
			 struct memcg_ancestors *out, struct error *err)
{
	cleanup_free char *path = strdup(memcg->path);

	*out = (struct memcg_ancestors){.version = memcg->version};
	if (!path)
		return error_set(err, ENOMEM, "open the cgroups above %s", memcg->path);
	for (cut_component(path); *path && out->len < MEMCG_ANCESTORS_MAX; cut_component(path)) {
		int fd = cgroup_open(mounts, controller_of(memcg->version), path, NULL, NULL);

		if (fd == -ENOENT)
			return 0;
		if (fd < 0) {
			memcg_ancestors_close(out);
			return error_set(err, -fd, "open cgroup %s above %s", path, memcg->path);
		}
		out->dirfd[out->len] = fd;
		out->baseline[out->len] = own_count(out->version, fd);
		out->len++;
	}
	return 0;
}

void memcg_ancestors_close(struct memcg_ancestors *ancestors)
{
	for (size_t i = 0; i < ancestors->len; i++)
		cleanup_closep(&ancestors->dirfd[i]);
	ancestors->len = 0;
}

int memcg_ancestors_hit(const struct memcg_ancestors *ancestors)
{
	for (size_t i = 0; i < ancestors->len; i++)
		if (own_count(ancestors->version, ancestors->dirfd[i]) > ancestors->baseline[i])
			return (int)i;
	return -1;
}

void memcg_ancestors_rebase(struct memcg_ancestors *ancestors)
{
	for (size_t i = 0; i < ancestors->len; i++)
		ancestors->baseline[i] = own_count(ancestors->version, ancestors->dirfd[i]);
}
