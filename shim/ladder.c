/* SPDX-License-Identifier: Apache-2.0 */
#include "ladder.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "escape.h"
#include "guard.h"
#include "record.h"
#include "units.h"

#define ENABLE_DEADLINE_MS 1000
#define LARGEST_DEADLINE_MS 3000
#define RAISE_DEADLINE_MS 3000
#define RAISE_HOLD_MS 100 /* for a dying process to exit */
#define POLL_US 1000
#define POLL_MAX_US 20000
/* A step up so that a dying process can exit; never more, and taken back. */
#define RAISE_SHARE 20 /* one in twenty of the limit */
#define RAISE_MIN_BYTES (4 * 1024 * 1024)
#define RAISE_MAX_BYTES (256 * 1024 * 1024)

bool ladder_applies(enum ladder_rung rung, enum stall_kind kind, enum cgroup_version version)
{
	switch (rung) {
	case RUNG_ENABLE_OOM_KILLER:
		return version == CGROUP_V1 && kind == STALL_OOM_KILLER_OFF;
	case RUNG_RAISE_LIMIT:
		/* Ours is not the limit that ran out, and pressure needs less, not more. */
		return kind == STALL_OOM_KILLER_OFF || kind == STALL_NOTHING_KILLABLE;
	case RUNG_KILL_LARGEST:
	case RUNG_KILL:
	case RUNG_REPORT:
		break;
	}
	return true;
}

/* Samples until it helped or the time is up. */
static bool wait_helped(struct guard *guard, enum stall_kind kind,
			const struct stall_sample *before, uint64_t deadline_ms)
{
	uint64_t end = clock_ms(CLOCK_MONOTONIC) + deadline_ms, us = POLL_US;
	struct stall_sample now;

	for (;;) {
		if (guard_sample(guard, &now) < 0)
			return true; /* the cgroup is gone, and the stall with it */
		if (stall_helped(kind, before, &now))
			return true;
		if (clock_ms(CLOCK_MONOTONIC) >= end || guard_stopped(guard))
			return false;
		sleep_us(us);
		us = us * 2 < POLL_MAX_US ? us * 2 : POLL_MAX_US;
	}
}

static bool enable_oom_killer(struct guard *guard, enum stall_kind kind,
			      const struct stall_sample *before, struct incident_rung *rung)
{
	int r = cgroup_write(guard->memcg.dirfd, "memory.oom_control", "0");

	if (r < 0) {
		snprintf(rung->detail, sizeof(rung->detail), "%s", strerrordesc_np(-r));
		return false;
	}
	return wait_helped(guard, kind, before, ENABLE_DEADLINE_MS);
}

static bool kill_largest(struct guard *guard, enum stall_kind kind,
			 const struct stall_sample *before, struct incident_rung *rung)
{
	struct candidate victim;

	if (victim_choose(&guard->target, &guard->tight.rules, guard->plan.init_pid, &victim) < 0 ||
	    victim_kill(&guard->target, &victim) < 0) {
		snprintf(rung->detail, sizeof(rung->detail), "no process to kill");
		return false;
	}
	victim_text(&victim, rung->detail, sizeof(rung->detail));
	return wait_helped(guard, kind, before, LARGEST_DEADLINE_MS);
}

static uint64_t raise_step(uint64_t limit)
{
	uint64_t step = limit / RAISE_SHARE;

	if (step < RAISE_MIN_BYTES)
		step = RAISE_MIN_BYTES;
	return step < RAISE_MAX_BYTES ? step : RAISE_MAX_BYTES;
}

static int write_bytes(const struct memcg *memcg, const char *file, uint64_t bytes)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRIu64, bytes);
	return cgroup_write(memcg->dirfd, file, text);
}

/* Sets limit, and on v1 memory+swap, to `limit` and `memsw`, keeping limit <= memsw at each step.
 */
static int set_limits(const struct memcg *memcg, uint64_t limit, uint64_t memsw, bool up)
{
	const char *first = up ? "memory.memsw.limit_in_bytes" : "memory.limit_in_bytes";
	const char *second = up ? "memory.limit_in_bytes" : "memory.memsw.limit_in_bytes";
	int r;

	if (memcg->version == CGROUP_V2)
		return write_bytes(memcg, "memory.max", limit);
	if (memsw == MEMCG_NO_LIMIT)
		return write_bytes(memcg, "memory.limit_in_bytes", limit);
	r = write_bytes(memcg, first, up ? memsw : limit);
	return r < 0 ? r : write_bytes(memcg, second, up ? limit : memsw);
}

bool ladder_take_back(struct guard *guard)
{
	struct owed_limit *owed = &guard->tight.owed;

	if (owed->limit == 0)
		return true;
	/* v1 refuses (EBUSY) while more is used; v2 would have the OOM killer make room. */
	if (set_limits(&guard->memcg, owed->limit, owed->memsw, false) < 0)
		return false;
	owed->limit = 0;
	return true;
}

