/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The forks of the container's init, as the kernel tells them (process connector, cn_proc.c).
 *
 * The connector tells of every process of the host. A socket filter lets through only a fork whose
 * parent is the init and whose child is a process of its own, no thread: so nobody else's forks
 * wake the shim. They are not free, though: the kernel runs the filter for each, which took 0.1 to
 * 0.2 us a fork and shim. Names cannot be filtered for a container, so exec events are not asked
 * for.
 *
 * It needs CAP_NET_ADMIN when it is opened and not later, and the host's own pid, user and network
 * namespace. A kernel before 6.6 does not see the socket's end and goes on making messages that
 * nobody reads; to tell it would need the capability for life.
 */
#pragma once

#include <linux/filter.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define FORKS_FILTER_MAX 16
/* More within the window, and the init forks too often to be followed. At the start of a container
 * many processes are made that stay. */
#define FORKS_WINDOW_MS 10000
#define FORKS_MAX 50
#define FORKS_MAX_AT_START 1000

struct forks {
	int socket; /* -1: not open */
	pid_t init;
	uint64_t window_ms; /* when the window at hand began, CLOCK_MONOTONIC */
	unsigned in_window;
};

/* 0; -EPERM: no capability; -EOPNOTSUPP: this kernel or namespace does not tell. */
int forks_open(struct forks *forks, pid_t init);
void forks_close(struct forks *forks);

/*
 * Takes what is there, at most `cap` children; more make the socket readable again. *lost: the
 * kernel had no room for some. No allocation.
 */
size_t forks_read(struct forks *forks, pid_t *children, size_t cap, bool *lost);

/* Counts `n` more at `now_ms`; true when they are too many. Pure. */
bool forks_too_many(struct forks *forks, size_t n, uint64_t now_ms, bool starting);

/* The parts, for tests. */
/* The classic BPF program; `number` is that of our request, whose answer is let through. */
size_t forks_filter(pid_t init, uint32_t number,
		    struct sock_filter filter[static FORKS_FILTER_MAX]);
/* The child that a message tells of; 0: it tells of nothing that is asked for. */
pid_t forks_child(const void *message, size_t len, pid_t init);
