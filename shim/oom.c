/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The story of one OOM: a wake-up, the counted kill, the facts, the decision, the action, the
 * record. The action comes before everything that only describes it.
 */
#include "guard.h"

#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "proc.h"
#include "record.h"
#include "scene_read.h"

/* The notification comes before the kill, and in a storm kills come long after the last one (gaps
 * over 700 ms were seen): the counters must have been quiet for this long. */
#define QUIET_MS 2000
#define UNDER_OOM_MS 100
/* So long the kernel mostly takes to write its report and to kill. */
#define SPIN_US 1000
#define POLL_FIRST_US 50
#define POLL_MAX_US 20000
#define STORM_POLL_US 50000

/* v2 wakes us for every reclaim at the limit ("max"): only these can be or become a kill. */
static bool may_be_oom(const struct memcg *memcg, const struct memcg_counters *now,
		       const struct memcg_counters *seen)
{
	return memcg->version == CGROUP_V1 || now->oom > seen->oom || oom_kill_counted(now, seen);
}

/* Tasks wait for an OOM to end that may never end: tight.c looks after them from here. */
static bool waits_in_vain(const struct memcg_counters *now, uint64_t start_ms)
{
	return now->under_oom &&
	       (now->kill_disabled || clock_ms(CLOCK_MONOTONIC) - start_ms >= UNDER_OOM_MS);
}

/* A sleep would be longer than what is left of the kernel's work at first. */
static void pause_reading(uint64_t start_us, uint64_t *us)
{
	if (clock_us(CLOCK_MONOTONIC) - start_us < SPIN_US) {
		sched_yield();
		return;
	}
	sleep_us(*us);
	*us = *us * 2 < POLL_MAX_US ? *us * 2 : POLL_MAX_US;
}

/* Reads until a kill is counted. False: quiet, or the cgroup is gone, or we were told to leave. */
static bool wait_for_kill(struct guard *guard, struct memcg_counters *now)
{
	uint64_t start_us = clock_us(CLOCK_MONOTONIC), us = POLL_FIRST_US;
	uint64_t end_ms = start_us / 1000 + QUIET_MS;

	for (;;) {
		bool init_ended = pidfd_exited(guard->init_pidfd);

		if (guard_counters(guard, now) < 0)
			return false;
		if (oom_kill_counted(now, &guard->seen))
			return true;
		/* Read after the init was seen dead: no kill of this incarnation can follow. */
		if (init_ended || !may_be_oom(&guard->memcg, now, &guard->seen))
			return false;
		if (waits_in_vain(now, end_ms - QUIET_MS))
			return false;
		if (clock_ms(CLOCK_MONOTONIC) >= end_ms || guard_stopped(guard))
			return false;
		pause_reading(start_us, &us);
	}
}

/* Nothing came of it: what is counted until now tells nothing about the next one. */
static void note_quiet(struct guard *guard, const struct memcg_counters *now)
{
	if (!now->known)
		return;
	guard->seen.oom = now->oom;
	guard->seen.max = now->max;
	evidence_rebase(&guard->evidence);
}

static uint64_t counted(const struct guard *guard, const struct memcg_counters *now)
{
	uint64_t kills = now->oom_kill - guard->seen.oom_kill;

	/* A group kill that races with its own oom_kill is one kill at least. */
	return kills > 0 ? kills : 1;
}

static void begin_incident(struct guard *guard, uint64_t start_us)
{
	record_begin(guard, INCIDENT_OOM, start_us);
	evidence_start(&guard->evidence);
	scene_before(guard);
}

/*
 * Would a kill that came now, with what the log has said since, be met by more than a report? Then
 * it is an OOM of its own: the replacement of a healed worker, another slot, the init.
 */
static bool asks_for_more(struct guard *guard, const struct memcg_counters *now)
{
	struct decision decision;
	struct oom_facts facts;

	guard_abilities(guard, &facts);
	facts.kills = 1;
	facts.init = evidence_init(&guard->evidence, guard->init_pidfd, 0);
	facts.limit = evidence_limit(&guard->evidence, &guard->incident);
	facts.group = guard->evidence.group || now->oom_group_kill > guard->seen.oom_group_kill;
	if (facts.init != INIT_ALIVE)
		return true;
	decide(guard->profile, &facts, &decision);
	return decision.step != STEP_REPORT && decision.step != STEP_GIVE_UP_LEAVE;
}

