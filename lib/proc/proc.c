/* SPDX-License-Identifier: Apache-2.0 */
#include "proc.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "cleanup.h"
#include "read_all.h"

#define PROC_PF_EXITING 0x4 /* include/linux/sched.h; part of the ABI of PID/stat */

/* Reads a small file below procfd. -ESRCH when the process is gone. */
static ssize_t read_file(int procfd, const char *name, char *buf, size_t cap)
{
	cleanup_close int fd = openat(procfd, name, O_RDONLY | O_CLOEXEC | O_NOCTTY);

	buf[0] = '\0';
	if (fd < 0)
		return errno == ENOENT ? -ESRCH : -errno;
	return read_text(fd, buf, cap);
}

ssize_t proc_file_read(int procfd, pid_t pid, const char *file, char *buf, size_t cap)
{
	char name[48];

	snprintf(name, sizeof(name), "%d/%s", pid, file);
	return read_file(procfd, name, buf, cap);
}

/*
 * Takes "PID (comm) S PPID …" apart. The name may hold anything, ") R 1" too; behind it are only
 * numbers and one letter, so the last ')' ends it.
 */
static int parse_stat(const char *text, struct proc_stat *out)
{
	const char *open = strchr(text, '('), *end = strrchr(text, ')');
	unsigned long long field[32] = {0};
	size_t len;
	char *at;

	if (!open || !end || end < open || end[1] != ' ' || !end[2])
		return -EINVAL;
	len = (size_t)(end - open - 1);
	if (len >= sizeof(out->comm))
		len = sizeof(out->comm) - 1;
	memcpy(out->comm, open + 1, len);
	out->comm[len] = '\0';
	out->pid = atoi(text);
	out->state = end[2];
	at = (char *)end + 3;
	/* Numbered as in proc(5): 4 is the parent. Negative ones (priority) wrap, none is used. */
	for (size_t i = 4; i < 32; i++) {
		char *start = at;

		field[i] = strtoull(start, &at, 10);
		if (at == start)
			return -EINVAL;
	}
	out->ppid = (pid_t)field[4];
	out->flags = (uint32_t)field[9];
	out->minor_faults = field[10];
	out->major_faults = field[12];
	out->threads = (uint32_t)field[20];
	out->start_ticks = field[22];
	out->rss_bytes = field[24] * (uint64_t)sysconf(_SC_PAGESIZE);
	out->kill_pending = field[31] & 1ULL << (SIGKILL - 1);
	return 0;
}

static int read_stat(int procfd, const char *name, struct proc_stat *out)
{
	char text[1024];
	ssize_t len = read_file(procfd, name, text, sizeof(text));

	memset(out, 0, sizeof(*out));
	return len < 0 ? (int)len : parse_stat(text, out);
}

int proc_stat_read(int procfd, pid_t pid, struct proc_stat *out)
{
	char name[32];

	snprintf(name, sizeof(name), "%d/stat", pid);
	return read_stat(procfd, name, out);
}

int proc_score_read(int procfd, pid_t pid, int *score)
{
	char name[32], text[32], *end;
	ssize_t len;
	long value;

	snprintf(name, sizeof(name), "%d/oom_score_adj", pid);
	len = read_file(procfd, name, text, sizeof(text));
	if (len < 0)
		return (int)len;
	value = strtol(text, &end, 10);
	if (end == text || value < -1000 || value > 1000)
		return -EINVAL;
	*score = (int)value;
	return 0;
}

