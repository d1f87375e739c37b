/* SPDX-License-Identifier: Apache-2.0 */
#include "stall.h"

/* On v1, without PSI: so many pages read back a second, at the limit, are no work but thrashing. */
#define THRASH_FAULTS_PER_S 100
/* Page cache that is left at the limit means that reclaim still has something to take. */
#define RECLAIMABLE_SHARE 20 /* one in twenty of the limit */
#define AT_LIMIT_SHARE 50    /* one in fifty of the limit */
#define AT_LIMIT_MIN_BYTES (64 * 1024)
/* Without a kill or progress for onStall.after, but no shorter: a kill may take its time. */
#define STUCK_MIN_MS 4000

bool stall_at_limit(const struct memcg_usage *usage)
{
	uint64_t room = usage->limit / AT_LIMIT_SHARE;

	if (usage->limit == MEMCG_NO_LIMIT)
		return false;
	if (room < AT_LIMIT_MIN_BYTES)
		room = AT_LIMIT_MIN_BYTES;
	return usage->usage + room >= usage->limit;
}

static bool has_reclaimable(const struct memcg_usage *usage)
{
	return memcg_reclaimable(usage) > usage->limit / RECLAIMABLE_SHARE;
}

/* Allocations failed between two samples, and neither a page found room nor a process was killed.
 */
static bool fails_without_progress(const struct stall_sample *then, const struct stall_sample *now)
{
	return stall_at_limit(&now->usage) && now->counters.max > then->counters.max &&
	       now->usage.progress == then->usage.progress &&
	       now->counters.oom_kill == then->counters.oom_kill &&
	       /* A slow machine fails long before it gives up reclaim and calls it an OOM. */
	       (!now->tells_oom || now->counters.oom > then->counters.oom);
}

static enum stall_kind judge_under_oom(struct stall_watch *watch, const struct profile *profile,
				       const struct stall_sample *now)
{
	if (!now->counters.under_oom) {
		watch->under_oom_since_ms = 0;
		return STALL_NONE;
	}
	if (watch->under_oom_since_ms == 0)
		watch->under_oom_since_ms = now->at_ms;
	/* There is nothing to wait for: it was meant to be on. */
	if (now->counters.kill_disabled && profile->settings.oom_killer == SWITCH_ON)
		return STALL_OOM_KILLER_OFF;
	if (now->at_ms - watch->under_oom_since_ms < profile->on_stall.after_ms)
		return STALL_NONE;
	return now->counters.kill_disabled ? STALL_OOM_KILLER_OFF : STALL_ANCESTOR;
}

static enum stall_kind judge_stuck(struct stall_watch *watch, const struct profile *profile,
				   const struct stall_sample *now)
{
	uint64_t after =
	    profile->on_stall.after_ms > STUCK_MIN_MS ? profile->on_stall.after_ms : STUCK_MIN_MS;

	if (!watch->has_last || !fails_without_progress(&watch->last, now)) {
		watch->stuck_since_ms = 0;
		return STALL_NONE;
	}
	/* The look before may be long past, and the first failure a moment. */
	if (watch->stuck_since_ms == 0)
		watch->stuck_since_ms = now->at_ms;
	return now->at_ms - watch->stuck_since_ms >= after ? STALL_NOTHING_KILLABLE : STALL_NONE;
}

/* More than the policy's share of the window was lost. */
static bool too_much_pressure(const struct stall_sample *from, const struct profile *profile,
			      const struct stall_sample *now)
{
	uint64_t ms = now->at_ms - from->at_ms;

	if (now->has_pressure && from->has_pressure)
		return (now->pressure_us - from->pressure_us) / 1000 * 100000 >=
		       ms * profile->on_stall.pressure_share;
	return now->usage.swap_usage > 0 &&
	       (now->usage.major_faults - from->usage.major_faults) * 1000 >=
		   ms * THRASH_FAULTS_PER_S;
}

/* Usage is seen at the limit, or was there since the last look: reclaim takes more than it must. */
static bool met_limit(const struct stall_watch *watch, const struct stall_sample *now)
{
	return stall_at_limit(&now->usage) ||
	       (watch->has_last && now->counters.max > watch->last.counters.max);
}

/* Windows follow each other while usage stands at the limit (or PSI woke us, which needs none). */
bool stall_kills_lately(const struct stall_watch *watch, const struct profile *profile,
			const struct stall_sample *now)
{
	return watch->killed_at_ms &&
	       now->at_ms - watch->killed_at_ms <= profile->on_stall.pressure_for_ms;
}

static enum stall_kind judge_pressure(struct stall_watch *watch, const struct profile *profile,
				      const struct stall_sample *now)
{
	bool suspicious = met_limit(watch, now) && !has_reclaimable(&now->usage);
	bool stalled;

	if (!suspicious) {
		watch->in_window = false;
		return STALL_NONE;
	}
	if (!watch->in_window) {
		watch->in_window = true;
		watch->window = *now;
		return STALL_NONE;
	}
	if (now->at_ms - watch->window.at_ms < profile->on_stall.pressure_for_ms)
		return STALL_NONE;
	stalled = too_much_pressure(&watch->window, profile, now) &&
		  !stall_kills_lately(watch, profile, now);
	watch->window = *now;
	return stalled ? STALL_PRESSURE : STALL_NONE;
}

