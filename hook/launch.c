/* SPDX-License-Identifier: Apache-2.0 */
#include "launch.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cleanup.h"
#include "config.h"
#include "ready.h"

#define READY_FD 3
#define READY_FD_TEXT "3"
#define FDS_TRIED 65536

/* close_range(2) is of Linux 5.9; before that every number is tried. */
static void close_from(unsigned first)
{
	if (syscall(SYS_close_range, first, ~0U, 0) == 0)
		return;
	for (int fd = (int)first; fd < FDS_TRIED; fd++)
		close(fd);
}

/* What an exec would hand on: ignored signals and the mask. */
static void reset_signals(void)
{
	sigset_t none;

	signal(SIGPIPE, SIG_DFL);
	signal(SIGHUP, SIG_DFL);
	signal(SIGTERM, SIG_DFL);
	signal(SIGINT, SIG_DFL);
	signal(SIGCHLD, SIG_DFL);
	signal(SIGALRM, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

static int set_streams(int ready)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	/* Above 3 first: what is put on 0 to 3 must not close what comes after. */
	null = null < 0 ? -1 : fcntl(null, F_DUPFD_CLOEXEC, READY_FD + 1);
	ready = fcntl(ready, F_DUPFD_CLOEXEC, READY_FD + 1);
	if (null < 0 || ready < 0)
		return -1;
	for (int fd = 0; fd < READY_FD; fd++)
		if (dup2(null, fd) < 0)
			return -1;
	return dup2(ready, READY_FD);
}

__attribute__((noreturn)) static void become_shim(const char *state, const char *key, int ready)
{
	const char *argv[] = {"oomguard-shim", "--state",     state, "--key", key,
			      "--ready-fd",    READY_FD_TEXT, NULL};
	/* An environment of its own, with one word to the C library: its cache of small freed pieces
	 * would pin a dozen pages for the container's whole life (malloc(3), glibc tunables). */
	char tunables[] = "GLIBC_TUNABLES=glibc.malloc.tcache_count=0";
	char *const environment[] = {tunables, NULL};

	reset_signals();
	umask(077);
	if (set_streams(ready) >= 0 && chdir("/") == 0) {
		close_from(READY_FD + 1);
		execve(OOMGUARD_SHIM_PATH, (char *const *)argv, environment);
	}
	_exit(127);
}

/* The child leaves at once, so that the shim is nobody's child and of no terminal. */
static int fork_twice(const char *state, const char *key, int ready, struct error *err)
{
	pid_t child = fork();

	if (child < 0)
		return error_set(err, errno, "fork");
	if (child == 0) {
		pid_t shim;

		setsid();
		shim = fork();
		if (shim == 0)
			become_shim(state, key, ready);
		_exit(shim < 0);
	}
	for (;;) {
		int status;

		if (waitpid(child, &status, 0) == child)
			return status == 0 ? 0 : error_say(err, EAGAIN, "start the shim: no fork");
		if (errno != EINTR)
			return error_set(err, errno, "wait for the shim's parent");
	}
}

int launch_shim(const char *state, const char *key, unsigned wait_ms, struct error *err)
{
	cleanup_close int ours = -1, theirs = -1;
	int fds[2], r;

	if (access(OOMGUARD_SHIM_PATH, X_OK) < 0)
		return error_set(err, errno, "start the shim %s", OOMGUARD_SHIM_PATH);
	if (pipe2(fds, O_CLOEXEC) < 0)
		return error_set(err, errno, "pipe to the shim");
	ours = fds[0];
	theirs = fds[1];
	r = fork_twice(state, key, theirs, err);
	if (r < 0)
		return r;
	cleanup_closep(&theirs);
	return ready_wait(ours, wait_ms, err);
}
