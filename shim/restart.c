/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Running the container again. The order is what keeps it safe: all processes are gone, the
 * container stays `stopped` through the backoff so that a user's `delete` cancels, one of the
 * host's restart slots is held, and only then it is deleted and run from the same bundle.
 */
#include "guard.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cgroup.h"
#include "cleanup.h"
#include "clock.h"
#include "record.h"
#include "slots.h"
#include "useless.h"

#define SLOT_POLL_MS 200
/* The tmpfs mounts of a container go some time after its last process. */
#define USELESS_POLL_MS 100
#define USELESS_POLLS 10
#define EMPTY_POLL_MS 500
#define EMPTY_DEADLINE_MS (5 * 60 * 1000) /* for what SIGKILL does not end at once */
#define RERUN_DEADLINE_MS (2 * 60 * 1000)

enum waited {
	WAITED_WHOLE,
	WAITED_CANCELLED,
	WAITED_SWITCHED_OFF,
	WAITED_DELETED,
	WAITED_NOT_EMPTY,
	WAITED_HELPLESS /* the next decision finds another way */
};

static enum waited interrupted(const struct guard *guard)
{
	if (guard->leave)
		return WAITED_DELETED;
	if (guard->cancelled)
		return WAITED_CANCELLED;
	if (guard_switched_off(guard))
		return WAITED_SWITCHED_OFF;
	return guard->helper.pid > 0 ? WAITED_WHOLE : WAITED_HELPLESS;
}

/* Sleeps in the epoll set, so that a cancel or a delete ends it at once. */
static enum waited wait_ms(struct guard *guard, uint64_t ms)
{
	uint64_t now = clock_ms(CLOCK_MONOTONIC), end = now + ms;

	while (interrupted(guard) == WAITED_WHOLE && now < end) {
		uint64_t left = end - now;
		int events = watch_wait(&guard->watch, left > 3600000 ? 3600000 : (int)left);

		guard_signals(guard, events);
		guard_helper_event(guard, events);
		now = clock_ms(CLOCK_MONOTONIC);
	}
	return interrupted(guard);
}

/* The runtime's state directory is still the one of our container. */
static bool container_stands(const struct guard *guard)
{
	struct stat st;

	return stat(guard->plan.restart.state_dir, &st) == 0 &&
	       st.st_ino == guard->state_dir_inode && st.st_dev == guard->state_dir_device;
}

/* Nothing of the old incarnation may run beside the new one. */
static enum waited wait_really_empty(struct guard *guard)
{
	uint64_t end = clock_ms(CLOCK_MONOTONIC) + EMPTY_DEADLINE_MS;
	enum waited waited = WAITED_WHOLE;

	while (waited == WAITED_WHOLE && !kill_nobody_left(&guard->memcg)) {
		if (clock_ms(CLOCK_MONOTONIC) >= end)
			return WAITED_NOT_EMPTY;
		waited = wait_ms(guard, EMPTY_POLL_MS);
	}
	return waited;
}

static enum waited back_off(struct guard *guard, const struct decision *decision)
{
	enum waited waited;

	guard->status.backoff_ends_ms = clock_ms(CLOCK_REALTIME) + decision->backoff_ms;
	record_event(guard, "backoff", "restart %u of %u in %llu ms", decision->restart_number,
		     guard->profile->restart.max, (unsigned long long)decision->backoff_ms);
	record_phase(guard, SHIM_BACKOFF);
	waited = wait_really_empty(guard);
	if (waited == WAITED_WHOLE)
		waited = wait_ms(guard, decision->backoff_ms);
	guard->status.backoff_ends_ms = 0;
	return waited;
}

/* Would it end as the last one did? Then the reason is in decision->reason. */
static bool is_useless(struct guard *guard, struct decision *decision)
{
	char reason[sizeof(decision->reason)];
	struct useless_facts facts;

	for (int poll = 0; poll < USELESS_POLLS; poll++) {
		if (poll > 0 && wait_ms(guard, USELESS_POLL_MS) != WAITED_WHOLE)
			return false;
		useless_read(&guard->memcg, &guard->evidence.ancestors, guard->procfd,
			     guard->plan.identity.runtime, &facts);
		if (!restart_useless(&facts, reason, sizeof(reason)))
			return false;
	}
	memcpy(decision->reason, reason, sizeof(reason));
	return true;
}

