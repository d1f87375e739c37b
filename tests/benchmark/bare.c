/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The least that a correct guard does: wait for the kernel's OOM notification, read the counter
 * until the kill is counted, end the container's init.
 *
 *   bare VERSION MEMCG_DIR INIT_PID
 *
 * VERSION is 1 or 2, of the memory cgroup. It says "armed" on standard output. The counter is read
 * without a sleep between: nothing that sleeps could be faster.
 */
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

static void die(const char *what)
{
	perror(what);
	exit(EXIT_FAILURE);
}

static long kills(int counters)
{
	char text[1024], *at;
	ssize_t len = pread(counters, text, sizeof(text) - 1, 0);

	if (len < 0)
		die("read the counters");
	text[len] = '\0';
	at = strstr(text, "oom_kill ");
	return at ? atol(at + strlen("oom_kill ")) : 0;
}

static int open_in(const char *dir, const char *name, int flags)
{
	char path[4096];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = open(path, flags | O_CLOEXEC);
	if (fd < 0)
		die(path);
	return fd;
}

/* v1: an eventfd told of OOMs (cgroup-v1/memory.rst, "OOM Control"). */
static int oom_event(const char *dir, int counters)
{
	int control = open_in(dir, "cgroup.event_control", O_WRONLY);
	int event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);

	if (event < 0 || dprintf(control, "%d %d", event, counters) < 0)
		die("register for OOM events");
	close(control);
	return event;
}

int main(int argc, char **argv)
{
	struct epoll_event event = {0};
	int v1, counters, source, epoll;
	long before;
	pid_t init;

	if (argc != 4)
		return 2;
	v1 = strcmp(argv[1], "1") == 0;
	init = (pid_t)atol(argv[3]);
	counters = open_in(argv[2], v1 ? "memory.oom_control" : "memory.events", O_RDONLY);
	source = v1 ? oom_event(argv[2], counters) : counters;
	event.events = v1 ? EPOLLIN : EPOLLPRI;
	before = kills(counters);
	epoll = epoll_create1(EPOLL_CLOEXEC);
	if (epoll < 0 || epoll_ctl(epoll, EPOLL_CTL_ADD, source, &event) < 0)
		die("epoll");
	puts("armed");
	fflush(stdout);
	if (epoll_wait(epoll, &event, 1, -1) < 0)
		die("epoll_wait");
	while (kills(counters) == before)
		sched_yield();
	if (kill(init, SIGKILL) < 0)
		die("kill");
	return EXIT_SUCCESS;
}
