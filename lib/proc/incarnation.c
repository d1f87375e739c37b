/* SPDX-License-Identifier: Apache-2.0 */
#include "incarnation.h"

#include <errno.h>
#include <string.h>

#include "cleanup.h"
#include "proc.h"

bool init_lives(int procfd, const struct plan *plan)
{
	struct proc_stat stat;
	char boot_id[37];

	if (!plan->init_pid || proc_boot_id(procfd, boot_id) < 0 || strcmp(boot_id, plan->boot_id))
		return false;
	return proc_stat_read(procfd, plan->init_pid, &stat) == 0 &&
	       stat.start_ticks == plan->init_start_ticks && stat.state != 'Z' && stat.state != 'X';
}

int shim_open(int procfd, const struct shim_status *status)
{
	if (status->shim_pid <= 0)
		return -ESRCH;
	return pidfd_open_exact(procfd, status->shim_pid, status->shim_start_ticks);
}

bool status_is_of(const struct shim_status *status, const struct plan *plan)
{
	return status->init_pid == plan->init_pid &&
	       status->init_start_ticks == plan->init_start_ticks;
}

int shim_open_restarting(int procfd, int container_dir, const struct plan *plan)
{
	cleanup_close int pidfd = -1;
	struct shim_status status;

	if (status_read(container_dir, &status, NULL) < 0 || status.phase != SHIM_RESTARTING ||
	    (plan && !status_is_of(&status, plan)))
		return -ESRCH;
	pidfd = shim_open(procfd, &status);
	return pidfd >= 0 && !pidfd_exited(pidfd) ? take_fd(&pidfd) : -ESRCH;
}
