/* SPDX-License-Identifier: Apache-2.0 */
/* What is known when a kill was counted, gathered within the time that evidence may take. */
#include "guard.h"

#include "clock.h"
#include "proc.h"
#include "scene_read.h"

#define POLL_FIRST_US 50
#define POLL_MAX_US 20000
#define HEALED_POLL_US 50000
/* With no time for evidence the log is still asked for so long, when its word decides between two
 * different actions. */
#define LOG_GRACE_US 2000

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
			guard->scene.cut |= SCENE_CUT_VICTIMS;
			break;
		}
		sleep_us(us);
		us = us * 2 < POLL_MAX_US ? us * 2 : POLL_MAX_US;
	}
}

/* A replacement of the victim may be on its way: php-fpm heals itself. */
static bool wait_healed(struct guard *guard)
{
	uint64_t end_ms = clock_ms(CLOCK_MONOTONIC) + guard->profile->respawn_grace_ms;

	if (guard->profile->respawn_grace_ms == 0)
		return false;
	while (!evidence_healed(&guard->evidence, &guard->incident)) {
		if (clock_ms(CLOCK_MONOTONIC) >= end_ms || guard_stopped(guard) ||
		    pidfd_exited(guard->init_pidfd))
			return false;
		sleep_us(HEALED_POLL_US);
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

void guard_facts(struct guard *guard, uint64_t start_us, struct oom_facts *facts)
{
	struct incident *incident = &guard->incident;
	uint64_t budget_us = guard->profile->evidence.budget_ms * 1000;
	uint64_t from_us;

	if (budget_us == 0 && init_decides(guard->profile))
		budget_us = LOG_GRACE_US;
	scene_settle(guard);
	from_us = clock_us(CLOCK_MONOTONIC);
	if (budget_us > 0)
		read_victims(guard, start_us + budget_us);
	guard_count_named(guard);
	if (guard->profile->evidence.budget_ms > 0)
		evidence_compare(&guard->evidence, incident, incident->kills);
	guard->scene.delay_us += clock_us(CLOCK_MONOTONIC) - from_us;
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
	scene_note_hit(guard, facts->limit);
	if (decide_slot(facts) == OOM_SLOT_PROCESS &&
	    guard->profile->on_oom[OOM_SLOT_PROCESS] != POLICY_REPORT)
		facts->healed = wait_healed(guard);
}
