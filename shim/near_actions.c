/* SPDX-License-Identifier: Apache-2.0 */
#include "near_actions.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "count.h"
#include "ere.h"
#include "guard.h"
#include "proc.h"
#include "record.h"

/* The processes of that name get the signal, each through a pidfd that was seen to be a member. */
static int signal_named(struct guard *guard, int signal)
{
	regex_t ere;
	ssize_t n;
	int sent = 0, r = ere_compile(guard->profile->on_near_limit.process, &ere, NULL);

	if (r < 0)
		return r;
	n = cgroup_procs(guard->memcg.dirfd, guard->pids, KILL_PIDS_MAX);
	for (ssize_t i = 0; i < n && i < KILL_PIDS_MAX; i++) {
		struct proc_stat stat;

		if (proc_stat_read(guard->procfd, guard->pids[i], &stat) == 0 &&
		    ere_matches(&ere, stat.comm) &&
		    signal_member(&guard->target, guard->pids[i], signal))
			sent++;
	}
	regfree(&ere);
	return sent;
}

static void send_signal(struct guard *guard, int signal)
{
	int r;

	if (guard->profile->on_near_limit.process[0])
		r = signal_named(guard, signal);
	else
		r = pidfd_signal(guard->init_pidfd, signal) == 0 ? 1 : -ESRCH;
	if (r > 0)
		record_event(guard, "near-limit", "signal %d sent to %d process%s", signal, r,
			     r == 1 ? "" : "es");
	else
		record_problem(guard, "near the limit: nobody got signal %d", signal);
}

static void kill_one(struct guard *guard)
{
	struct candidate victim;
	char text[160];

	if (victim_choose(&guard->target, &guard->tight.rules, guard->plan.init_pid, &victim) < 0 ||
	    victim_kill(&guard->target, &victim) < 0) {
		record_problem(guard, "near the limit: no process to kill");
		return;
	}
	record_event(guard, "near-limit", "killed the largest process, %s",
		     victim_text(&victim, text, sizeof(text)));
	count_action(guard, ladder_rung_name(RUNG_KILL_LARGEST), "killed");
}

void near_act(struct guard *guard, const struct stall_sample *now)
{
	const struct near_actions *actions = &guard->profile->on_near_limit.actions;

	/* Where nothing tells of forks, who came by one is found here, whatever else is to be done.
	 */
	if (guard->scores.way == SCORES_AT_START || guard->scores.way == SCORES_NEAR_LIMIT)
		guard_rescore(guard);
	for (size_t i = 0; i < actions->len; i++) {
		switch (actions->action[i].kind) {
		case NEAR_REPORT:
			record_near(guard, now);
			break;
		case NEAR_SNAPSHOT:
			record_snapshot(guard, now);
			break;
		case NEAR_SIGNAL:
			send_signal(guard, actions->action[i].signal);
			break;
		case NEAR_RESCORE:
			guard_rescore(guard);
			break;
		case NEAR_KILL_LARGEST:
			kill_one(guard);
			break;
		}
	}
}
