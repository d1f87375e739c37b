/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What wakes the shim: the kernel's OOM notification, the end of the init, a signal, the helper's
 * answer, a fork of the init's. One epoll set; at rest nothing in it ever fires.
 *
 * v1: one eventfd, registered through cgroup.event_control on memory.oom_control of the container
 * and of every cgroup below it (a notification never reaches an ancestor). New ones below are seen
 * by inotify. Removal of the cgroup makes the eventfd readable too. (cgroup-v1/memory.rst, 10.)
 * v2: memory.events and cgroup.events are polled for EPOLLPRI, which a read arms again; this needs
 * no inotify instance, of which a user has 128. (cgroup-v2.rst, "Basic Operations".)
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "error.h"
#include "memcg.h"

enum watch_event {
	WATCH_OOM = 1,	     /* counters may have changed */
	WATCH_INIT_END = 2,  /* the init has exited */
	WATCH_TERM = 4,	     /* SIGTERM: finish and leave */
	WATCH_RELOAD = 8,    /* SIGUSR1: something in the state directory changed */
	WATCH_HELPER = 16,   /* the helper answered or died */
	WATCH_TIGHT = 32,    /* v1: usage crossed a threshold */
	WATCH_PRESSURE = 64, /* v2: PSI says that nobody gets on */
	WATCH_LOG = 128,     /* the kernel wrote to its log (only while memory.events is muted) */
	WATCH_PIDS = 256,    /* the pids limit was hit */
	WATCH_KEPT = 512,    /* somebody wrote to a file of watch_add_kept() */
	WATCH_FORK = 1024,   /* the init forked */
	WATCH_SWITCH = 2048  /* a name came or went in a directory of watch_names() */
};

#define WATCH_KEPT_MAX 5
#define WATCH_CHILDREN_MAX 64 /* cgroups below the container that are watched on v1 */

struct watch {
	const struct memcg *memcg; /* borrowed */
	int epoll;
	int signals;
	int oom_event;	 /* v1: the eventfd */
	int tree;	 /* inotify for new cgroups below (v1) and kept files; -1: none */
	int events_file; /* v2: memory.events */
	int state_file;	 /* v2: cgroup.events */
	int children_len;
	struct {
		int wd;
		int dirfd;
	} children[WATCH_CHILDREN_MAX];
	int kept_len;
	int kept[WATCH_KEPT_MAX]; /* inotify's numbers */
};

/*
 * Arms everything. SIGTERM, SIGUSR1, SIGUSR2 and SIGPIPE must be blocked by the caller before.
 * init_pidfd stays the caller's.
 */
int watch_open(struct watch *watch, const struct memcg *memcg, int init_pidfd, struct error *err);
/* What a shim holds for good goes with it: for what was opened ahead, and for tests. */
void watch_close(struct watch *watch);

/*
 * Adds a source of the caller's: `fd` being ready for `epoll_events` gives `event`. An eventfd
 * (WATCH_TIGHT) is drained, every other fd is the caller's to read.
 */
int watch_add(struct watch *watch, int fd, uint32_t epoll_events, enum watch_event event);
void watch_remove(struct watch *watch, int fd);

/* Until there is something for watch_wait() to tell, at most so long. */
void watch_sleep(const struct watch *watch, int timeout_ms);

/*
 * A write to this file of the container's cgroup gives WATCH_KEPT. Returns inotify's number for it,
 * or a negative errno. On v2 the first one takes an inotify instance.
 */
int watch_add_kept(struct watch *watch, const char *file);
void watch_drop_kept(struct watch *watch, int wd);

/*
 * v2: a container full of page cache makes memory.events fire at each reclaim. Muted, it is out of
 * the set and the kernel's log wakes us instead, where each kill is told. True when it was done.
 */
bool watch_mute_events(struct watch *watch, int kmsg);
bool watch_unmute_events(struct watch *watch, int kmsg);

/*
 * Waits at most timeout_ms (-1: for ever) and returns a set of watch_event (0: time is up), or a
 * negative errno. Drains what fired. No allocation.
 */
int watch_wait(struct watch *watch, int timeout_ms);

/* Only the signals that are there now, without waiting. */
int watch_signals(struct watch *watch);

/*
 * A name that comes, goes or is replaced in this directory gives WATCH_SWITCH as long as the fd is
 * open. By dnotify (fcntl(2), F_NOTIFY), which sends us SIGUSR2: unlike inotify it takes none of
 * the 128 instances that all programs of a user share. -EINVAL on a kernel without it.
 */
int watch_names(int dirfd);

/*
 * Waits for the init's end and for signals alone, and leaves all else as it is: what fires meanwhile
 * is told by the next watch_wait(). Returns a set of watch_event, or a negative errno.
 */
int watch_wait_signals(struct watch *watch, int init_pidfd, int timeout_ms);
