/* SPDX-License-Identifier: Apache-2.0 */
/* The kill switch: nothing is done while it is on, and all is looked at anew when it is off. */
#include "guard.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "cleanup.h"
#include "clock.h"
#include "disabled.h"
#include "ladder.h"
#include "record.h"

/* Where nothing tells of a change, or while a raised limit is still to be taken back. */
#define LOOK_EVERY_MS 5000

/* -1: nothing will be told of that directory. */
static int open_watched(const char *path)
{
	cleanup_close int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd >= 0 && watch_names(fd) == 0 ? take_fd(&fd) : -1;
}

void guard_watch_switch(struct guard *guard)
{
	char path[PATH_MAX];
	char *name, *above;

	cleanup_closep(&guard->disabled_above);
	cleanup_closep(&guard->disabled_dir);
	guard->switch_told = watch_names(guard->root.dirfd) == 0;
	snprintf(path, sizeof(path), "%s", guard->disabled_file ? guard->disabled_file : "");
	name = strrchr(path, '/');
	if (!name)
		return;
	*name = '\0';
	/* First the one above: when the directory is another one while we open it, that is told. */
	above = strrchr(path, '/');
	if (above && above > path) {
		*above = '\0';
		guard->disabled_above = open_watched(path);
		*above = '/';
	}
	guard->disabled_dir = open_watched(path);
}

/* Will the switch's removal wake us? */
static bool is_told(const struct guard *guard)
{
	return disabled_at(guard->disabled_file, -1) ? guard->disabled_dir >= 0
						     : guard->switch_told;
}

static void step_aside(struct guard *guard)
{
	guard->aside = true;
	/* Its directory may be another one than when we armed. */
	guard_watch_switch(guard);
	ladder_take_back(guard);
	if (disabled_at(guard->disabled_file, -1))
		record_event(guard, "switched-off", "while %s exists", guard->disabled_file);
	else
		record_event(guard, "switched-off", "while %s/%s exists", guard->root.path,
			     DISABLED_NAME);
	record_phase(guard, SHIM_ASIDE);
}

/* What happened meanwhile is nobody's: it is neither counted nor answered. */
static void come_back(struct guard *guard)
{
	struct memcg_counters now;

	guard->aside = false;
	if (memcg_counters_read(&guard->memcg, &now) == 0)
		guard->seen = now;
	evidence_rebase(&guard->evidence);
	guard->tight.stall = (struct stall_watch){0};
	guard->tight.unresolved = STALL_NONE;
	guard->tight.next_ms = clock_ms(CLOCK_MONOTONIC);
	record_event(guard, "switched-on",
		     "watching again; what happened meanwhile is not looked at");
	record_phase(guard, SHIM_WATCHING);
}

const char *guard_stand_aside(struct guard *guard)
{
	if (!guard_switched_off(guard))
		return NULL;
	step_aside(guard);
	while (guard_switched_off(guard)) {
		bool settled = ladder_take_back(guard) && is_told(guard);
		int events = watch_wait_signals(&guard->watch, guard->init_pidfd,
						settled ? -1 : LOOK_EVERY_MS);

		if (events < 0)
			return "waiting failed";
		if (events & WATCH_SWITCH)
			guard_watch_switch(guard);
		guard_signals(guard, events);
		if (events & WATCH_INIT_END)
			return "the container ended while oomguard was switched off";
		if (guard->leave)
			return "told to leave";
	}
	come_back(guard);
	return NULL;
}
