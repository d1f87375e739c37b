/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ladder of onStall: rung after rung, each with a deadline, each verified, until the container
 * gets on again.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "incident.h"
#include "stall.h"

struct guard;

/* Climbs for this stall; fills in the incident's rungs. True when all of the container was killed.
 */
bool ladder_climb(struct guard *guard, enum stall_kind kind);

/*
 * First thing at a wake-up: with no time for evidence, a killer that is off against the policy is
 * switched on before anything is looked at. True when it was; the climb then tells and verifies.
 * Hot path.
 */
bool ladder_first_aid(const struct guard *guard);

/* Puts back a limit that was raised, if it can be by now. True: nothing is owed. */
bool ladder_take_back(struct guard *guard);

/* Can this rung help against that stall at all? Pure. */
bool ladder_applies(enum ladder_rung rung, enum stall_kind kind, enum cgroup_version version);
