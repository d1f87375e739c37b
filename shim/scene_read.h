/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads the scene of an incident (scene.h), in the order in which things vanish: where the memory
 * is, who is there, what they hold. Nothing here waits for another process: what would have to
 * (mmap_lock) is read by a child that can be given up.
 *
 * Before the action it may take evidence.budget, counted from the wake-up. With a budget of 0 all
 * of it comes after the action, and is complete as far as anything is left.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "decide.h"
#include "kill.h"

struct guard;

/* With a budget of 0, and for what is read when nobody waits for it. */
#define SCENE_AFTER_MS 10000

/* Forgets the last scene. The incident at hand has begun. */
void scene_begin(struct guard *guard);

/* At the wake-up: as much as the budget allows, nothing when it is 0. What a child reads goes on.
 */
void scene_before(struct guard *guard);
/* Before the action: what the child has read until now, and the rest of the budget's time. */
void scene_settle(struct guard *guard);

/* After the action: all, if nothing was read before. `killed`: nobody is left to be read. */
void scene_after(struct guard *guard, bool killed);

/* Which limit of the chain ran out, by what the evidence says. */
void scene_note_hit(struct guard *guard, enum limit_owner owner);

/* All processes are gone: what is still charged is memory that outlives them. */
void scene_note_removed(struct guard *guard);
