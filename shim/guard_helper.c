/* SPDX-License-Identifier: Apache-2.0 */
/* The guard's side of the restart helper: its start, its loss, and answers nobody waits for. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/stat.h>

#include "guard.h"
#include "record.h"

void guard_no_helper(struct guard *guard, const char *why)
{
	if (guard->helper.pid > 0) {
		watch_remove(&guard->watch, guard->helper.socket);
		helper_stop(&guard->helper);
	}
	guard->plan.restart.way = RESTART_NONE;
	/* The old words are not on the heap any more (shrink.c), and these need not be. */
	snprintf(guard->why_not, sizeof(guard->why_not), "%s", why);
	guard->plan.restart.why = guard->why_not;
	record_problem(guard, "it cannot be restarted any more: %s", why);
}

void guard_start_helper(struct guard *guard)
{
	struct error err = {0};
	char text[512];
	struct stat st;
	int r;

	if (!decide_may_restart(guard->profile) || guard->plan.restart.way != RESTART_RUNTIME)
		return;
	if (stat(guard->plan.restart.state_dir, &st) < 0) {
		r = error_set(&err, errno, "look at %s", guard->plan.restart.state_dir);
	} else {
		guard->state_dir_inode = st.st_ino;
		guard->state_dir_device = st.st_dev;
		r = helper_start(&guard->helper, &guard->plan, guard->init_pidfd, &err);
	}
	if (r == 0)
		r = watch_add(&guard->watch, guard->helper.socket, EPOLLIN, WATCH_HELPER);
	/* A report and a kill need no helper. */
	if (r < 0)
		guard_no_helper(guard, err.code ? error_text(&err, text, sizeof(text))
						: "the helper cannot be watched");
}

void guard_helper_event(struct guard *guard, int events)
{
	struct helper_answer late;

	if (events < 0 || !(events & WATCH_HELPER))
		return;
	/* A dead helper's socket is readable for ever. */
	if (helper_answer(&guard->helper, &late) == -EPIPE)
		guard_no_helper(guard, "the helper that would do it is gone");
}