static void give_up_useless(struct guard *guard, const struct decision *decision)
{
	struct incident *incident = &guard->incident;

	memcpy(incident->reason, decision->reason, sizeof(incident->reason));
	snprintf(incident->result, sizeof(incident->result), "gave-up");
	record_gave_up(guard, decision);
	record_incident(guard);
}

static enum waited wait_slot(struct guard *guard, int *slot)
{
	enum waited waited = WAITED_WHOLE;

	while (waited == WAITED_WHOLE) {
		*slot = slot_take(&guard->root, guard->max_concurrent_restarts);
		/* Other errors (full disk) must not keep the container down. */
		if (*slot >= 0 || *slot != -EWOULDBLOCK)
			return WAITED_WHOLE;
		waited = wait_ms(guard, SLOT_POLL_MS);
	}
	return waited;
}

/*
 * Waits for what the helper did. -ECANCELED when told to leave meanwhile: the user deletes it, so
 * it is not to be run; the helper ends before that, or is ended. A cancel is for the next time.
 */
static int wait_answer(struct guard *guard, struct helper_answer *answer)
{
	uint64_t now = clock_ms(CLOCK_MONOTONIC), end = now + RERUN_DEADLINE_MS;
	int r = helper_restart(&guard->helper);

	if (r < 0)
		return r;
	for (; now < end; now = clock_ms(CLOCK_MONOTONIC)) {
		int events = watch_wait(&guard->watch, (int)(end - now));

		guard_signals(guard, events);
		if (events > 0 && (events & WATCH_HELPER)) {
			r = helper_answer(&guard->helper, answer);
			if (r != -EAGAIN)
				return r;
		}
		if (guard->leave) {
			watch_remove(&guard->watch, guard->helper.socket);
			helper_stop(&guard->helper);
			return -ECANCELED;
		}
	}
	return -ETIMEDOUT;
}

/* How one of the runtime's two commands ended, in words. */
static const char *ended(int32_t status, char *buf, size_t cap)
{
	if (status < 0)
		snprintf(buf, cap, "could not be run: %s", strerrordesc_np(-status));
	else if (WIFSIGNALED(status))
		snprintf(buf, cap, "was ended by signal %d", WTERMSIG(status));
	else
		snprintf(buf, cap, "ended with status %d", WEXITSTATUS(status));
	return buf;
}

/* Told with what somebody can try by hand. */
static int tell_rerun(struct guard *guard, const struct helper_answer *answer)
{
	bool deleted = answer->delete_status == 0, done = deleted && answer->run_status == 0;
	char words[128];

	ended(deleted ? answer->run_status : answer->delete_status, words, sizeof(words));
	incident_act(&guard->incident, clock_us(CLOCK_MONOTONIC), "restart",
		     done ? "done" : "failed", "%s %s", deleted ? "run" : "delete", words);
	if (done)
		return 0;
	record_problem(guard, "restart failed: `%s %s` %s; its bundle is %s",
		       guard->plan.identity.runtime, deleted ? "run" : "delete", words,
		       guard->plan.identity.bundle);
	return -EIO;
}

/* Delete and run by the helper. The new incarnation's shim needs shim.lock: it is given up first.
 * *deleted: the container that does not stand any more was deleted by us. */
static int rerun(struct guard *guard, bool *deleted)
{
	struct helper_answer answer;
	int r;

	record_event(guard, "restart", "delete and run again: %s", guard->plan.identity.runtime);
	record_phase(guard, SHIM_RESTARTING);
	cleanup_closep(&guard->lock);
	r = wait_answer(guard, &answer);
	if (r == -ECANCELED)
		return r;
	if (r == -ETIMEDOUT) {
		*deleted = !container_stands(guard);
		record_problem(guard, "restart failed: the helper did not answer in time");
		return r;
	}
	if (r < 0) {
		guard_no_helper(guard, "the helper that would do it is gone");
		return r;
	}
	*deleted = *deleted || answer.delete_status == 0;
	return tell_rerun(guard, &answer);
}

static void finish(struct guard *guard, const char *result, const char *event, const char *words)
{
	snprintf(guard->incident.result, sizeof(guard->incident.result), "%s", result);
	record_event(guard, event, "%s", words);
	record_incident(guard);
}

