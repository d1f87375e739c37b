/* SPDX-License-Identifier: Apache-2.0 */
#include "tight.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "cleanup.h"
#include "clock.h"
#include "guard.h"
#include "ladder.h"
#include "near_actions.h"
#include "record.h"
#include "zombies.h"

/* Just below the limit: where stall_at_limit() begins. */
#define AT_LIMIT_PER_MILLE 980
/* More crossings than that between two slow looks: usage dances on the mark, and the timer is
 * enough until usage is so far below the marks. */
#define CROSSINGS_MAX 4
#define REARM_SHARE 8 /* one in eight of the limit */
/* The kernel takes an RCU grace period for each threshold, and no cgroup is removed meanwhile: a
 * container that is over sooner than this should not have to wait for its end. What happens to it
 * meanwhile is looked at all the same, and then they are opened with that look. */
#define SETTLED_MS 1000
/* PSI windows may be half a second to ten seconds long (Documentation/accounting/psi.rst). */
#define PSI_WINDOW_MAX_US 10000000
#define PSI_WINDOW_MIN_US 500000

static void forget_thresholds(struct guard *guard)
{
	if (guard->tight.thresholds < 0)
		return;
	watch_remove(&guard->watch, guard->tight.thresholds);
	/* Closing the eventfd takes the registrations with it. */
	cleanup_closep(&guard->tight.thresholds);
}

static void open_thresholds(struct guard *guard, const struct memcg_usage *usage)
{
	struct tight *tight = &guard->tight;
	uint64_t mark = near_mark(guard->profile, usage);

	forget_thresholds(guard);
	tight->limit = usage->limit;
	tight->crossings = 0;
	tight->dancing = false;
	if (guard->memcg.version != CGROUP_V1 || usage->limit == MEMCG_NO_LIMIT)
		return;
	tight->thresholds = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (tight->thresholds < 0)
		return;
	if (memcg_threshold(&guard->memcg, tight->thresholds,
			    usage->limit / 1000 * TIMELINE_FROM_PER_MILLE) < 0 ||
	    memcg_threshold(&guard->memcg, tight->thresholds,
			    usage->limit / 1000 * AT_LIMIT_PER_MILLE) < 0 ||
	    (mark != MEMCG_NO_LIMIT &&
	     memcg_threshold(&guard->memcg, tight->thresholds, mark) < 0) ||
	    watch_add(&guard->watch, tight->thresholds, EPOLLIN, WATCH_TIGHT) < 0)
		cleanup_closep(&tight->thresholds);
}

/* What the kernel measures at once of onStall.pressure.for (kernel/sched/psi.c). */
static uint64_t pressure_window_us(const struct profile *profile)
{
	uint64_t window = profile->on_stall.pressure_for_ms * 1000;

	if (window > PSI_WINDOW_MAX_US)
		return PSI_WINDOW_MAX_US;
	return window < PSI_WINDOW_MIN_US ? PSI_WINDOW_MIN_US : window;
}

/* A trigger that fires when the share of onStall.pressure is passed. Its file stays open with it.
 */
