/* SPDX-License-Identifier: Apache-2.0 */
#include "confine.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cgroup.h"
#include "cleanup.h"
#include "proc.h"

#define SHIM_CGROUP "oomguard"
/* Delegated by its unit (Delegate=yes), so that systemd leaves what is below it alone. */
#define SHIM_CGROUP_SYSTEMD "oomguard.slice/oomguard.service/shims"
#define SHIM_SCORE -999

/* Opens, and makes where it is missing, the cgroup for shims below a hierarchy's top. */
static int shim_cgroup(int top)
{
	int fd;

	if (mkdirat(top, SHIM_CGROUP_SYSTEMD, 0755) == 0 || errno == EEXIST)
		return openat(top, SHIM_CGROUP_SYSTEMD, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (mkdirat(top, SHIM_CGROUP, 0755) < 0 && errno != EEXIST)
		return -errno;
	fd = openat(top, SHIM_CGROUP, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static int enter(const struct cgroup_mount *mount)
{
	cleanup_close int top = open(mount->point, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cleanup_close int own = -1;
	/* We are one thread, which is what `tasks` takes. The kernel (since 5.5) moves the thread
	 * that asks without the lock that makes every fork and exit of the host wait. */
	const char *members = mount->v2 ? "cgroup.procs" : "tasks";

	if (top < 0)
		return -errno;
	/* A cpuset of our own would have to be given processors and nodes: the top has them all. */
	if (!mount->v2 && strstr(mount->controllers, "cpuset"))
		return cgroup_write(top, members, "0");
	own = shim_cgroup(top);
	return own < 0 ? own : cgroup_write(own, members, "0");
}

/* The controllers' word that names the hierarchy in PID/cgroup: the last one. `own` is our text of
 * it. */
static bool at_top(const char *own, const struct cgroup_mount *mount)
{
	const char *controller = strrchr(mount->controllers, ','), *path;
	size_t len;

	controller = controller ? controller + 1 : mount->controllers;
	path = cgroup_text_path(own, mount->v2 ? NULL : controller, &len);
	return path && len == 1;
}

int confine_cgroup(int procfd, const struct cgroup_mounts *mounts, struct error *err)
{
	enum cgroup_version version;
	int failed = 0, r;
	char own[8192];

	/* Where it cannot be read we are at no top. */
	if (cgroup_read(procfd, "self/cgroup", own, sizeof(own)) < 0)
		own[0] = '\0';
	if (cgroup_memory_version(mounts, &version) < 0)
		version = CGROUP_V2;
	for (size_t i = 0; i < mounts->len; i++) {
		const struct cgroup_mount *mount = &mounts->mount[i];
		bool memory =
		    mount->v2 ? version == CGROUP_V2 : strstr(mount->controllers, "memory") != NULL;

		/* Memory always: there the shims are to be seen together. */
		if (!memory && at_top(own, mount))
			continue;
		r = enter(mount);
		if (r < 0 && failed == 0)
			failed =
			    error_set(err, -r, "enter the shims' cgroup below %s", mount->point);
	}
	return failed;
}

static bool has_capabilities(void)
{
	cap_t none = cap_init(), caps = cap_get_proc();
	bool has = !none || !caps || cap_compare(none, caps) != 0;

	cap_free(caps);
	cap_free(none);
	return has;
}

int confine_capabilities(const struct confine_needs *needs)
{
	cap_value_t keep[4] = {CAP_KILL, CAP_SYS_PTRACE};
	int n = 2, r = 0;
	cap_t caps;

	/* CAP_KILL: signals to other users' processes. CAP_SYS_PTRACE: to read what a process that
	 * cannot be killed sleeps in; the system calls it would otherwise open are filtered. */
	if (needs->scores)
		keep[n++] = CAP_SYS_RESOURCE;
	if (needs->scores || needs->foreign_cgroup)
		keep[n++] = CAP_DAC_OVERRIDE;
	/* A user without rights has none to give up. */
	if (!has_capabilities())
		return 0;
	/* The bounding set first: that needs CAP_SETPCAP. */
	for (cap_value_t cap = 0; prctl(PR_CAPBSET_READ, cap) >= 0; cap++)
		if (prctl(PR_CAPBSET_DROP, cap) < 0 && errno != EINVAL)
			r = -errno;
	caps = cap_get_proc();
	if (!caps)
		return -ENOMEM;
	for (int i = 0; i < n; i++) {
		cap_flag_value_t has;

		/* Only what we have: asking for more would refuse all. */
		if (cap_get_flag(caps, keep[i], CAP_PERMITTED, &has) < 0 || has != CAP_SET)
			keep[i--] = keep[--n];
	}
	/* cap_set_flag() takes no empty list. */
	if (cap_clear(caps) < 0 ||
	    (n > 0 && (cap_set_flag(caps, CAP_PERMITTED, n, keep, CAP_SET) < 0 ||
		       cap_set_flag(caps, CAP_EFFECTIVE, n, keep, CAP_SET) < 0)) ||
	    cap_set_proc(caps) < 0)
		r = -errno;
	cap_free(caps);
	return r;
}

void confine_missing(char *missing, size_t cap, const char *name, int r)
{
	size_t used = strlen(missing);

	if (r < 0)
		snprintf(missing + used, cap - used, "%s%s (%s)", used ? ", " : "", name,
			 strerrordesc_np(-r));
}

void confine_self(int procfd, const struct confine_needs *needs, char *missing, size_t cap)
{
	confine_missing(missing, cap, "oom_score_adj -999",
			proc_score_write(procfd, getpid(), SHIM_SCORE));
	confine_missing(missing, cap, "capabilities", confine_capabilities(needs));
	confine_missing(missing, cap, "seccomp", confine_system_calls());
}

int confine_memory(void)
{
	return mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT) < 0 ? -errno : 0;
}