/* What to do when the waiting did not end in a restart. */
static void finish_waited(struct guard *guard, enum waited waited)
{
	if (waited == WAITED_DELETED)
		finish(guard, "cancelled", "cancelled", "the container was deleted meanwhile");
	else if (waited == WAITED_SWITCHED_OFF)
		finish(guard, "cancelled", "switched-off",
		       "oomguard was switched off meanwhile: it is not run again");
	else if (waited == WAITED_NOT_EMPTY)
		finish(guard, "kill-incomplete", "gave-up",
		       "its old processes cannot be ended, so it is not started again");
	else
		finish(guard, "cancelled", "cancelled",
		       container_stands(guard) ? "restarts were cancelled; it stays stopped"
					       : "restarts were cancelled; it is not run again");
}

/* After a failed rerun: is it still ours to try again? */
static enum waited take_back(struct guard *guard)
{
	guard->lock = state_lock(guard->container, STATE_SHIM_LOCK, 0);
	guard->handed_over = guard->lock < 0;
	/* The file too: who cancels may not have found us without the lock. */
	guard_signals(guard, watch_signals(&guard->watch) | WATCH_RELOAD);
	return interrupted(guard);
}

/* One try. True when the story is over, well or not. */
static bool try_restart(struct guard *guard, struct decision *decision, bool *deleted)
{
	cleanup_close int slot = -1;
	enum waited waited = back_off(guard, decision);

	if (waited == WAITED_WHOLE && is_useless(guard, decision)) {
		give_up_useless(guard, decision);
		return true;
	}
	if (waited == WAITED_WHOLE)
		waited = interrupted(guard);
	if (waited == WAITED_WHOLE)
		waited = wait_slot(guard, &slot);
	/* A container of that name that is not ours, or ours gone: somebody else acted. */
	if (waited == WAITED_WHOLE && container_stands(guard) == *deleted)
		waited = WAITED_DELETED;
	if (waited == WAITED_WHOLE) {
		if (rerun(guard, deleted) == 0) {
			guard->handed_over = true;
			finish(guard, "restarted", "restarted", "a new incarnation runs");
			return true;
		}
		waited = take_back(guard);
	}
	if (waited != WAITED_WHOLE && waited != WAITED_HELPLESS) {
		finish_waited(guard, waited);
		return true;
	}
	if (guard->handed_over) {
		/* Somebody started it again, and its shim is there already. */
		finish(guard, "restart-failed", "problem", "another incarnation has taken over");
		return true;
	}
	return false;
}

bool guard_count_restart(struct guard *guard, struct decision *decision)
{
	struct incident *incident = &guard->incident;
	int r;

	history_add(&guard->history, clock_ms(CLOCK_BOOTTIME));
	r = history_save(&guard->root, &guard->history);
	if (r < 0) {
		bool left = guard->plan.restart.way == RESTART_MANAGER;

		guard->history.len--;
		decision->step = left ? STEP_GIVE_UP_LEAVE : STEP_GIVE_UP_KILL;
		decision->restart_number = 0;
		decision->backoff_ms = 0;
		snprintf(decision->reason, sizeof(decision->reason),
			 "the restart cannot be counted, its history cannot be written (%s): %s",
			 strerrordesc_np(-r), left ? "left as it is" : "killed and left stopped");
		snprintf(incident->decision, sizeof(incident->decision), "%s",
			 step_name(decision->step));
		memcpy(incident->reason, decision->reason, sizeof(incident->reason));
	}
	incident->restart_number = decision->restart_number;
	incident->backoff_ms = decision->backoff_ms;
	guard->status.restarts = (unsigned)guard->history.len;
	return r >= 0;
}

/* What came of the last try is among the facts of the next. */
static void decide_next(struct guard *guard, const struct oom_facts *facts,
			struct decision *decision)
{
	struct oom_facts now;

	guard_abilities(guard, &now);
	now.kills = facts->kills;
	now.init = facts->init;
	now.limit = facts->limit;
	now.group = facts->group;
	decide_after_failed_restart(guard->profile, &now, decision);
	if (decision->step == STEP_RESTART)
		guard_count_restart(guard, decision);
}

void guard_restart(struct guard *guard, const struct oom_facts *facts, struct decision *decision)
{
	bool deleted = false;

	watch_remove(&guard->watch, guard->init_pidfd);
	while (!try_restart(guard, decision, &deleted)) {
		decide_next(guard, facts, decision);
		if (decision->step != STEP_RESTART) {
			snprintf(guard->incident.result, sizeof(guard->incident.result),
				 "restart-failed");
			record_gave_up(guard, decision);
			record_incident(guard);
			return;
		}
	}
}
