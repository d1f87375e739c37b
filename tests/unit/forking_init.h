/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A process that stands for a container's init: it makes processes when it is told to. 't': a
 * thread comes and goes; 'f': a child; 'd': a child that has a child and ends.
 */
#pragma once

#include <check.h>
#include <pthread.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

struct forking_init {
	pid_t pid;
	int to, from; /* pipes */
};

static inline void *forking_init_thread(void *argument)
{
	return NULL;
}

static inline void forking_init_tell(int fd, pid_t pid)
{
	if (write(fd, &pid, sizeof(pid)) != sizeof(pid))
		_exit(1);
}

static inline void forking_init_wait(void)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;)
		pause();
}

static inline void forking_init_serve(int in, int out)
{
	pthread_t thread;
	char what;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	while (read(in, &what, 1) == 1) {
		pid_t child;

		if (what == 't') {
			if (pthread_create(&thread, NULL, forking_init_thread, NULL) == 0)
				pthread_join(thread, NULL);
			forking_init_tell(out, 0);
			continue;
		}
		child = fork();
		if (child == 0 && what == 'd' && fork() != 0)
			_exit(0);
		if (child == 0) {
			if (what == 'd')
				forking_init_tell(out, getpid());
			forking_init_wait();
		}
		if (what == 'd')
			waitpid(child, NULL, 0);
		else
			forking_init_tell(out, child);
	}
	_exit(0);
}

static inline void forking_init_start(struct forking_init *init)
{
	int down[2], up[2];

	ck_assert_int_eq(pipe(down), 0);
	ck_assert_int_eq(pipe(up), 0);
	init->pid = fork();
	ck_assert_int_ge(init->pid, 0);
	if (init->pid == 0) {
		close(down[1]);
		forking_init_serve(down[0], up[1]);
	}
	close(down[0]);
	close(up[1]);
	init->to = down[1];
	init->from = up[0];
}

/* Returns when it is done: the process that was made and lives, 0 for a thread. */
static inline pid_t forking_init_order(const struct forking_init *init, char what)
{
	pid_t pid;

	ck_assert_int_eq(write(init->to, &what, 1), 1);
	ck_assert_int_eq(read(init->from, &pid, sizeof(pid)), sizeof(pid));
	return pid;
}

static inline void forking_init_end(struct forking_init *init)
{
	kill(init->pid, SIGKILL);
	waitpid(init->pid, NULL, 0);
	close(init->to);
	close(init->from);
}
