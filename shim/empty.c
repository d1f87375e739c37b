/* SPDX-License-Identifier: Apache-2.0 */
#include "empty.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include "cleanup.h"
#include "clock.h"

/* v2: as much as one write asks for, so that none takes long. */
#define RECLAIM_BYTES (64 * 1024 * 1024)
/* As much as a few processors hold charged ahead of its use: no progress, and no hurry. */
#define LITTLE_BYTES (1024 * 1024)
/* A runtime that runs in the foreground is done by then. */
#define GRACE_MS 10

static void on_alarm(int signal)
{
	/* It is there to end a write with EINTR. */
	(void)signal;
}

/* Comes again and again: one that fires before the write has begun must not be the last one. */
static void set_timer(unsigned ms)
{
	struct itimerval timer = {.it_interval.tv_usec = ms * 1000, .it_value.tv_usec = ms * 1000};

	setitimer(ITIMER_REAL, &timer, NULL);
}

static void take_alarm(void)
{
	struct sigaction action = {.sa_handler = on_alarm}; /* no SA_RESTART */
	sigset_t set;

	sigaction(SIGALRM, &action, NULL);
	sigemptyset(&set);
	sigaddset(&set, SIGALRM);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
}

/* One write, ended by the timer. 0 or a negative errno; EINTR and EAGAIN: there may be more. */
static int ask(const struct memcg *memcg, uint64_t usage)
{
	bool v1 = memcg->version == CGROUP_V1;
	cleanup_close int fd = openat(memcg->dirfd, v1 ? "memory.force_empty" : "memory.reclaim",
				      O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
	char text[24] = "0";
	ssize_t n;

	if (fd < 0)
		return -errno;
	if (!v1)
		snprintf(text, sizeof(text), "%" PRIu64,
			 usage < RECLAIM_BYTES ? usage : (uint64_t)RECLAIM_BYTES);
	set_timer(EMPTY_SLICE_MS);
	n = write(fd, text, strlen(text));
	if (n < 0)
		n = -errno;
	set_timer(0);
	return n < 0 ? (int)n : 0;
}

static int read_usage(const struct memcg *memcg, uint64_t *out)
{
	return cgroup_read_u64(
	    memcg->dirfd, memcg->version == CGROUP_V1 ? "memory.usage_in_bytes" : "memory.current",
	    out);
}

uint64_t empty_cgroup(const struct memcg *memcg)
{
	uint64_t end_ms = clock_ms(CLOCK_MONOTONIC) + EMPTY_DEADLINE_MS;
	uint64_t first, usage;

	if (read_usage(memcg, &first) < 0)
		return 0;
	/* Whoever removes the cgroup just now would wait for us, and not for much. */
	if (first < LITTLE_BYTES) {
		sleep_us(GRACE_MS * 1000);
		if (read_usage(memcg, &first) < 0)
			return 0;
	}
	take_alarm();
	usage = first;
	/* Somebody may put a new process into it at any moment. */
	while (usage > 0 && clock_ms(CLOCK_MONOTONIC) < end_ms &&
	       cgroup_populated(memcg->dirfd, memcg->version) == 0) {
		uint64_t before = usage;
		int r = ask(memcg, usage);

		if (read_usage(memcg, &usage) < 0)
			return 0;
		/* What is left does not go: tmpfs without swap, the kernel's own. */
		if ((r < 0 && r != -EINTR && r != -EAGAIN) ||
		    (r != -EINTR && usage + LITTLE_BYTES > before))
			break;
	}
	return first > usage ? first - usage : 0;
}
