/* SPDX-License-Identifier: Apache-2.0 */
#include "measure.h"

#include "clock.h"
#include "metrics.h"

/* A start must not wait for a number. Other writers hold the file for microseconds. */
#define WAIT_MS 1

void measure_run(struct hook *hook, uint64_t start_us)
{
	/* precreate is no stage of a runtime, and has no container yet. */
	if (hook->args.stage >= METRICS_STAGES || hook_root(hook, false, NULL) < 0)
		return;
	metrics_add_duration(&hook->root, hook->args.stage, clock_us(CLOCK_MONOTONIC) - start_us,
			     WAIT_MS);
}

static void add(const struct state_root *root, const struct plan *plan,
		enum metrics_counter counter, uint64_t count)
{
	struct metrics_counts counts = {0};

	if (count == 0)
		return;
	counts.counter[counter] = count;
	metrics_add(root, &plan->identity, &counts, WAIT_MS);
}

void measure_refused(const struct state_root *root, const struct plan *plan)
{
	const struct effective_policy *policy = plan->policy;

	add(root, plan, METRICS_REFUSED_ANNOTATIONS, policy->refused_len + policy->refused_dropped);
}

void measure_drift_repairs(const struct state_root *root, const struct plan *plan, unsigned count)
{
	add(root, plan, METRICS_DRIFT_REPAIRS, count);
}
