/* SPDX-License-Identifier: Apache-2.0 */
#include "watch.h"

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/signalfd.h>

#include "cleanup.h"

/* inotify: a new cgroup below is dealt with here, a write to a kept file is WATCH_KEPT. */
#define WATCH_TREE (1 << 30)

int watch_add(struct watch *watch, int fd, uint32_t epoll_events, enum watch_event event)
{
	struct epoll_event entry = {.events = epoll_events,
				    .data.u64 = (uint64_t)event << 32 | (uint32_t)fd};

	return epoll_ctl(watch->epoll, EPOLL_CTL_ADD, fd, &entry) < 0 ? -errno : 0;
}

void watch_remove(struct watch *watch, int fd)
{
	epoll_ctl(watch->epoll, EPOLL_CTL_DEL, fd, NULL);
}

/* Watches `dirfd` for new cgroups below it, and takes the fd over when it succeeds. */
static int watch_dir(struct watch *watch, int dirfd)
{
	char path[32];
	int wd;

	if (watch->tree < 0 || watch->children_len == WATCH_CHILDREN_MAX)
		return -ENOSPC;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", dirfd);
	wd = inotify_add_watch(watch->tree, path, IN_CREATE | IN_ONLYDIR);
	if (wd < 0)
		return -errno;
	for (int i = 0; i < watch->children_len; i++)
		if (watch->children[i].wd == wd)
			return -EEXIST;
	watch->children[watch->children_len].wd = wd;
	watch->children[watch->children_len].dirfd = dirfd;
	watch->children_len++;
	return 0;
}

struct adding {
	struct watch *watch;
	bool registered; /* the first one is: the container's own, when the watch was opened */
};

/* For every cgroup of a subtree: inotify first, so that none made meanwhile is missed. */
static int add_cgroup(int dirfd, void *context)
{
	struct adding *adding = context;
	cleanup_close int own = fcntl(dirfd, F_DUPFD_CLOEXEC, 0);
	int r;

	if (own < 0)
		return 0;
	r = watch_dir(adding->watch, own);
	if (r == -EEXIST)
		return 0;
	if (r == 0)
		take_fd(&own);
	if (!adding->registered)
		memcg_oom_event(dirfd, adding->watch->oom_event);
	adding->registered = false;
	return 0;
}

static int open_v1(struct watch *watch, struct error *err)
{
	struct adding adding = {.watch = watch, .registered = true};
	int r;

	watch->oom_event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (watch->oom_event < 0)
		return error_set(err, errno, "make an eventfd");
	r = memcg_oom_event(watch->memcg->dirfd, watch->oom_event);
	if (r < 0)
		return error_set(err, -r, "register for OOM events of %s", watch->memcg->dir);
	r = watch_add(watch, watch->oom_event, EPOLLIN, WATCH_OOM);
	if (r < 0)
		return error_set(err, -r, "watch the OOM eventfd");
	/* Without inotify only the cgroups that are there now are seen. */
	watch->tree = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	cgroup_walk(watch->memcg->dirfd, add_cgroup, &adding);
	if (watch->tree >= 0 && watch_add(watch, watch->tree, EPOLLIN, WATCH_TREE) < 0)
		return error_set(err, errno, "watch for new cgroups");
	return 0;
}

static int open_v2_file(struct watch *watch, const char *name, int *fd, struct error *err)
{
	char buf[512];
	int r;

	*fd = openat(watch->memcg->dirfd, name, O_RDONLY | O_CLOEXEC);
	if (*fd < 0)
		return error_set(err, errno, "open %s of %s", name, watch->memcg->dir);
	/* Only what changes after a read is told. */
	if (pread(*fd, buf, sizeof(buf), 0) < 0)
		return error_set(err, errno, "read %s of %s", name, watch->memcg->dir);
	r = watch_add(watch, *fd, EPOLLPRI, WATCH_OOM);
	if (r < 0)
		return error_set(err, -r, "watch %s of %s", name, watch->memcg->dir);
	return 0;
}

static int open_signals(struct watch *watch, struct error *err)
{
	sigset_t set;
	int r;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGUSR2);
	watch->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (watch->signals < 0)
		return error_set(err, errno, "make a signalfd");
	r = watch_add(watch, watch->signals, EPOLLIN, WATCH_TERM);
	return r < 0 ? error_set(err, -r, "watch the signalfd") : 0;
}

