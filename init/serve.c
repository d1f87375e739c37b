/* SPDX-License-Identifier: Apache-2.0 */
#include "serve.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/wait.h>
#include <unistd.h>

static void send(pid_t workload, const struct place *place, int signal)
{
	/* With a terminal, the program the user sees may be another one of the workload's group. */
	if (place->terminal < 0 || place->shared || kill(-workload, signal) < 0)
		kill(workload, signal);
}

static bool is_stop_of_terminal(int signal)
{
	return signal == SIGTSTP || signal == SIGTTIN || signal == SIGTTOU;
}

/*
 * What the terminal or the workload sends to the group we share with it has reached the workload
 * already, and so has the SIGCONT of a shell. That shell sees the job stopped only when we stop.
 */
static void share(int signal)
{
	if (is_stop_of_terminal(signal))
		kill(getpid(), SIGSTOP);
}

static void handle(pid_t workload, const struct place *place, const siginfo_t *info)
{
	bool from_group =
	    info->si_code == SI_KERNEL || info->si_pid == workload || info->si_signo == SIGCONT;

	if (place->shared && from_group)
		share(info->si_signo);
	else
		send(workload, place, info->si_signo);
}

/*
 * Ctrl-Z stops the workload, and no shell is there to continue it: without this init, it would be
 * PID 1 and could not be stopped from the keyboard at all. SIGSTOP is somebody's will and stays.
 */
static void undo_stop(pid_t workload, const struct place *place, int status)
{
	if (WSTOPSIG(status) == SIGTSTP)
		send(workload, place, SIGCONT);
}

/* Several children may end behind one SIGCHLD. True: the workload is among them. */
static bool reap(pid_t workload, const struct place *place, int *exit_status)
{
	int options = WNOHANG | (place->terminal >= 0 && !place->shared ? WUNTRACED : 0);
	bool ended = false;
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, options)) > 0) {
		if (pid != workload)
			continue;
		if (WIFSTOPPED(status)) {
			undo_stop(workload, place, status);
			continue;
		}
		*exit_status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
		ended = true;
	}
	return ended;
}

int serve(pid_t workload, const struct place *place)
{
	int exit_status = 0;
	siginfo_t info;
	sigset_t all;

	sigfillset(&all);
	for (;;) {
		if (sigwaitinfo(&all, &info) < 0)
			continue;
		if (info.si_signo != SIGCHLD)
			handle(workload, place, &info);
		else if (reap(workload, place, &exit_status))
			return exit_status;
	}
}