static void open_pressure(struct guard *guard)
{
	struct tight *tight = &guard->tight;
	uint64_t window = pressure_window_us(guard->profile);
	char trigger[64];
	int len;

	if (guard->memcg.version != CGROUP_V2)
		return;
	tight->pressure =
	    openat(guard->memcg.dirfd, "memory.pressure", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (tight->pressure < 0)
		return;
	len = snprintf(trigger, sizeof(trigger), "full %" PRIu64 " %" PRIu64,
		       window / 1000 * guard->profile->on_stall.pressure_share / 100, window);
	/* With its NUL, as the kernel's own example writes it. */
	if (write(tight->pressure, trigger, (size_t)len + 1) < 0 ||
	    watch_add(&guard->watch, tight->pressure, EPOLLPRI, WATCH_PRESSURE) < 0)
		cleanup_closep(&tight->pressure);
}

/* The pids limit was hit: pids.events tells it, on v1 in the hierarchy of its own. */
static void open_pids(struct guard *guard)
{
	struct tight *tight = &guard->tight;
	char text[64];

	if (guard->pids_dir < 0 && guard->memcg.version == CGROUP_V1)
		return;
	tight->pids =
	    openat(guard->memcg.version == CGROUP_V1 ? guard->pids_dir : guard->memcg.dirfd,
		   "pids.events", O_RDONLY | O_CLOEXEC);
	if (tight->pids < 0)
		return;
	if (pread(tight->pids, text, sizeof(text), 0) < 0 ||
	    watch_add(&guard->watch, tight->pids, EPOLLPRI, WATCH_PIDS) < 0)
		cleanup_closep(&tight->pids);
}

static int sooner(int a_ms, int b_ms)
{
	return a_ms < 0 || (b_ms >= 0 && b_ms < a_ms) ? b_ms : a_ms;
}

static void plan_next(struct guard *guard)
{
	struct tight *tight = &guard->tight;
	const struct stall_sample *last = &tight->stall.last;
	int near_ms =
	    guard->memcg.version == CGROUP_V2 ? near_pace_ms(guard->profile, &last->usage) : -1;
	int ms = sooner(stall_pace_ms(&tight->stall), near_ms);

	if (tight->stall.has_last)
		ms = sooner(ms, timeline_pace_ms(&tight->pace, last, guard->memcg.version));

	if (tight->unresolved != STALL_NONE)
		ms = STALL_SLOW_MS;
	/* After a stall, and while a limit is owed, it is looked at once more soon. */
	else if (tight->owed.limit || !tight->stall.has_last)
		ms = STALL_FAST_MS;
	/* Without a threshold's event somebody has to look when it is over. */
	if (ms < 0 && tight->dancing)
		ms = STALL_SLOW_MS;
	tight->next_ms = ms < 0 ? 0 : clock_ms(CLOCK_MONOTONIC) + (uint64_t)ms;
}

int tight_open(struct guard *guard, struct error *err)
{
	struct tight *tight = &guard->tight;

	tight->thresholds = tight->pressure = tight->pids = -1;
	return victim_rules_init(&tight->rules, guard->profile, err);
}

/* What the kernel does not tell of. Where the cgroup went meanwhile there is nothing to tell. */
static void tell_no_thresholds(struct guard *guard)
{
	const struct tight *tight = &guard->tight;

	if (tight->thresholds < 0 && tight->limit != MEMCG_NO_LIMIT)
		record_problem(guard, "usage thresholds are not to be had: that memory comes near "
				      "its limit is seen only when something else happens");
}

static void tell_no_pressure(struct guard *guard)
{
	if (guard->memcg.version == CGROUP_V2 && guard->tight.pressure < 0 &&
	    !pidfd_exited(guard->init_pidfd))
		record_problem(guard, "memory.pressure cannot be watched: a container that stands "
				      "still below its limit is not seen");
}

/* More than a word in the journal hangs on it that a mark is passed: scores are set there, too. */
static bool acts_near_limit(const struct guard *guard)
{
	const struct near_actions *actions = &guard->profile->on_near_limit.actions;

	for (size_t i = 0; i < actions->len; i++)
		if (actions->action[i].kind != NEAR_REPORT)
			return true;
	return guard->scores.matcher;
}

/* On v1 also opens the thresholds: see mind_thresholds(). */
static uint64_t first_look_ms(const struct guard *guard)
{
	uint64_t now = clock_ms(CLOCK_MONOTONIC);

	return guard->memcg.version == CGROUP_V2 || acts_near_limit(guard) ? now : now + SETTLED_MS;
}

void tight_arm(struct guard *guard)
{
	open_pressure(guard);
	open_pids(guard);
	tell_no_pressure(guard);
	guard->tight.next_ms = first_look_ms(guard);
}

int tight_timeout_ms(const struct guard *guard)
{
	uint64_t now = clock_ms(CLOCK_MONOTONIC);

	if (guard->tight.next_ms == 0)
		return -1;
	return guard->tight.next_ms > now ? (int)(guard->tight.next_ms - now) : 0;
}

/* Tells of the stall, climbs, tells how it ended. True when the container was killed. */
static bool on_stall(struct guard *guard, enum stall_kind kind, const struct stall_sample *now)
{
	struct tight *tight = &guard->tight;
	bool killed, helped;

	record_stall(guard, kind, now);
	killed = ladder_climb(guard, kind);
	helped = record_stall_end(guard, killed);
	/* What it was is dealt with, or told once: the next one is a new one. */
	tight->stall = (struct stall_watch){0};
	tight->unresolved = helped ? STALL_NONE : kind;
	tight->unresolved_from = *now;
	return killed;
}

/* A stall that nothing ended: looked at twice a minute, and its end is told. */
static void mind_unresolved(struct guard *guard, const struct stall_sample *now)
{
	struct tight *tight = &guard->tight;

	if (!stall_helped(tight->unresolved, &tight->unresolved_from, now))
		return;
	tight->unresolved = STALL_NONE;
	record_event(guard, "freed", "the container gets on by itself");
	record_phase(guard, SHIM_WATCHING);
}

/* Thresholds that fire all the time are done without. */
static void stop_dancing(struct guard *guard)
{
	forget_thresholds(guard);
	guard->tight.crossings = 0;
	guard->tight.dancing = true;
}

/* Usage that goes up and down is not to cross them again at once. */
static bool far_below(const struct guard *guard, const struct memcg_usage *usage)
{
	uint64_t mark = near_mark(guard->profile, usage), lowest;

	lowest = usage->limit / 1000 * TIMELINE_FROM_PER_MILLE;
	return usage->usage + usage->limit / REARM_SHARE < (mark < lowest ? mark : lowest);
}

/* The first ones, and those for a new limit. Those that fire all the time are of no use: then the
 * timer looks. True when there are new ones. */
static bool mind_thresholds(struct guard *guard, const struct stall_sample *now)
{
	struct tight *tight = &guard->tight;
	bool new_limit = now->usage.limit != tight->limit;

	if (guard->memcg.version != CGROUP_V1)
		return false;
	if (new_limit || (tight->dancing && far_below(guard, &now->usage))) {
		if (pidfd_exited(guard->init_pidfd))
			return false;
		open_thresholds(guard, &now->usage);
		if (new_limit)
			tell_no_thresholds(guard);
		return tight->thresholds >= 0;
	}
	if (tight->crossings > CROSSINGS_MAX)
		stop_dancing(guard);
	return false;
}

/* After wake-ups by nothing but reclaim at the limit. */
static void mind_reclaim(struct guard *guard, int events)
{
	struct tight *tight = &guard->tight;
	bool full_of_cache = stall_pace(&tight->stall) == PACE_SLOW;

	if (guard->memcg.version != CGROUP_V2 || guard->evidence.kmsg < 0)
		return;
	if (!tight->reclaim_muted && (events & WATCH_OOM) && full_of_cache && tight->stall.failing)
		tight->reclaim_muted = watch_mute_events(&guard->watch, guard->evidence.kmsg);
	else if (tight->reclaim_muted && !full_of_cache)
		tight->reclaim_muted = !watch_unmute_events(&guard->watch, guard->evidence.kmsg);
}

static bool is_due(const struct guard *guard, int events)
{
	if (events & (WATCH_TIGHT | WATCH_PRESSURE | WATCH_OOM | WATCH_LOG | WATCH_PIDS))
		return true;
	return guard->tight.next_ms && clock_ms(CLOCK_MONOTONIC) >= guard->tight.next_ms;
}

/* Where zombies do harm: memory or process ids run out. */
static bool crowded(const struct guard *guard, int events, const struct stall_sample *now)
{
	return (events & WATCH_PIDS) ||
	       near_measure(guard->profile, &now->usage) >=
		   near_mark(guard->profile, &now->usage) ||
	       stall_at_limit(&now->usage);
}

bool tight_step(struct guard *guard, int events)
{
	struct tight *tight = &guard->tight;
	struct stall_sample now;
	enum stall_kind kind;
	bool opened;
	int r;

	if (!is_due(guard, events))
		return false;
	if (events & WATCH_TIGHT)
		tight->crossings++;
	else if (!(events & WATCH_OOM))
		tight->crossings = 0;
	r = guard_sample(guard, &now);
	if (r < 0) {
		/* ENODEV: the cgroup is gone. */
		tight->next_ms = r == -ENODEV ? 0 : clock_ms(CLOCK_MONOTONIC) + STALL_SLOW_MS;
		return false;
	}
	if (timeline_wants(&now, guard->memcg.version))
		timeline_add(&guard->timeline, &now);
	/* v1 tells of the OOM, not of its kill, which may come while we only look. */
	if (!tight->first_aid && oom_kill_counted(&now.counters, &guard->seen) && guard_oom(guard))
		return true;
	ladder_take_back(guard);
	if (tight->unresolved != STALL_NONE) {
		mind_unresolved(guard, &now);
		plan_next(guard);
		return false;
	}
	kind = stall_judge(&tight->stall, guard->profile, &now);
	if (tight->first_aid)
		kind = STALL_OOM_KILLER_OFF;
	tight->first_aid = false;
	if (kind == STALL_NONE && (events & WATCH_PRESSURE))
		kind = stall_told(&tight->stall, guard->profile, &now,
				  pressure_window_us(guard->profile) / 1000);
	if (kind != STALL_NONE) {
		if (on_stall(guard, kind, &now))
			return true;
	} else if (near_judge(&tight->near, guard->profile, &now.usage, now.at_ms)) {
		near_act(guard, &now);
	}
	if (crowded(guard, events, &now) && zombies_step(guard, &now))
		return true;
	opened = mind_thresholds(guard, &now);
	mind_reclaim(guard, events);
	plan_next(guard);
	/* What was crossed while they were opened tells nobody: one look. */
	if (opened)
		tight->next_ms = clock_ms(CLOCK_MONOTONIC);
	return false;
}
