/* SPDX-License-Identifier: Apache-2.0 */
#include "guarding.h"

#include <errno.h>

#include "cleanup.h"
#include "incarnation.h"
#include "proc.h"
#include "state.h"

enum guarding guarding_judge(const struct guarding_facts *facts)
{
	if (facts->shim_locked)
		return GUARDING_WATCHED;
	if (facts->hook_at_work)
		return GUARDING_HOOK_AT_WORK;
	if (facts->restarting)
		return GUARDING_RESTARTING;
	if (!facts->has_plan)
		return facts->init_gone ? GUARDING_REMAINS : GUARDING_UNREADABLE;
	if (!facts->init_alive)
		return GUARDING_ENDED;
	return facts->guarded ? GUARDING_LOST : GUARDING_UNWANTED;
}

const char *guarding_name(enum guarding guarding)
{
	static const char *const names[] = {
	    [GUARDING_WATCHED] = "watched",	  [GUARDING_RESTARTING] = "restarting",
	    [GUARDING_HOOK_AT_WORK] = "starting", [GUARDING_UNWANTED] = "unguarded",
	    [GUARDING_ENDED] = "ended",		  [GUARDING_UNREADABLE] = "broken",
	    [GUARDING_REMAINS] = "broken",	  [GUARDING_LOST] = "shim-dead",
	};

	return names[guarding];
}

/* Where the plan cannot be read: does the shim's last word name an init that is gone? */
static bool init_gone(int procfd, int container_dir)
{
	struct shim_status status;
	struct proc_stat stat;
	int r;

	if (status_read(container_dir, &status, NULL) < 0 || status.init_pid <= 0)
		return false;
	r = proc_stat_read(procfd, status.init_pid, &stat);
	if (r < 0)
		return r == -ESRCH;
	return stat.start_ticks != status.init_start_ticks || stat.state == 'Z' ||
	       stat.state == 'X';
}

void guarding_read(int procfd, int container_dir, const struct plan *plan,
		   struct guarding_facts *out)
{
	cleanup_close int restarting = -1;

	*out = (struct guarding_facts){
	    .has_plan = plan != NULL,
	    .guarded = plan && plan->guarded,
	    .hook_at_work = state_locked(container_dir, STATE_LOCK),
	};
	restarting = shim_open_restarting(procfd, container_dir, NULL);
	out->restarting = restarting >= 0;
	/* The lock after the restart: a new incarnation's shim takes it before the old one ends. */
	out->shim_locked = state_locked(container_dir, STATE_SHIM_LOCK);
	out->init_alive = plan && init_lives(procfd, plan);
	out->init_gone = !plan && init_gone(procfd, container_dir);
}