int watch_open(struct watch *watch, const struct memcg *memcg, int init_pidfd, struct error *err)
{
	int r;

	*watch = (struct watch){.memcg = memcg,
				.signals = -1,
				.oom_event = -1,
				.tree = -1,
				.events_file = -1,
				.state_file = -1};
	watch->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (watch->epoll < 0)
		return error_set(err, errno, "make an epoll set");
	r = open_signals(watch, err);
	if (r < 0)
		return r;
	r = watch_add(watch, init_pidfd, EPOLLIN, WATCH_INIT_END);
	if (r < 0)
		return error_set(err, -r, "watch the container's init");
	if (memcg->version == CGROUP_V1)
		return open_v1(watch, err);
	r = open_v2_file(watch, "memory.events", &watch->events_file, err);
	return r < 0 ? r : open_v2_file(watch, "cgroup.events", &watch->state_file, err);
}

void watch_close(struct watch *watch)
{
	cleanup_closep(&watch->signals);
	cleanup_closep(&watch->oom_event);
	cleanup_closep(&watch->tree);
	cleanup_closep(&watch->events_file);
	cleanup_closep(&watch->state_file);
	for (int i = 0; i < watch->children_len; i++)
		close(watch->children[i].dirfd);
	watch->children_len = 0;
	cleanup_closep(&watch->epoll);
}

static int drain_signals(const struct watch *watch)
{
	struct signalfd_siginfo info;
	int events = 0;

	while (read(watch->signals, &info, sizeof(info)) == sizeof(info))
		events |= info.ssi_signo == SIGTERM   ? WATCH_TERM
			  : info.ssi_signo == SIGUSR2 ? WATCH_SWITCH
						      : WATCH_RELOAD;
	return events;
}

/* Removal of a cgroup gives no inotify event on most kernels: look for the dead when one is born.
 */
static void forget_removed(struct watch *watch)
{
	int kept = 0;

	for (int i = 0; i < watch->children_len; i++) {
		if (faccessat(watch->children[i].dirfd, "cgroup.procs", F_OK, 0) < 0) {
			inotify_rm_watch(watch->tree, watch->children[i].wd);
			close(watch->children[i].dirfd);
			continue;
		}
		watch->children[kept++] = watch->children[i];
	}
	watch->children_len = kept;
}

