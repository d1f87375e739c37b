/* SPDX-License-Identifier: Apache-2.0 */
/* Signals while something is under way, and leaving in order. */
#include <stdio.h>
#include <unistd.h>

#include "cleanup.h"
#include "guard.h"
#include "record.h"

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

void guard_leave(struct guard *guard, const char *why)
{
	struct error err = {0};

	helper_stop(&guard->helper);
	if (guard->handed_over) {
		journal_close(&guard->journal);
		return;
	}
	journal_event(&guard->journal, JOURNAL_INFO, "left", "%s", why);
	record_phase(guard, SHIM_LEFT);
	if (!guard->plan.cleanup_by_poststop &&
	    state_container_remove(&guard->root, guard->key, &err) < 0)
		journal_event(&guard->journal, JOURNAL_WARNING, "problem", "%s", err.message);
	journal_close(&guard->journal);
}
