/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The story of one OOM: a wake-up, the counted kill, the facts, the decision, the action, the
 * record. The action comes before everything that only describes it.
 */
#include "guard.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "identity.h"
#include "proc.h"
#include "record.h"

/* The notification comes before the kill, and in a storm kills come long after the last one (gaps
 * over 700 ms were seen): the counters must have been quiet for this long. */
#define QUIET_MS 2000
#define UNDER_OOM_MS 100
#define POLL_FIRST_US 50
#define POLL_MAX_US 20000
#define STORM_POLL_US 50000
/* With no time for evidence the log is still asked for so long, when its word decides between two
 * different actions. */
#define LOG_GRACE_US 2000

bool oom_kill_counted(const struct memcg_counters *now, const struct memcg_counters *seen)
{
	return now->known &&
	       (now->oom_kill > seen->oom_kill || now->oom_group_kill > seen->oom_group_kill);
}

/* v2 wakes us for every reclaim at the limit ("max"): only these can be or become a kill. */
static bool may_be_oom(const struct memcg *memcg, const struct memcg_counters *now,
		       const struct memcg_counters *seen)
{
	return memcg->version == CGROUP_V1 || now->oom > seen->oom || oom_kill_counted(now, seen);
}

/* v1's kills are summed over the subtree, so the sum falls when a cgroup below is removed: what it
 * had was accounted for when its removal woke us, or before. */
static int read_counters(struct guard *guard, struct memcg_counters *now)
{
	int r = memcg_counters_read(&guard->memcg, now);

	if (r == 0 && now->known && now->oom_kill < guard->seen.oom_kill)
		guard->seen.oom_kill = now->oom_kill;
	return r;
}

/* Tasks wait for an OOM to end that may never end: tight.c looks after them from here. */
static bool waits_in_vain(const struct memcg_counters *now, uint64_t start_ms)
{
	return now->under_oom &&
	       (now->kill_disabled || clock_ms(CLOCK_MONOTONIC) - start_ms >= UNDER_OOM_MS);
}

