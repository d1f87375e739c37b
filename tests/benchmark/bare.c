/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The least that a correct guard does. Without a mode: wait for the kernel's OOM notification, read
 * the counter until the kill is counted, end the container's init. As "hang": wait for the
 * notification, see that tasks hang since the OOM killer is off, switch it on.
 *
 *   bare VERSION MEMCG_DIR INIT_PID
 *   bare hang MEMCG_DIR
 *
 * VERSION is 1 or 2, of the memory cgroup; a hang is v1's alone. It says "armed" on standard
 * output. The counter is read without a sleep between: nothing that sleeps could be faster.
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

/* The number that follows KEY, which ends in a space; 0 where there is none. */
static long number(int counters, const char *key)
{
	char text[1024], *at;
	ssize_t len = pread(counters, text, sizeof(text) - 1, 0);

	if (len < 0)
		die("read the counters");
	text[len] = '\0';
	at = strstr(text, key);
	return at ? atol(at + strlen(key)) : 0;
}

static long kills(int counters)
{
	return number(counters, "oom_kill ");
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

static void wait_for(int source, unsigned events)
{
	struct epoll_event event = {.events = events};
	int epoll = epoll_create1(EPOLL_CLOEXEC);

	if (epoll < 0 || epoll_ctl(epoll, EPOLL_CTL_ADD, source, &event) < 0)
		die("epoll");
	puts("armed");
	fflush(stdout);
	if (epoll_wait(epoll, &event, 1, -1) < 0)
		die("epoll_wait");
}

static void end_hang(const char *dir)
{
	int control = open_in(dir, "memory.oom_control", O_RDWR);

	wait_for(oom_event(dir, control), EPOLLIN);
	while (!number(control, "under_oom ") || !number(control, "oom_kill_disable "))
		sched_yield();
	if (pwrite(control, "0", 1, 0) != 1)
		die("switch the OOM killer on");
}

static void end_init(int v1, const char *dir, pid_t init)
{
	int counters = open_in(dir, v1 ? "memory.oom_control" : "memory.events", O_RDONLY);
	int source = v1 ? oom_event(dir, counters) : counters;
	long before = kills(counters);

	wait_for(source, v1 ? EPOLLIN : EPOLLPRI);
	while (kills(counters) == before)
		sched_yield();
	if (kill(init, SIGKILL) < 0)
		die("kill");
}

int main(int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[1], "hang") == 0)
		end_hang(argv[2]);
	else if (argc == 4)
		end_init(strcmp(argv[1], "1") == 0, argv[2], (pid_t)atol(argv[3]));
	else
		return 2;
	return EXIT_SUCCESS;
}
