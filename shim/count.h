/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is added to the counters of `oomguard metrics` (metrics.h), from the places that record:
 * never before the action, and counted once, however often a record is written again.
 */
#pragma once

#include "guard.h"

/* The incident at hand: its kills, the stall, and once its result is known what was done. */
void count_incident(struct guard *guard);
/* What was done without an incident, in the words of metrics.h. */
void count_action(struct guard *guard, const char *action, const char *result);
/* A setting that was put back. */
void count_drift_repair(struct guard *guard);
