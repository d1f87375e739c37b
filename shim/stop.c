/* SPDX-License-Identifier: Apache-2.0 */
/* What stops what is under way: a signal, `oomguard cancel`, the kill switch. */
#include <fcntl.h>
#include <unistd.h>

#include "disabled.h"
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
	int events = watch_signals(&guard->watch);

	if (events & WATCH_SWITCH)
		guard_watch_switch(guard);
	guard_signals(guard, events);
	return guard->leave;
}

bool guard_switched_off(const struct guard *guard)
{
	return disabled_at(guard->disabled_file, guard->root.dirfd);
}

bool guard_stopped(struct guard *guard)
{
	return guard_interrupted(guard) || guard_switched_off(guard);
}
