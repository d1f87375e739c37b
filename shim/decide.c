/* SPDX-License-Identifier: Apache-2.0 */
#include "decide.h"

#include <stdio.h>

enum oom_slot decide_slot(const struct oom_facts *facts)
{
	if (facts->limit == LIMIT_OF_HOST)
		return OOM_SLOT_GLOBAL;
	if (facts->limit == LIMIT_OF_ANCESTOR)
		return OOM_SLOT_ANCESTOR;
	if (facts->group)
		return OOM_SLOT_GROUP;
	switch (facts->init) {
	case INIT_OOM_KILLED:
		return OOM_SLOT_INIT;
	case INIT_ALIVE:
		return OOM_SLOT_PROCESS;
	case INIT_ENDED:
		/* A worker was killed, and init went by itself because of it or meanwhile. */
		return OOM_SLOT_PROCESS;
	case INIT_END_UNKNOWN:
		break;
	}
	return OOM_SLOT_UNKNOWN;
}

bool decide_may_restart(const struct profile *profile)
{
	for (int slot = 0; slot < OOM_SLOT_COUNT; slot++)
		if (profile->on_oom[slot] == POLICY_RESTART)
			return true;
	return profile->on_zombies.above > 0 && profile->on_zombies.action == POLICY_RESTART;
}

uint64_t decide_backoff_ms(const struct profile *profile, unsigned used)
{
	double ms = (double)profile->restart.backoff_initial_ms;
	double max = (double)profile->restart.backoff_max_ms;

	for (unsigned i = 0; i < used && ms < max; i++)
		ms *= profile->restart.backoff_factor;
	return (uint64_t)(ms < max ? ms : max);
}

static void give_up(const struct profile *profile, const struct oom_facts *facts,
		    struct decision *out)
{
	/* With a manager behind it a kill is a restart: giving up means to stop killing. */
	if (facts->way == RESTART_MANAGER || profile->restart.give_up == GIVE_UP_LEAVE)
		out->step = STEP_GIVE_UP_LEAVE;
	else
		out->step = STEP_GIVE_UP_KILL;
	snprintf(out->reason, sizeof(out->reason), "%u of %u restarts are used up: %s",
		 facts->restarts_used, profile->restart.max,
		 out->step == STEP_GIVE_UP_KILL ? "killed and left stopped" : "left as it is");
}

static void decide_restart(const struct profile *profile, const struct oom_facts *facts,
			   struct decision *out)
{
	if (facts->cancelled) {
		out->step = STEP_REPORT;
		snprintf(out->reason, sizeof(out->reason), "restarts were cancelled");
		return;
	}
	if (facts->way == RESTART_NONE) {
		out->step = STEP_KILL;
		snprintf(out->reason, sizeof(out->reason), "not restartable: %.150s",
			 facts->way_why ? facts->way_why : "reason unknown");
		return;
	}
	if (facts->restarts_used >= profile->restart.max) {
		give_up(profile, facts, out);
		return;
	}
	out->restart_number = facts->restarts_used + 1;
	if (facts->way == RESTART_MANAGER) {
		out->step = STEP_KILL_INIT;
		snprintf(out->reason, sizeof(out->reason), "number %u of %u, by its manager",
			 out->restart_number, profile->restart.max);
		return;
	}
	out->step = STEP_RESTART;
	out->backoff_ms = decide_backoff_ms(profile, facts->restarts_used);
	snprintf(out->reason, sizeof(out->reason), "number %u of %u, after %llu ms",
		 out->restart_number, profile->restart.max, (unsigned long long)out->backoff_ms);
}

void decide_asked(const struct profile *profile, const struct oom_facts *facts, const char *because,
		  struct decision *out)
{
	switch (out->asked) {
	case POLICY_REPORT:
		snprintf(out->reason, sizeof(out->reason), "%s is report", because);
		break;
	case POLICY_KILL:
		out->step = STEP_KILL;
		snprintf(out->reason, sizeof(out->reason), "%s is kill", because);
		break;
	case POLICY_RESTART:
		decide_restart(profile, facts, out);
		break;
	}
}

void decide(const struct profile *profile, const struct oom_facts *facts, struct decision *out)
{
	char because[32];

	*out = (struct decision){.slot = decide_slot(facts)};
	out->asked = profile->on_oom[out->slot];
	if (out->slot == OOM_SLOT_PROCESS && facts->healed && facts->init == INIT_ALIVE) {
		snprintf(out->reason, sizeof(out->reason),
			 "the victim's parent has already replaced it");
		return;
	}
	snprintf(because, sizeof(because), "onOom.%s", oom_slot_name(out->slot));
	decide_asked(profile, facts, because, out);
}

void decide_after_failed_restart(const struct profile *profile, const struct oom_facts *facts,
				 struct decision *out)
{
	*out = (struct decision){.slot = decide_slot(facts), .asked = POLICY_RESTART};
	decide_restart(profile, facts, out);
	if (out->step == STEP_GIVE_UP_KILL) {
		out->step = STEP_GIVE_UP_LEAVE;
		snprintf(out->reason, sizeof(out->reason),
			 "%u of %u restarts are used up, the last one failed", facts->restarts_used,
			 profile->restart.max);
	}
}

const char *step_name(enum step step)
{
	switch (step) {
	case STEP_REPORT:
		return "report";
	case STEP_KILL:
		return "kill";
	case STEP_RESTART:
	case STEP_KILL_INIT:
		return "restart";
	case STEP_GIVE_UP_KILL:
	case STEP_GIVE_UP_LEAVE:
		return "give-up";
	}
	return "unknown";
}
