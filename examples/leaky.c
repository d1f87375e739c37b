/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A service with a leak: PID 1 starts one worker and lives on whatever becomes of it, and the
 * worker takes memory until somebody stops it. Without a guard the platform says "running" after
 * the worker is gone.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define STEP_BYTES (1024 * 1024)

static void leak(void)
{
	for (unsigned long mib = 1;; mib++) {
		char *block = malloc(STEP_BYTES);

		if (!block)
			_exit(1);
		memset(block, (int)mib, STEP_BYTES);
		if (mib % 16 == 0)
			printf("worker %d: %lu MiB\n", getpid(), mib);
		/* Slow enough to be seen coming: from three quarters of 64 MiB on for a second. */
		usleep(70000);
	}
}

int main(void)
{
	int status;
	pid_t worker;

	setvbuf(stdout, NULL, _IOLBF, 0);
	worker = fork();
	if (worker == 0)
		leak();
	printf("init %d: worker %d started\n", getpid(), worker);
	if (waitpid(worker, &status, 0) == worker && WIFSIGNALED(status))
		printf("init: the worker is gone (signal %d), I live on and serve nothing\n",
		       WTERMSIG(status));
	/* PID 1 has no default action for SIGTERM; a service would handle it. */
	for (;;)
		pause();
}
