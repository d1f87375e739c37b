/* SPDX-License-Identifier: Apache-2.0 */
/* What was decided is done: nothing, a kill, a restart, giving up. */
#include "guard.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "record.h"
#include "scene_read.h"

static void set_result(struct guard *guard, const char *result)
{
	snprintf(guard->incident.result, sizeof(guard->incident.result), "%s", result);
}

/* What could not be read before the action. */
void guard_enrich(struct guard *guard, bool killed)
{
	struct incident *incident = &guard->incident;

	evidence_read_log(&guard->evidence, incident);
	scene_note_hit(guard, evidence_limit(&guard->evidence, incident));
	scene_after(guard, killed);
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

	incident_act(&guard->incident, clock_us(CLOCK_MONOTONIC), "signal-init",
		     error == 0 ? "done" : "failed", "signal %d%s%s", guard->target.signal,
		     error ? ": " : "", error ? strerrordesc_np(-error) : "");
	record_oom(guard);
	record_phase(guard, SHIM_ACTING);
	record_kill(guard, guard->target.signal, error);
}

static void note_kill(struct guard *guard, const struct kill_result *result)
{
	incident_act(&guard->incident, clock_us(CLOCK_MONOTONIC), "kill",
		     result->empty ? "done" : "incomplete", "%u signalled, %zu left",
		     result->signalled, result->left_len);
	if (result->empty && !result->init_only)
		scene_note_removed(guard);
}

/* All processes, verified. */
static void kill_all_of_it(struct guard *guard)
{
	struct kill_result result;

	guard->target.after_first_signal = record_before_wait;
	guard->target.signal = guard->profile->kill.signal;
	guard->target.grace_ms = guard->profile->kill.grace_ms;
	kill_container(&guard->target, &result);
	guard_count_late(guard);
	note_kill_result(&guard->incident, &result, guard->incident.decided_us);
	record_killed(guard, &result);
	note_kill(guard, &result);
	set_result(guard, result.empty ? "killed" : "kill-incomplete");
}

static void kill_init_only(struct guard *guard)
{
	struct kill_result result;

	guard->target.after_first_signal = record_before_wait;
	guard->target.signal = SIGKILL;
	kill_init(&guard->target, &result);
	guard_count_late(guard);
	note_kill_result(&guard->incident, &result, guard->incident.decided_us);
	record_killed(guard, &result);
	note_kill(guard, &result);
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
		guard_enrich(guard, true);
		record_incident(guard);
		guard_restart(guard, facts, decision);
		return true;
	}
	return false;
}