/* Reads until a kill is counted. False: quiet, or the cgroup is gone, or we were told to leave. */
static bool wait_for_kill(struct guard *guard, struct memcg_counters *now)
{
	uint64_t end_ms = clock_ms(CLOCK_MONOTONIC) + QUIET_MS;
	uint64_t us = POLL_FIRST_US;

	for (;;) {
		bool init_ended = pidfd_exited(guard->init_pidfd);

		if (read_counters(guard, now) < 0)
			return false;
		if (oom_kill_counted(now, &guard->seen))
			return true;
		/* Read after the init was seen dead: no kill of this incarnation can follow. */
		if (init_ended || !may_be_oom(&guard->memcg, now, &guard->seen))
			return false;
		if (waits_in_vain(now, end_ms - QUIET_MS))
			return false;
		if (clock_ms(CLOCK_MONOTONIC) >= end_ms || guard_interrupted(guard))
			return false;
		sleep_us(us);
		us = us * 2 < POLL_MAX_US ? us * 2 : POLL_MAX_US;
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

static bool init_decides(const struct profile *profile)
{
	return profile->on_oom[OOM_SLOT_INIT] != profile->on_oom[OOM_SLOT_PROCESS];
}

/* Asks the log until it names as many victims as were counted, at most until end_us. */
static void read_victims(struct guard *guard, uint64_t end_us)
{
	struct incident *incident = &guard->incident;
	uint64_t us = POLL_FIRST_US;

	for (;;) {
		evidence_read_log(&guard->evidence, incident);
		if (guard->evidence.victims >= incident->kills || guard->evidence.kmsg < 0)
			break;
		if (clock_us(CLOCK_MONOTONIC) >= end_us) {
			incident->evidence_cut = true;
			break;
		}
		sleep_us(us);
		us = us * 2 < POLL_MAX_US ? us * 2 : POLL_MAX_US;
	}
}

static void begin_incident(struct guard *guard, uint64_t start_us)
{
	record_begin(guard, INCIDENT_OOM);
	evidence_start(&guard->evidence);
	if (guard->profile->evidence.budget_ms > 0)
		evidence_snapshot(&guard->evidence,
				  start_us + guard->profile->evidence.budget_ms * 1000);
}

/* A replacement of the victim may be on its way: php-fpm heals itself. */
static bool wait_healed(struct guard *guard)
{
	uint64_t end_ms = clock_ms(CLOCK_MONOTONIC) + guard->profile->respawn_grace_ms;

	if (guard->profile->respawn_grace_ms == 0)
		return false;
	while (!evidence_healed(&guard->evidence, &guard->incident)) {
		if (clock_ms(CLOCK_MONOTONIC) >= end_ms || guard_interrupted(guard) ||
		    pidfd_exited(guard->init_pidfd))
			return false;
		sleep_us(STORM_POLL_US);
	}
	return true;
}

void guard_abilities(struct guard *guard, struct oom_facts *facts)
{
	history_expire(&guard->history, clock_ms(CLOCK_BOOTTIME),
		       guard->profile->restart.within_ms);
	*facts = (struct oom_facts){
	    .way = guard->plan.restart.way,
	    .way_why = guard->plan.restart.why,
	    .cancelled = guard->cancelled,
	    .restarts_used = (unsigned)guard->history.len,
	};
}

static void gather(struct guard *guard, uint64_t start_us, struct oom_facts *facts)
{
	struct incident *incident = &guard->incident;
	uint64_t budget_us = guard->profile->evidence.budget_ms * 1000;

	if (budget_us == 0 && init_decides(guard->profile))
		budget_us = LOG_GRACE_US;
	if (budget_us > 0)
		read_victims(guard, start_us + budget_us);
	if (guard->profile->evidence.budget_ms > 0) {
		memcg_usage_read(&guard->memcg, &incident->usage);
		evidence_compare(&guard->evidence, incident, incident->kills);
	}
	history_expire(&guard->history, clock_ms(CLOCK_BOOTTIME),
		       guard->profile->restart.within_ms);
	*facts = (struct oom_facts){
	    .kills = incident->kills,
	    .init = evidence_init(&guard->evidence, guard->init_pidfd, incident->kills),
	    .limit = evidence_limit(&guard->evidence, incident),
	    .group = guard->evidence.group ||
		     incident->after.oom_group_kill > incident->before.oom_group_kill,
	    .way = guard->plan.restart.way,
	    .way_why = guard->plan.restart.why,
	    .cancelled = guard->cancelled,
	    .restarts_used = (unsigned)guard->history.len,
	};
	if (decide_slot(facts) == OOM_SLOT_PROCESS &&
	    guard->profile->on_oom[OOM_SLOT_PROCESS] != POLICY_REPORT)
		facts->healed = wait_healed(guard);
}

static void set_result(struct guard *guard, const char *result)
{
	snprintf(guard->incident.result, sizeof(guard->incident.result), "%s", result);
}

/* What could not be read before the action. */
static void enrich(struct guard *guard)
{
	struct incident *incident = &guard->incident;

	evidence_read_log(&guard->evidence, incident);
	evidence_limit(&guard->evidence, incident);
	if (incident->usage.usage == 0)
		memcg_usage_read(&guard->memcg, &incident->usage);
}

static void note_kill_result(struct incident *incident, const struct kill_result *result,
			     uint64_t decided_us)
{
	incident->acted_us = decided_us + result->first_signal_us;
	incident->empty_ms = result->empty ? decided_us / 1000 + result->empty_ms : 0;
	incident->killed = result->signalled;
	incident->left_len = result->left_len;
	memcpy(incident->left, result->left, sizeof(incident->left));
}

static void record_before_wait(void *context, int error)
{
	struct guard *guard = context;

	record_oom(guard);
	record_phase(guard, SHIM_ACTING);
	record_kill(guard, guard->target.signal, error);
}

/* All processes, verified. */
static void kill_all_of_it(struct guard *guard)
{
	struct kill_result result;

	guard->target.after_first_signal = record_before_wait;
	guard->target.signal = guard->profile->kill.signal;
	guard->target.grace_ms = guard->profile->kill.grace_ms;
	kill_container(&guard->target, &result);
	note_kill_result(&guard->incident, &result, guard->incident.decided_us);
	record_killed(guard, &result);
	set_result(guard, result.empty ? "killed" : "kill-incomplete");
}

static void kill_init_only(struct guard *guard)
{
	struct kill_result result;

	guard->target.after_first_signal = record_before_wait;
	guard->target.signal = SIGKILL;
	kill_init(&guard->target, &result);
	note_kill_result(&guard->incident, &result, guard->incident.decided_us);
	record_killed(guard, &result);
	set_result(guard, result.empty ? "killed" : "kill-incomplete");
}

static bool leave_it(struct guard *guard, const struct decision *decision)
{
	record_oom(guard);
	set_result(guard, "gave-up");
	record_gave_up(guard, decision);
	return false;
}

static bool gave_up_killed(struct guard *guard, const struct decision *decision)
{
	if (strcmp(guard->incident.result, "killed") == 0)
		set_result(guard, "gave-up");
	record_gave_up(guard, decision);
	return true;
}

bool guard_act(struct guard *guard, const struct oom_facts *facts, struct decision *decision)
{
	switch (decision->step) {
	case STEP_REPORT:
		record_oom(guard);
		set_result(guard, "reported");
		return false;
	case STEP_GIVE_UP_LEAVE:
		return leave_it(guard, decision);
	case STEP_KILL:
		kill_all_of_it(guard);
		return true;
	case STEP_GIVE_UP_KILL:
		kill_all_of_it(guard);
		return gave_up_killed(guard, decision);
	case STEP_KILL_INIT:
		/* First: here the kill is the restart. */
		if (!guard_count_restart(guard, decision))
			return leave_it(guard, decision);
		kill_init_only(guard);
		return true;
	case STEP_RESTART:
		kill_all_of_it(guard);
		if (!guard_count_restart(guard, decision))
			return gave_up_killed(guard, decision);
		set_result(guard, "pending");
		/* All of this incarnation, before the next one writes to the same cgroup's name. */
		enrich(guard);
		record_incident(guard);
		guard_restart(guard, facts, decision);
		return true;
	}
	return false;
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

static void account(struct guard *guard, const struct memcg_counters *now)
{
	uint64_t kills = now->oom_kill - guard->seen.oom_kill;

	guard->incident.kills += kills;
	guard->status.oom_kills += kills;
	guard->incident.after = *now;
	guard->seen = *now;
}

/* After a report: counts what still comes, until it is quiet or something else is to be done. */
static void follow_storm(struct guard *guard)
{
	uint64_t quiet_from = clock_ms(CLOCK_MONOTONIC);
	struct memcg_counters now;

	while (clock_ms(CLOCK_MONOTONIC) - quiet_from < QUIET_MS) {
		if (guard_interrupted(guard) || read_counters(guard, &now) < 0)
			break;
		if (oom_kill_counted(&now, &guard->seen)) {
			evidence_read_log(&guard->evidence, &guard->incident);
			if (asks_for_more(guard, &now))
				return;
			account(guard, &now);
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
	enrich(guard);
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
	if (read_counters(guard, &now) < 0 || !may_be_oom(&guard->memcg, &now, &guard->seen))
		return false;
	begin_incident(guard, start_us);
	if (!wait_for_kill(guard, &now)) {
		note_quiet(guard, &now);
		return false;
	}
	guard->incident.kills = counted(guard, &now);
	guard->incident.after = now;
	gather(guard, start_us, &facts);
	decide_now(guard, &facts, &decision);
	guard->incident.decided_us = clock_us(CLOCK_MONOTONIC) - start_us;
	guard->status.oom_kills += guard->incident.kills;
	guard->seen = now;

	done = guard_act(guard, &facts, &decision);
	if (decision.step == STEP_RESTART)
		return true;
	finish(guard, done);
	*more = !done && read_counters(guard, &now) == 0 && oom_kill_counted(&now, &guard->seen);
	return done;
}

bool guard_oom(struct guard *guard)
{
	bool more, done;

	do {
		done = one_oom(guard, &more);
	} while (more && !done && !guard->leave);
	return done;
}

bool guard_missed(const struct guard *guard)
{
	struct memcg_counters now;

	return memcg_counters_read(&guard->memcg, &now) == 0 &&
	       oom_kill_counted(&now, &guard->seen);
}

void guard_init_ended(struct guard *guard)
{
	struct memcg_counters now;
	int status;

	guard->init_ended = true;
	/* One last read: its death may have been the OOM. */
	if (guard_oom(guard))
		return;
	if (read_counters(guard, &now) < 0) {
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
