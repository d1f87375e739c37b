/* SPDX-License-Identifier: Apache-2.0 */
/* What the hook adds to the counters of `oomguard metrics`. Best effort: nothing waits for it and
 * nothing fails by it. */
#pragma once

#include "hook.h"
#include "state.h"

/* A run that began at start_us (CLOCK_MONOTONIC) and is over now. */
void measure_run(struct hook *hook, uint64_t start_us);
/* Annotations that the policy did not let through. */
void measure_refused(const struct state_root *root, const struct plan *plan);
/* Settings that were put back. */
void measure_drift_repairs(const struct state_root *root, const struct plan *plan, unsigned count);