int proc_score_write(int procfd, pid_t pid, int score)
{
	cleanup_close int fd = -1;
	char name[32], text[16];
	int len;

	snprintf(name, sizeof(name), "%d/oom_score_adj", pid);
	fd = openat(procfd, name, O_WRONLY | O_TRUNC | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return errno == ENOENT ? -ESRCH : -errno;
	len = snprintf(text, sizeof(text), "%d", score);
	if (write(fd, text, (size_t)len) < 0)
		return -errno;
	return 0;
}

int proc_umask_read(int procfd, pid_t pid, mode_t *out)
{
	char name[32], text[512], *at, *end;
	unsigned long value;
	ssize_t len;

	/* The second line, behind a name that the kernel escapes: no newline of its own in it. */
	snprintf(name, sizeof(name), "%d/status", pid);
	len = read_file(procfd, name, text, sizeof(text));
	if (len < 0)
		return (int)len;
	at = strstr(text, "\nUmask:");
	if (!at)
		return -ENODATA;
	at += strlen("\nUmask:");
	value = strtoul(at, &end, 8);
	if (end == at || *end != '\n' || value > 0777)
		return -EINVAL;
	*out = (mode_t)value;
	return 0;
}

/* Calls `visit` for every entry of a directory that is a number, until it returns non-zero. */
static int each_number(int procfd, const char *path, int (*visit)(pid_t id, void *context),
		       void *context)
{
	cleanup_close int fd = openat(procfd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	char buf[2048] __attribute__((aligned(8)));

	if (fd < 0)
		return -errno;
	for (;;) {
		long len = syscall(SYS_getdents64, fd, buf, sizeof(buf));

		if (len <= 0)
			return len < 0 ? -errno : 0;
		for (long at = 0; at < len;) {
			const struct dirent64 *entry = (const struct dirent64 *)(buf + at);
			int r;

			at += entry->d_reclen;
			if (!isdigit((unsigned char)entry->d_name[0]))
				continue;
			r = visit(atoi(entry->d_name), context);
			if (r)
				return r;
		}
	}
}

struct thread_search {
	int procfd;
	pid_t pid;
};

static bool ending(const struct proc_stat *stat)
{
	return stat->kill_pending || stat->state == 'Z' || stat->state == 'X' ||
	       stat->flags & PROC_PF_EXITING;
}

/* 1: this thread of the process is going to run on. */
static int thread_lives(pid_t tid, void *context)
{
	const struct thread_search *search = context;
	struct proc_stat stat;
	char name[64];

	snprintf(name, sizeof(name), "%d/task/%d/stat", search->pid, tid);
	return read_stat(search->procfd, name, &stat) == 0 && !ending(&stat);
}

bool proc_dying(int procfd, pid_t pid)
{
	struct thread_search search = {.procfd = procfd, .pid = pid};
	struct proc_stat stat;
	char name[32];

	if (proc_stat_read(procfd, pid, &stat) < 0)
		return true;
	if (stat.kill_pending)
		return true;
	if (!ending(&stat))
		return false;
	if (stat.threads <= 1)
		return true;
	/* The main thread may end alone and leave the others running. */
	snprintf(name, sizeof(name), "%d/task", pid);
	return each_number(procfd, name, thread_lives, &search) != 1;
}

struct child_search {
	int procfd;
	pid_t parent;
	int (*visit)(pid_t child, void *context);
	void *context;
};

static int child_by_scan(pid_t pid, void *context)
{
	const struct child_search *search = context;
	struct proc_stat stat;

	if (proc_stat_read(search->procfd, pid, &stat) < 0 || stat.ppid != search->parent)
		return 0;
	return search->visit(pid, search->context);
}

/* The ids in one TID/children, read piece by piece: a list of zombies can be long. */
static int children_of_thread(pid_t tid, void *context)
{
	const struct child_search *search = context;
	cleanup_close int fd = -1;
	char name[64], text[512];
	pid_t id = 0;
	ssize_t len;

	snprintf(name, sizeof(name), "%d/task/%d/children", search->parent, tid);
	fd = openat(search->procfd, name, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	while ((len = read(fd, text, sizeof(text))) > 0) {
		for (ssize_t i = 0; i < len; i++) {
			int r = 0;

			if (isdigit((unsigned char)text[i])) {
				id = id * 10 + (text[i] - '0');
				continue;
			}
			if (id)
				r = search->visit(id, search->context);
			if (r)
				return r;
			id = 0;
		}
	}
	return 0;
}

int proc_children(int procfd, pid_t pid, int (*visit)(pid_t child, void *context), void *context)
{
	struct child_search search = {procfd, pid, visit, context};
	char name[32];
	int r;

	snprintf(name, sizeof(name), "%d/task", pid);
	r = each_number(procfd, name, children_of_thread, &search);
	/* A kernel without CONFIG_PROC_CHILDREN has no such file: look through all processes. */
	return r == -ENOENT ? each_number(procfd, ".", child_by_scan, &search) : r;
}

int proc_threads(int procfd, pid_t pid, int (*visit)(pid_t tid, void *context), void *context)
{
	char name[32];

	snprintf(name, sizeof(name), "%d/task", pid);
	return each_number(procfd, name, visit, context);
}

void proc_wchan(int procfd, pid_t pid, char *buf, size_t cap)
{
	char name[32];

	snprintf(name, sizeof(name), "%d/wchan", pid);
	if (read_file(procfd, name, buf, cap) < 0 || strcmp(buf, "0") == 0)
		buf[0] = '\0';
	buf[strcspn(buf, "\n")] = '\0';
}

/* One line of an id map: "inside outside count". Moves *text behind it. */
static bool next_map(char **text, unsigned long long map[static 3])
{
	for (size_t i = 0; i < 3; i++) {
		char *start = *text;

		map[i] = strtoull(start, text, 10);
		if (*text == start)
			return false;
	}
	return true;
}

static bool map_is_identity(int procfd, const char *file)
{
	unsigned long long map[3];
	char text[512], *at = text;

	/* A kernel without user namespaces has no such file and only the one namespace. */
	if (read_file(procfd, file, text, sizeof(text)) < 0)
		return true;
	return next_map(&at, map) && map[0] == 0 && map[1] == 0 && map[2] == UINT32_MAX;
}

bool proc_in_initial_userns(int procfd)
{
	return map_is_identity(procfd, "self/uid_map") && map_is_identity(procfd, "self/gid_map");
}

int proc_outer_uid(int procfd, uid_t uid, uid_t *outer)
{
	unsigned long long map[3];
	char text[16384], *at = text; /* at most 340 lines of about 35 bytes */
	ssize_t len = read_file(procfd, "self/uid_map", text, sizeof(text));

	if (len < 0)
		return (int)len == -ESRCH ? -ENOENT : (int)len;
	while (next_map(&at, map)) {
		if (uid >= map[0] && uid - map[0] < map[2]) {
			*outer = (uid_t)(map[1] + (uid - map[0]));
			return 0;
		}
	}
	return -ENOENT;
}

int proc_boot_id(int procfd, char buf[static 37])
{
	ssize_t len = read_file(procfd, "sys/kernel/random/boot_id", buf, 37);

	if (len < 0)
		return len == -ESRCH ? -ENOENT : (int)len;
	buf[strcspn(buf, "\n")] = '\0';
	return strlen(buf) == 36 ? 0 : -EINVAL;
}
