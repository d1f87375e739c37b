/* SPDX-License-Identifier: Apache-2.0 */
#include "launch.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cleanup.h"
#include "close_from.h"
#include "config.h"
#include "ready.h"

#define READY_FD 3
#define READY_FD_TEXT "3"
#define GO_FD 4
#define GO_FD_TEXT "4"

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

static int set_streams(int ready, int go)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	/* Above all of them first: what is put on 0 to 4 must not close what comes after. */
	null = null < 0 ? -1 : fcntl(null, F_DUPFD_CLOEXEC, GO_FD + 1);
	ready = fcntl(ready, F_DUPFD_CLOEXEC, GO_FD + 1);
	go = fcntl(go, F_DUPFD_CLOEXEC, GO_FD + 1);
	if (null < 0 || ready < 0 || go < 0)
		return -1;
	for (int fd = 0; fd < READY_FD; fd++)
		if (dup2(null, fd) < 0)
			return -1;
	return dup2(ready, READY_FD) < 0 ? -1 : dup2(go, GO_FD);
}

__attribute__((noreturn)) static void become_shim(const char *state, const char *key,
						  const char *init, int ready, int go)
{
	const char *argv[] = {"oomguard-shim", "--state", state,	"--key",       key,
			      "--pid",	       init,	  "--ready-fd", READY_FD_TEXT, "--go-fd",
			      GO_FD_TEXT,      NULL};
	/* An environment of its own, with one word to the C library: its cache of small freed
	 * pieces would pin a dozen pages for the container's whole life (malloc(3), glibc
	 * tunables). */
	char tunables[] = "GLIBC_TUNABLES=glibc.malloc.tcache_count=0";
	char *const environment[] = {tunables, NULL};

	reset_signals();
	umask(077);
	if (set_streams(ready, go) >= 0 && chdir("/") == 0) {
		close_from(GO_FD + 1);
		execve(OOMGUARD_SHIM_PATH, (char *const *)argv, environment);
	}
	_exit(127);
}

/*
 * vfork(2): of our memory nothing is copied, and the child does nothing but become another program.
 * We end soon, and then it is nobody's child.
 */
static int start(const char *state, const char *key, pid_t init, int ready, int go,
		 struct error *err)
{
	char init_text[16];
	pid_t child;

	snprintf(init_text, sizeof(init_text), "%d", (int)init);
	child = vfork();
	if (child < 0)
		return error_set(err, errno, "fork");
	if (child == 0) {
		setsid();
		become_shim(state, key, init_text, ready, go);
	}
	return 0;
}

int launch_begin(const char *state, const char *key, pid_t init, struct launch *out,
		 struct error *err)
{
	cleanup_close int ready_end = -1, go_end = -1;
	int ready[2], go[2], r;

	*out = LAUNCH_NONE;
	if (access(OOMGUARD_SHIM_PATH, X_OK) < 0)
		return error_set(err, errno, "start the shim %s", OOMGUARD_SHIM_PATH);
	if (pipe2(ready, O_CLOEXEC) < 0)
		return error_set(err, errno, "pipe to the shim");
	out->ready = ready[0];
	ready_end = ready[1];
	if (pipe2(go, O_CLOEXEC) < 0) {
		r = error_set(err, errno, "pipe to the shim");
	} else {
		out->go = go[1];
		go_end = go[0];
		r = start(state, key, init, ready_end, go_end, err);
	}
	if (r < 0)
		launch_close(out);
	return r;
}

int launch_go(struct launch *launch, struct error *err)
{
	/* SIGPIPE is ignored: a shim that is gone by now says why on the other pipe. */
	if (write(launch->go, "g", 1) != 1 && errno != EPIPE)
		return error_set(err, errno, "tell the shim to begin");
	cleanup_closep(&launch->go);
	return 0;
}

int launch_wait(struct launch *launch, unsigned wait_ms, struct error *err)
{
	return ready_wait(launch->ready, wait_ms, err);
}

void launch_close(struct launch *launch)
{
	cleanup_closep(&launch->go);
	cleanup_closep(&launch->ready);
}

int launch_shim(const char *state, const char *key, unsigned wait_ms, struct error *err)
{
	struct launch launch;
	int r = launch_begin(state, key, 0, &launch, err);

	if (r < 0)
		return r;
	r = launch_go(&launch, err);
	if (r == 0)
		r = launch_wait(&launch, wait_ms, err);
	launch_close(&launch);
	return r;
}