static void add_new_cgroup(struct watch *watch, const struct inotify_event *event)
{
	struct adding adding = {.watch = watch};
	cleanup_close int dirfd = -1;

	if (!(event->mask & IN_ISDIR) || event->len == 0)
		return;
	for (int i = 0; i < watch->children_len && dirfd < 0; i++)
		if (watch->children[i].wd == event->wd)
			dirfd = openat(watch->children[i].dirfd, event->name,
				       O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	/* With it come its children, which may have been made faster than we look. */
	if (dirfd >= 0)
		cgroup_walk(dirfd, add_cgroup, &adding);
}

static bool is_kept(const struct watch *watch, const struct inotify_event *event)
{
	/* Events were lost: one of them may have been it. */
	if (event->mask & IN_Q_OVERFLOW)
		return watch->kept_len > 0;
	for (int i = 0; (event->mask & IN_MODIFY) && i < watch->kept_len; i++)
		if (watch->kept[i] == event->wd)
			return true;
	return false;
}

static int drain_tree(struct watch *watch)
{
	char buf[4 * (sizeof(struct inotify_event) + NAME_MAX + 1)]
	    __attribute__((aligned(__alignof__(struct inotify_event))));
	int events = 0;
	ssize_t len;

	forget_removed(watch);
	while ((len = read(watch->tree, buf, sizeof(buf))) > 0) {
		for (char *at = buf; at < buf + len;) {
			const struct inotify_event *event = (const struct inotify_event *)at;

			if (is_kept(watch, event))
				events |= WATCH_KEPT;
			add_new_cgroup(watch, event);
			at += sizeof(*event) + event->len;
		}
	}
	return events;
}

/* A v2 file: reading it arms it again; one of a removed cgroup (ENODEV) would fire for ever. */
static void rearm(struct watch *watch, int fd)
{
	char buf[512];

	if (pread(fd, buf, sizeof(buf), 0) < 0)
		watch_remove(watch, fd);
}

static int drain(struct watch *watch, enum watch_event event, int fd)
{
	uint64_t count;

	switch ((int)event) {
	case WATCH_TERM:
		return drain_signals(watch);
	case WATCH_TREE:
		return drain_tree(watch);
	case WATCH_OOM:
	case WATCH_TIGHT:
		if (event == WATCH_OOM && fd != watch->oom_event) {
			rearm(watch, fd);
			return event;
		}
		/* The count is neither that of OOMs nor that of kills: only counters are believed.
		 */
		return read(fd, &count, sizeof(count)) < 0 ? 0 : event;
	case WATCH_PIDS:
		rearm(watch, fd);
		return event;
	default:
		return event;
	}
}

int watch_wait(struct watch *watch, int timeout_ms)
{
	struct epoll_event ready[8];
	int events = 0, n;

	n = epoll_wait(watch->epoll, ready, 8, timeout_ms);
	if (n < 0)
		return errno == EINTR ? 0 : -errno;
	for (int i = 0; i < n; i++)
		events |= drain(watch, (enum watch_event)(ready[i].data.u64 >> 32),
				(int)(uint32_t)ready[i].data.u64);
	return events;
}

void watch_sleep(const struct watch *watch, int timeout_ms)
{
	/* An epoll instance is ready when one of its sources is (epoll(7)). */
	struct pollfd any = {.fd = watch->epoll, .events = POLLIN};

	poll(&any, 1, timeout_ms);
}

int watch_signals(struct watch *watch)
{
	return drain_signals(watch);
}

int watch_names(int dirfd)
{
	const long what = DN_CREATE | DN_DELETE | DN_RENAME | DN_MULTISHOT;

	if (fcntl(dirfd, F_SETSIG, SIGUSR2) < 0 || fcntl(dirfd, F_NOTIFY, what) < 0)
		return -errno;
	return 0;
}

int watch_wait_signals(struct watch *watch, int init_pidfd, int timeout_ms)
{
	struct pollfd fds[] = {{.fd = init_pidfd, .events = POLLIN},
			       {.fd = watch->signals, .events = POLLIN}};
	int events;

	if (poll(fds, sizeof(fds) / sizeof(fds[0]), timeout_ms) < 0)
		return errno == EINTR ? 0 : -errno;
	events = drain_signals(watch);
	return fds[0].revents ? events | WATCH_INIT_END : events;
}

int watch_add_kept(struct watch *watch, const char *file)
{
	char path[128];
	int wd;

	if (watch->kept_len == WATCH_KEPT_MAX)
		return -ENOSPC;
	if (watch->tree < 0) {
		cleanup_close int tree = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
		int r = tree < 0 ? -errno : watch_add(watch, tree, EPOLLIN, WATCH_TREE);

		if (r < 0)
			return r;
		watch->tree = take_fd(&tree);
	}
	snprintf(path, sizeof(path), "/proc/self/fd/%d/%s", watch->memcg->dirfd, file);
	wd = inotify_add_watch(watch->tree, path, IN_MODIFY | IN_DONT_FOLLOW);
	if (wd < 0)
		return -errno;
	watch->kept[watch->kept_len++] = wd;
	return wd;
}

void watch_drop_kept(struct watch *watch, int wd)
{
	for (int i = 0; i < watch->kept_len; i++) {
		if (watch->kept[i] != wd)
			continue;
		inotify_rm_watch(watch->tree, wd);
		watch->kept[i] = watch->kept[--watch->kept_len];
	}
}

bool watch_mute_events(struct watch *watch, int kmsg)
{
	if (watch_add(watch, kmsg, EPOLLIN, WATCH_LOG) < 0)
		return false;
	watch_remove(watch, watch->events_file);
	return true;
}

bool watch_unmute_events(struct watch *watch, int kmsg)
{
	if (watch_add(watch, watch->events_file, EPOLLPRI, WATCH_OOM) < 0)
		return false;
	watch_remove(watch, kmsg);
	return true;
}
