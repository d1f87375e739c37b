/* SPDX-License-Identifier: Apache-2.0 */
/* Leaving in order. */
#include "cleanup.h"
#include "empty.h"
#include "guard.h"
#include "proc.h"
#include "record.h"

#define NOTABLE_BYTES (1024 * 1024)

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
