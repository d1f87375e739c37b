/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <linux/cn_proc.h>
#include <linux/connector.h>
#include <linux/netlink.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cleanup.h"
#include "facts.h"
#include "open_dir.h"
#include "proc.h"
#include "read_all.h"

#define TEXT_MAX (64 * 1024)

/* The number behind a name at a line's start: "MemTotal:   16374520 kB", "memory\t4\t24\t1". `skip`
 * words in between. 0 when it is not there. */
static uint64_t number_behind(const char *text, const char *name, unsigned skip)
{
	size_t len = strlen(name);

	for (; *text; text += strcspn(text, "\n"), text += *text == '\n') {
		const char *at = text + len;

		if (strncmp(text, name, len) != 0 || !strchr(" \t", *at))
			continue;
		for (unsigned i = 0; i < skip; i++) {
			at += strspn(at, " \t");
			at += strcspn(at, " \t\n");
		}
		return strtoull(at, NULL, 10);
	}
	return 0;
}

static void read_memory(int procfd, struct kernel_facts *out)
{
	cleanup_free char *text = NULL;
	size_t len;

	if (read_all_at(procfd, "meminfo", TEXT_MAX, &text, &len) < 0)
		return;
	out->mem_total = number_behind(text, "MemTotal:", 0) * 1024;
	out->has_swap = number_behind(text, "SwapTotal:", 0) > 0;
}

/* The first directory below the top that has the file. */
static int below_top(int top, const char *file)
{
	cleanup_closedir DIR *dir = open_dir(top);
	const struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		cleanup_close int fd = -1;

		if (entry->d_type != DT_DIR || entry->d_name[0] == '.')
			continue;
		fd = openat(top, entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (fd >= 0 && faccessat(fd, file, F_OK, 0) == 0)
			return take_fd(&fd);
	}
	return -1;
}

static enum known has_file(int dirfd, const char *file)
{
	return faccessat(dirfd, file, F_OK, 0) == 0 ? KNOWN_YES : KNOWN_NO;
}

static enum known counts_kills(int dirfd, const char *file)
{
	char text[512];
	uint64_t kills;

	if (cgroup_read(dirfd, file, text, sizeof(text)) < 0)
		return KNOWN_NOT;
	return cgroup_text_u64(text, "oom_kill", &kills) == 0 ? KNOWN_YES : KNOWN_NO;
}

static void look_at_v1(int procfd, int top, struct kernel_facts *out)
{
	cleanup_free char *text = NULL;
	size_t len;

	out->kill_counter = counts_kills(top, "memory.oom_control");
	out->swap_accounted = has_file(top, "memory.memsw.limit_in_bytes");
	/* Cgroups that were removed count for as long as memory is charged to them. */
	if (read_all_at(procfd, "cgroups", TEXT_MAX, &text, &len) == 0)
		out->memcgs = number_behind(text, "memory", 1);
}

static void look_at_v2(int top, struct kernel_facts *out)
{
	cleanup_close int memcg = below_top(top, "memory.events");
	cleanup_close int any = below_top(top, "cgroup.procs");
	char text[512];
	uint64_t number;

	if (memcg >= 0) {
		out->kill_counter = counts_kills(memcg, "memory.events");
		out->swap_accounted = has_file(memcg, "memory.swap.max");
		out->oom_group = has_file(memcg, "memory.oom.group");
	}
	if (any >= 0)
		out->cgroup_kill = has_file(any, "cgroup.kill");
	if (cgroup_read(top, "cgroup.stat", text, sizeof(text)) < 0)
		return;
	if (cgroup_text_u64(text, "nr_descendants", &number) == 0)
		out->memcgs = number + 1;
	if (cgroup_text_u64(text, "nr_dying_descendants", &number) == 0)
		out->memcgs += number;
}

static void read_cgroups(int procfd, struct kernel_facts *out)
{
	struct cgroup_mounts mounts;
	cleanup_close int top = -1;

	out->kill_counter = out->swap_accounted = out->oom_group = out->cgroup_kill = KNOWN_NOT;
	if (cgroup_mounts_read(procfd, &mounts, NULL) < 0)
		return;
	for (size_t i = 0; i < mounts.len; i++) {
		out->has_v2 |= mounts.mount[i].v2;
		out->has_v1 |= !mounts.mount[i].v2;
	}
	out->has_memory = cgroup_memory_version(&mounts, &out->version) == 0;
	if (out->has_memory)
		top = cgroup_open(&mounts, out->version == CGROUP_V1 ? "memory" : NULL, "/", NULL,
				  NULL);
	if (top >= 0 && out->version == CGROUP_V1)
		look_at_v1(procfd, top, out);
	else if (top >= 0)
		look_at_v2(top, out);
	cgroup_mounts_free(&mounts);
}

/* Reading tells: with psi=0 the file is there and its open fails with EOPNOTSUPP. */
static bool reads(int procfd, const char *path)
{
	cleanup_close int fd = openat(procfd, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	char byte;

	return fd >= 0 && read(fd, &byte, 1) == 1;
}

static bool has_pidfd(void)
{
	cleanup_close int fd = pidfd_open_pid(getpid());

	return fd >= 0 && pidfd_signal(fd, 0) == 0;
}

/* Joining the group needs what listening needs; no events are asked for. */
static int try_connector(void)
{
	const struct sockaddr_nl group = {.nl_family = AF_NETLINK, .nl_groups = CN_IDX_PROC};
	cleanup_close int fd =
	    socket(PF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_CONNECTOR);

	if (fd < 0 || bind(fd, (const struct sockaddr *)&group, sizeof(group)) < 0)
		return errno;
	return 0;
}

static int try_kernel_log(void)
{
	cleanup_close int fd = open("/dev/kmsg", O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	char buf[8192];

	if (fd < 0 || (read(fd, buf, sizeof(buf)) < 0 && errno != EAGAIN && errno != EPIPE))
		return errno;
	return 0;
}

static uint64_t read_capabilities(int procfd)
{
	cleanup_free char *text = NULL;
	const char *at;
	size_t len;

	if (read_all_at(procfd, "self/status", TEXT_MAX, &text, &len) < 0)
		return 0;
	at = strstr(text, "\nCapEff:");
	return at ? strtoull(at + strlen("\nCapEff:"), NULL, 16) : 0;
}

static void read_release(int procfd, char *buf, size_t cap)
{
	cleanup_free char *text = NULL;
	size_t len;

	if (read_all_at(procfd, "sys/kernel/osrelease", TEXT_MAX, &text, &len) == 0)
		snprintf(buf, cap, "%.*s", (int)strcspn(text, "\n"), text);
	else
		snprintf(buf, cap, "of an unknown release");
}

void facts_kernel(int procfd, struct kernel_facts *out)
{
	*out = (struct kernel_facts){0};
	read_release(procfd, out->release, sizeof(out->release));
	read_memory(procfd, out);
	read_cgroups(procfd, out);
	out->pressure = reads(procfd, "pressure/memory");
	out->pidfd = has_pidfd();
	out->connector = try_connector();
	out->kernel_log = try_kernel_log();
	out->initial_userns = proc_in_initial_userns(procfd);
	out->capabilities = read_capabilities(procfd);
}