/* Helped only if somebody left in that time, so that the old limit holds again. */
static bool raise_limit(struct guard *guard, enum stall_kind kind,
			const struct stall_sample *before, struct incident_rung *rung)
{
	uint64_t limit = before->usage.limit, step = raise_step(limit), memsw = MEMCG_NO_LIMIT;
	uint64_t end = clock_ms(CLOCK_MONOTONIC) + RAISE_DEADLINE_MS;
	int r;

	if (limit == MEMCG_NO_LIMIT || guard->tight.owed.limit)
		return false;
	if (before->usage.swap_limit != MEMCG_NO_LIMIT && before->usage.has_swap_files)
		memsw = limit + before->usage.swap_limit;
	r = set_limits(&guard->memcg, limit + step, memsw == MEMCG_NO_LIMIT ? memsw : memsw + step,
		       true);
	if (r < 0) {
		snprintf(rung->detail, sizeof(rung->detail), "%s", strerrordesc_np(-r));
		return false;
	}
	guard->tight.owed = (struct owed_limit){.limit = limit, .memsw = memsw};
	sleep_us(RAISE_HOLD_MS * 1000);
	while (!ladder_take_back(guard) && clock_ms(CLOCK_MONOTONIC) < end)
		sleep_us(POLL_MAX_US);
	snprintf(rung->detail, sizeof(rung->detail), "by %" PRIu64 " bytes, %s", step,
		 guard->tight.owed.limit ? "not taken back yet: all of it is used" : "taken back");
	return guard->tight.owed.limit == 0 && wait_helped(guard, kind, before, ENABLE_DEADLINE_MS);
}

static bool kill_all(struct guard *guard, struct incident_rung *rung)
{
	struct kill_result result;

	guard->target.after_first_signal = NULL;
	guard->target.signal = guard->profile->kill.signal;
	guard->target.grace_ms = guard->profile->kill.grace_ms;
	kill_container(&guard->target, &result);
	guard->incident.killed = result.signalled;
	guard->incident.left_len = result.left_len;
	memcpy(guard->incident.left, result.left, sizeof(result.left));
	record_killed(guard, &result);
	snprintf(rung->detail, sizeof(rung->detail), "%zu processes are left", result.left_len);
	return result.empty;
}

static bool climb(struct guard *guard, enum stall_kind kind, struct incident_rung *rung)
{
	struct stall_sample before;

	if (guard_sample(guard, &before) < 0)
		return true;
	switch (rung->rung) {
	case RUNG_ENABLE_OOM_KILLER:
		return enable_oom_killer(guard, kind, &before, rung);
	case RUNG_KILL_LARGEST:
		return kill_largest(guard, kind, &before, rung);
	case RUNG_RAISE_LIMIT:
		return raise_limit(guard, kind, &before, rung);
	case RUNG_KILL:
		return kill_all(guard, rung);
	case RUNG_REPORT:
		break;
	}
	return false;
}

/* The container's own killer is off, and its tasks wait: read straight, without the subtree. */
static bool sleeps_for_ever(const struct guard *guard)
{
	uint64_t disabled = 0, waiting = 0;
	char text[128];

	if (cgroup_read(guard->memcg.dirfd, "memory.oom_control", text, sizeof(text)) <= 0)
		return false;
	cgroup_text_u64(text, "oom_kill_disable", &disabled);
	cgroup_text_u64(text, "under_oom", &waiting);
	return disabled && waiting;
}

bool ladder_first_aid(const struct guard *guard)
{
	const struct profile *profile = guard->profile;

	return guard->memcg.version == CGROUP_V1 && profile->evidence.budget_ms == 0 &&
	       profile->settings.oom_killer == SWITCH_ON && profile->on_stall.ladder.len > 0 &&
	       profile->on_stall.ladder.rung[0] == RUNG_ENABLE_OOM_KILLER &&
	       sleeps_for_ever(guard) &&
	       cgroup_write(guard->memcg.dirfd, "memory.oom_control", "0") == 0;
}

bool ladder_climb(struct guard *guard, enum stall_kind kind)
{
	const struct ladder *ladder = &guard->profile->on_stall.ladder;
	struct incident *incident = &guard->incident;

	for (size_t i = 0; i < ladder->len && !guard_stopped(guard); i++) {
		struct incident_rung *rung = &incident->rungs[incident->rungs_len];
		uint64_t start = clock_us(CLOCK_MONOTONIC);

		if (!ladder_applies(ladder->rung[i], kind, guard->memcg.version))
			continue;
		*rung = (struct incident_rung){.rung = ladder->rung[i]};
		incident->rungs_len++;
		rung->helped = climb(guard, kind, rung);
		ladder_take_back(guard);
		rung->took_us = clock_us(CLOCK_MONOTONIC) - start;
		record_rung(guard, rung);
		if (rung->helped)
			return rung->rung == RUNG_KILL;
		/* What could not be killed still is not to be run again. */
		if (rung->rung == RUNG_KILL)
			return true;
	}
	return false;
}