static enum stall_kind judge_told(struct stall_watch *watch, const struct profile *profile,
				  const struct stall_sample *now)
{
	if (!watch->told_rest_ms || now->at_ms - watch->told.at_ms < watch->told_rest_ms)
		return STALL_NONE;
	watch->told_rest_ms = 0;
	return too_much_pressure(&watch->told, profile, now) &&
		       !stall_kills_lately(watch, profile, now)
		   ? STALL_PRESSURE
		   : STALL_NONE;
}

enum stall_kind stall_told(struct stall_watch *watch, const struct profile *profile,
			   const struct stall_sample *now, uint64_t window_ms)
{
	uint64_t whole_ms = profile->on_stall.pressure_for_ms;

	if (now->frozen || stall_kills_lately(watch, profile, now))
		return STALL_NONE;
	if (whole_ms <= window_ms)
		return STALL_PRESSURE;
	if (!watch->told_rest_ms) {
		watch->told = *now;
		watch->told_rest_ms = whole_ms - window_ms;
	}
	return STALL_NONE;
}

enum stall_kind stall_judge(struct stall_watch *watch, const struct profile *profile,
			    const struct stall_sample *now)
{
	enum stall_kind kind;

	if (now->frozen) {
		/* Time does not pass for it. */
		*watch = (struct stall_watch){.has_last = true, .last = *now};
		return STALL_NONE;
	}
	if (watch->has_last && now->counters.oom_kill > watch->last.counters.oom_kill)
		watch->killed_at_ms = now->at_ms;
	kind = judge_under_oom(watch, profile, now);
	if (kind == STALL_NONE)
		kind = judge_stuck(watch, profile, now);
	if (kind == STALL_NONE)
		kind = judge_pressure(watch, profile, now);
	if (kind == STALL_NONE)
		kind = judge_told(watch, profile, now);
	watch->failing = watch->has_last && now->counters.max > watch->last.counters.max;
	watch->last = *now;
	watch->has_last = true;
	return kind;
}

enum stall_pace stall_pace(const struct stall_watch *watch)
{
	const struct stall_sample *last = &watch->last;

	if (!watch->has_last)
		return PACE_REST;
	/* Nothing tells on v1 that it goes on again. */
	if (last->frozen)
		return last->counters.under_oom || stall_at_limit(&last->usage) ? PACE_SLOW
										: PACE_REST;
	if (last->counters.under_oom || watch->stuck_since_ms)
		return PACE_FAST;
	if (!stall_at_limit(&last->usage) && !watch->failing)
		return watch->told_rest_ms ? PACE_SLOW : PACE_REST;
	/* Full, but nobody asks for more, or there is page cache to take from. */
	return watch->failing && !has_reclaimable(&last->usage) ? PACE_FAST : PACE_SLOW;
}

int stall_pace_ms(const struct stall_watch *watch)
{
	switch (stall_pace(watch)) {
	case PACE_REST:
		break;
	case PACE_SLOW:
		return STALL_SLOW_MS;
	case PACE_FAST:
		return watch->last.counters.under_oom ? STALL_FASTEST_MS : STALL_FAST_MS;
	}
	return -1;
}

bool stall_helped(enum stall_kind kind, const struct stall_sample *before,
		  const struct stall_sample *now)
{
	uint64_t held = before->usage.usage + before->usage.swap_usage;
	/* Without a limit it was memory.high, or the host. */
	uint64_t whole = before->usage.limit == MEMCG_NO_LIMIT ? held : before->usage.limit;

	switch (kind) {
	case STALL_NONE:
	case STALL_ZOMBIES:
		return true;
	case STALL_OOM_KILLER_OFF:
	case STALL_ANCESTOR:
		return !now->counters.under_oom;
	case STALL_NOTHING_KILLABLE:
		return !stall_at_limit(&now->usage) ||
		       now->counters.oom_kill > before->counters.oom_kill ||
		       now->usage.progress > before->usage.progress;
	case STALL_PRESSURE:
		return now->usage.usage + now->usage.swap_usage + whole / AT_LIMIT_SHARE < held;
	}
	return false;
}

const char *stall_kind_name(enum stall_kind kind)
{
	switch (kind) {
	case STALL_NONE:
		return "none";
	case STALL_OOM_KILLER_OFF:
		return "oom-killer-off";
	case STALL_ANCESTOR:
		return "ancestor";
	case STALL_NOTHING_KILLABLE:
		return "nothing-killable";
	case STALL_PRESSURE:
		return "pressure";
	case STALL_ZOMBIES:
		return "zombies";
	}
	return "unknown";
}