/* After a report: counts what still comes, until it is quiet or something else is to be done. */
static void follow_storm(struct guard *guard)
{
	uint64_t quiet_from = clock_ms(CLOCK_MONOTONIC);
	struct memcg_counters now;

	while (clock_ms(CLOCK_MONOTONIC) - quiet_from < QUIET_MS) {
		if (guard_stopped(guard) || guard_counters(guard, &now) < 0)
			break;
		if (oom_kill_counted(&now, &guard->seen)) {
			evidence_read_log(&guard->evidence, &guard->incident);
			if (asks_for_more(guard, &now))
				return;
			guard_account(guard, &now);
			quiet_from = clock_ms(CLOCK_MONOTONIC);
		}
		sleep_us(STORM_POLL_US);
	}
	evidence_read_log(&guard->evidence, &guard->incident);
}

static void decide_now(struct guard *guard, const struct oom_facts *facts,
		       struct decision *decision)
{
	struct incident *incident = &guard->incident;

	decide(guard->profile, facts, decision);
	incident->slot = decision->slot;
	incident->asked = decision->asked;
	incident->restart_number = decision->restart_number;
	incident->backoff_ms = decision->backoff_ms;
	snprintf(incident->decision, sizeof(incident->decision), "%s", step_name(decision->step));
	memcpy(incident->reason, decision->reason, sizeof(incident->reason));
}

/* After the action: the rest of the facts, the record, and what the storm still brings. */
static void finish(struct guard *guard, bool done)
{
	guard_enrich(guard, done);
	record_incident(guard);
	if (done)
		return;
	/* A storm may go on for long: what is known of it is to be seen meanwhile. */
	record_phase(guard, SHIM_WATCHING);
	if (!guard->init_ended)
		follow_storm(guard);
	record_incident(guard);
	record_phase(guard, SHIM_WATCHING);
	evidence_rebase(&guard->evidence);
	/* The next one is to find the scores as they should be. */
	guard_rescore(guard);
}

/* One OOM. *more: the storm brought a kill that is another OOM's. */
static bool one_oom(struct guard *guard, bool *more)
{
	uint64_t start_us = clock_us(CLOCK_MONOTONIC);
	struct memcg_counters now;
	struct oom_facts facts;
	struct decision decision;
	bool done;

	*more = false;
	/* Reclaim at the limit wakes us on v2 all the time: nothing is listed for that. */
	if (guard_counters(guard, &now) < 0 || !may_be_oom(&guard->memcg, &now, &guard->seen))
		return false;
	begin_incident(guard, start_us);
	if (!wait_for_kill(guard, &now)) {
		slow_drop(&guard->slow);
		note_quiet(guard, &now);
		return false;
	}
	guard->incident.kills = counted(guard, &now);
	guard->incident.after = now;
	guard_facts(guard, start_us, &facts);
	/* The kill switch came in between: nothing is to begin. */
	if (guard_switched_off(guard))
		return false;
	decide_now(guard, &facts, &decision);
	guard->incident.decided_us = clock_us(CLOCK_MONOTONIC) - start_us;
	guard->status.oom_kills += guard->incident.kills;
	guard->seen = guard->incident.after;

	done = guard_act(guard, &facts, &decision);
	if (decision.step == STEP_RESTART)
		return true;
	finish(guard, done);
	*more = !done && guard_counters(guard, &now) == 0 && oom_kill_counted(&now, &guard->seen);
	return done;
}

bool guard_oom(struct guard *guard)
{
	bool more, done;

	do {
		done = one_oom(guard, &more);
	} while (more && !done && !guard->leave && !guard_switched_off(guard));
	return done;
}

bool guard_missed(struct guard *guard)
{
	struct memcg_counters now;

	if (memcg_counters_read(&guard->memcg, &now) < 0 || !oom_kill_counted(&now, &guard->seen))
		return false;
	if (oom_kill_counted(&guard->found, &guard->seen))
		record_missed(guard, counted(guard, &guard->found));
	return true;
}

void guard_init_ended(struct guard *guard)
{
	struct memcg_counters now;
	int status;
	bool read;

	guard->init_ended = true;
	/* One last read: its death may have been the OOM. The kernel counts a kill before it sends
	 * the signal (__oom_kill_process() in mm/oom_kill.c), so there is nothing to wait for. */
	read = guard_counters(guard, &now) == 0;
	if (read && oom_kill_counted(&now, &guard->seen) && guard_oom(guard))
		return;
	if (!read) {
		record_exit(guard,
			    "ended; whether out of memory is unknown, its cgroup was gone first");
		return;
	}
	if (pidfd_exit_status(guard->init_pidfd, &status) < 0)
		record_exit(guard, "ended");
	else if (WIFSIGNALED(status))
		record_exit(guard, "ended by signal %d", WTERMSIG(status));
	else
		record_exit(guard, "ended with status %d", WEXITSTATUS(status));
}
