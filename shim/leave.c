/* SPDX-License-Identifier: Apache-2.0 */
/* Signals while something is under way, and leaving in order. */
#include <stdio.h>
#include <unistd.h>

#include "cgroup.h"
#include "cleanup.h"
#include "empty.h"
#include "guard.h"
#include "proc.h"
#include "record.h"

#define NOTABLE_BYTES (1024 * 1024)

void guard_signals(struct guard *guard, int events)
{
	if (events < 0)
		return;
	if (events & WATCH_TERM)
		guard->leave = true;
	if ((events & WATCH_RELOAD) && !guard->cancelled &&
	    faccessat(guard->container, STATE_CANCELLED, F_OK, 0) == 0) {
		guard->cancelled = true;
		record_event(guard, "cancelled", "no further restart");
		/* While it is run again status.json may be the next incarnation's already. */
		if (guard->status.phase != SHIM_RESTARTING)
			record_phase(guard, guard->status.phase);
	}
}

bool guard_interrupted(void *context)
{
	struct guard *guard = context;

	guard_signals(guard, watch_signals(&guard->watch));
	return guard->leave;
}

bool guard_stopped(struct guard *guard)
{
	return guard_interrupted(guard) || guard_switched_off(guard);
}

/* The last thing: it takes its time, so nobody may wait for us any more. */
static void empty(struct guard *guard)
{
	uint64_t bytes;

	cleanup_closep(&guard->lock);
	if (guard->aside || !guard->profile->settings.empty_on_exit ||
	    !pidfd_exited(guard->init_pidfd))
		return;
	bytes = empty_cgroup(&guard->memcg);
	if (bytes >= NOTABLE_BYTES)
		record_emptied(guard, bytes);
}

void guard_leave(struct guard *guard, const char *why)
{
	struct error err = {0};

	helper_stop(&guard->helper);
	slow_close(&guard->slow);
	if (guard->handed_over) {
		journal_close(&guard->journal);
		return;
	}
	journal_event(&guard->journal, JOURNAL_INFO, "left", "%s", why);
	record_phase(guard, SHIM_LEFT);
	/* With the kill switch on the poststop hook does nothing. */
	if ((!guard->plan.cleanup_by_poststop || guard_switched_off(guard)) &&
	    state_container_remove(&guard->root, guard->key, &err) < 0)
		journal_event(&guard->journal, JOURNAL_WARNING, "problem", "%s", err.message);
	empty(guard);
	journal_close(&guard->journal);
}
