/* SPDX-License-Identifier: Apache-2.0 */
#include "shim_of.h"

#include <errno.h>
#include <signal.h>
#include <unistd.h>

#include "cleanup.h"
#include "deadline.h"
#include "proc.h"
#include "state.h"
#include "status.h"

#define STEP_MS 50

/* A pidfd of the process that status.json names, if it lives. */
static int open_shim(const struct hook *hook, const struct shim_status *status)
{
	if (status->shim_pid <= 0)
		return -ESRCH;
	return pidfd_open_exact(hook->procfd, status->shim_pid, status->shim_start_ticks);
}

bool shim_restarting(const struct hook *hook, int container_dir, const struct plan *plan)
{
	cleanup_close int pidfd = -1;
	struct shim_status status;

	if (status_read(container_dir, &status, NULL) < 0 || status.phase != SHIM_RESTARTING ||
	    status.init_pid != plan->init_pid || status.init_start_ticks != plan->init_start_ticks)
		return false;
	pidfd = open_shim(hook, &status);
	return pidfd >= 0 && !pidfd_exited(pidfd);
}

/* Signals whoever status.json names. A shim that is just starting has not written it yet. */
static void signal_shim(const struct hook *hook, int container_dir, int signal)
{
	cleanup_close int pidfd = -1;
	struct shim_status status;

	if (status_read(container_dir, &status, NULL) < 0)
		return;
	pidfd = open_shim(hook, &status);
	if (pidfd >= 0)
		pidfd_signal(pidfd, signal);
}

static bool let_go(int container_dir, unsigned wait_ms)
{
	int lock = state_lock(container_dir, STATE_SHIM_LOCK, wait_ms);

	if (lock < 0)
		return false;
	close(lock);
	return true;
}

int shim_end(const struct hook *hook, int container_dir)
{
	unsigned wait_ms = deadline_left_ms() / 2, waited = 0;

	if (!state_locked(container_dir, STATE_SHIM_LOCK))
		return 0;
	do {
		/* Again in each round: status.json may not have been there in the first. */
		signal_shim(hook, container_dir, SIGTERM);
		if (let_go(container_dir, STEP_MS))
			return 0;
		waited += STEP_MS;
	} while (waited < wait_ms);
	signal_shim(hook, container_dir, SIGKILL);
	return let_go(container_dir, deadline_left_ms() / 2) ? 0 : -ETIMEDOUT;
}

void shim_dismiss(const struct hook *hook, int container_dir)
{
	signal_shim(hook, container_dir, SIGTERM);
}
