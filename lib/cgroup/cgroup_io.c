/* SPDX-License-Identifier: Apache-2.0 */
/* The hot half of cgroup.h: reads, writes and walks without allocation and without messages. */
#include "cgroup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "cleanup.h"
#include "read_all.h"

/*
 * Opens a file of a cgroup. In a removed directory every look-up is ENOENT; cgroup.procs is in
 * every cgroup, so when it is missing too, the cgroup itself is gone.
 */
static int open_file(int dirfd, const char *file, int flags)
{
	int fd = openat(dirfd, file, flags | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY);

	if (fd >= 0)
		return fd;
	if (errno == ENOENT && faccessat(dirfd, "cgroup.procs", F_OK, 0) < 0 && errno == ENOENT)
		return -ENODEV;
	return -errno;
}

ssize_t cgroup_read(int dirfd, const char *file, char *buf, size_t cap)
{
	cleanup_close int fd = open_file(dirfd, file, O_RDONLY);

	buf[0] = '\0';
	return fd < 0 ? fd : read_text(fd, buf, cap);
}

/* Digits up to a newline or the end; "max" is no bound. */
static int parse_u64(const char *text, uint64_t *out)
{
	uint64_t value = 0;

	if (strncmp(text, "max", 3) == 0 && (!text[3] || text[3] == '\n')) {
		*out = UINT64_MAX;
		return 0;
	}
	if (*text < '0' || *text > '9')
		return -EINVAL;
	for (; *text >= '0' && *text <= '9'; text++)
		if (__builtin_mul_overflow(value, 10, &value) ||
		    __builtin_add_overflow(value, (uint64_t)(*text - '0'), &value))
			return -ERANGE;
	if (*text && *text != '\n')
		return -EINVAL;
	*out = value;
	return 0;
}

int cgroup_read_u64(int dirfd, const char *file, uint64_t *out)
{
	char text[64];
	ssize_t len = cgroup_read(dirfd, file, text, sizeof(text));

	return len < 0 ? (int)len : parse_u64(text, out);
}

int cgroup_text_u64(const char *text, const char *key, uint64_t *out)
{
	size_t len = strlen(key);

	while (*text) {
		if (strncmp(text, key, len) == 0 && text[len] == ' ')
			return parse_u64(text + len + 1, out);
		text += strcspn(text, "\n");
		text += *text == '\n';
	}
	return -ENODATA;
}

int cgroup_write(int dirfd, const char *file, const char *text)
{
	cleanup_close int fd = open_file(dirfd, file, O_WRONLY | O_TRUNC);
	size_t len = strlen(text);
	ssize_t n;

	if (fd < 0)
		return fd;
	do
		n = write(fd, text, len);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	return (size_t)n == len ? 0 : -EIO;
}

typedef int visitor(int dirfd, void *context);

static int walk_children(int dirfd, unsigned depth, visitor *visit, void *context);

static int walk_child(int parent, const char *name, unsigned depth, visitor *visit, void *context)
{
	cleanup_close int fd =
	    openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	int r;

	if (fd < 0)
		return errno == ENOENT || errno == ENODEV || errno == ENOTDIR ? 0 : -errno;
	r = visit(fd, context);
	if (r || depth + 1 >= CGROUP_DEPTH_MAX)
		return r;
	r = walk_children(fd, depth + 1, visit, context);
	return r == -ENODEV ? 0 : r;
}

/*
 * No cgroup below it: a directory has two links of its own and one from each directory in it
 * (fs/kernfs/inode.c, kernfs_refresh_inode()). A removed one still has two, but no files. Listing
 * the files takes ten times as long.
 */
static bool is_leaf(int dirfd)
{
	struct stat st;

	return fstat(dirfd, &st) == 0 && st.st_nlink == 2 &&
	       faccessat(dirfd, "cgroup.procs", F_OK, 0) == 0;
}

/* `dirfd` is opened for this walk alone, so that nobody else moves its position. */
static int walk_children(int dirfd, unsigned depth, visitor *visit, void *context)
{
	char buf[2048] __attribute__((aligned(8)));

	if (is_leaf(dirfd))
		return 0;
	for (;;) {
		long len = syscall(SYS_getdents64, dirfd, buf, sizeof(buf));

		if (len < 0)
			return errno == ENOENT ? -ENODEV : -errno;
		if (len == 0)
			return 0;
		for (long at = 0; at < len;) {
			const struct dirent64 *entry = (const struct dirent64 *)(buf + at);
			int r;

			at += entry->d_reclen;
			if ((entry->d_type != DT_DIR && entry->d_type != DT_UNKNOWN) ||
			    strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
				continue;
			r = walk_child(dirfd, entry->d_name, depth, visit, context);
			if (r)
				return r;
		}
	}
}

int cgroup_walk(int dirfd, int (*visit)(int dirfd, void *context), void *context)
{
	cleanup_close int fd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int r;

	if (fd < 0)
		return errno == ENOENT ? -ENODEV : -errno;
	r = visit(fd, context);
	return r ? r : walk_children(fd, 0, visit, context);
}

/* Where the process ids of a walk go. */
struct pid_list {
	pid_t *pids;
	size_t cap, len;
	bool first_only; /* stop at the first one */
};

/* Takes the ids out of one piece of the file. `*number` is a number that goes on in the next. */
static void take_pids(struct pid_list *list, const char *buf, size_t len, long *number)
{
	for (size_t i = 0; i < len; i++) {
		if (buf[i] >= '0' && buf[i] <= '9') {
			*number = *number * 10 + (buf[i] - '0');
			continue;
		}
		/* 0 stands for a process outside of our pid namespace: it has no name here. */
		if (*number > 0) {
			if (list->len < list->cap)
				list->pids[list->len] = (pid_t)*number;
			list->len++;
		}
		*number = 0;
	}
}

static int visit_procs(int dirfd, void *context)
{
	cleanup_close int fd = open_file(dirfd, "cgroup.procs", O_RDONLY);
	struct pid_list *list = context;
	char buf[4096];
	long number = 0;

	if (fd < 0)
		return fd == -ENODEV ? 0 : fd;
	for (;;) {
		ssize_t n = read(fd, buf, sizeof(buf));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EOPNOTSUPP || errno == ENODEV ? 0 : -errno;
		if (n == 0)
			return 0;
		take_pids(list, buf, (size_t)n, &number);
		if (list->first_only && list->len)
			return 1;
	}
}

ssize_t cgroup_procs(int dirfd, pid_t *pids, size_t cap)
{
	struct pid_list list = {.pids = pids, .cap = cap};
	int r = cgroup_walk(dirfd, visit_procs, &list);

	return r < 0 ? r : (ssize_t)list.len;
}

int cgroup_populated(int dirfd, enum cgroup_version version)
{
	struct pid_list list = {.first_only = true};
	char text[256];
	uint64_t populated;
	ssize_t len;
	int r;

	if (version == CGROUP_V1)
		return cgroup_walk(dirfd, visit_procs, &list);
	len = cgroup_read(dirfd, "cgroup.events", text, sizeof(text));
	if (len < 0)
		return (int)len;
	r = cgroup_text_u64(text, "populated", &populated);
	return r < 0 ? r : populated != 0;
}
