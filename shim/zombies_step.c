/* SPDX-License-Identifier: Apache-2.0 */
/* From a pile of zombies to what the policy says of it. */
#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "guard.h"
#include "record.h"
#include "scene_read.h"
#include "zombies.h"

/* Counting costs a look at every process, so it is not done at each wake-up. */
#define COUNT_EVERY_MS 5000

bool zombies_step(struct guard *guard, const struct stall_sample *now)
{
	struct incident *incident = &guard->incident;
	struct decision decision = {.asked = guard->profile->on_zombies.action};
	struct zombie_pile pile;
	struct oom_facts facts;
	bool done;

	if (guard->profile->on_zombies.above == 0 ||
	    (guard->zombies_counted_ms && now->at_ms - guard->zombies_counted_ms < COUNT_EVERY_MS))
		return false;
	guard->zombies_counted_ms = now->at_ms;
	zombies_count(&guard->target, &pile);
	if (pile.zombies <= guard->profile->on_zombies.above) {
		guard->zombies_told = false;
		return false;
	}
	if (guard->zombies_told)
		return false;
	guard->zombies_told = true;
	record_zombies(guard, &pile, now);
	guard_abilities(guard, &facts);
	decide_asked(guard->profile, &facts, "onZombies.action", &decision);
	snprintf(incident->decision, sizeof(incident->decision), "%s", step_name(decision.step));
	snprintf(incident->reason, sizeof(incident->reason), "%s", decision.reason);
	done = guard_act(guard, &facts, &decision);
	if (decision.step != STEP_RESTART) {
		scene_after(guard, done);
		record_incident(guard);
	}
	return done;
}
