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

/* The first rung, if it is a mere write; the climb does it again and verifies it. Hot path. */
void ladder_first_aid(struct guard *guard, enum stall_kind kind);

/* Puts back a limit that was raised, if it can be by now. True: nothing is owed. */
bool ladder_take_back(struct guard *guard);

/* Can this rung help against that stall at all? Pure. */
bool ladder_applies(enum ladder_rung rung, enum stall_kind kind, enum cgroup_version version);
