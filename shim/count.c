/* SPDX-License-Identifier: Apache-2.0 */
#include "count.h"

#include <string.h>

#include "metrics.h"

/* Other writers hold the file for microseconds. */
#define WAIT_MS 20

/* Each rung that was tried is an action of its own. */
static void add_rungs(struct metrics_counts *counts, const struct incident *incident)
{
	for (size_t i = 0; i < incident->rungs_len; i++) {
		const struct incident_rung *rung = &incident->rungs[i];
		const char *result = rung->rung == RUNG_REPORT ? "reported"
				     : rung->helped	       ? "helped"
							       : "no-help";

		metrics_count_action(counts, ladder_rung_name(rung->rung), result);
	}
}

static void add_outcome(struct metrics_counts *counts, const struct incident *incident)
{
	bool restart = !strcmp(incident->decision, "restart");

	metrics_count_action(counts, incident->decision, incident->result);
	add_rungs(counts, incident);
	/* Run again by us, or its init killed for the manager to run it again. */
	if (!strcmp(incident->result, "restarted") ||
	    (restart && !strcmp(incident->result, "killed")))
		counts->counter[METRICS_RESTARTS]++;
}

void count_incident(struct guard *guard)
{
	static const struct metrics_counts nothing;
	const struct incident *incident = &guard->incident;
	struct counted *counted = &guard->counted;
	struct metrics_counts counts = {0};
	bool done = strcmp(incident->result, "pending") != 0;

	counts.counter[METRICS_OOM_KILLS] = guard->status.oom_kills - counted->kills;
	if (!counted->begun && incident->kind == INCIDENT_STALL)
		counts.counter[METRICS_STALLS] = 1;
	if (!counted->done && done && incident->kind != INCIDENT_NEAR_LIMIT)
		add_outcome(&counts, incident);
	counted->kills = guard->status.oom_kills;
	counted->begun = true;
	counted->done = counted->done || done;
	if (memcmp(&counts, &nothing, sizeof(counts)))
		metrics_add(&guard->root, &guard->plan.identity, &counts, WAIT_MS);
}

void count_action(struct guard *guard, const char *action, const char *result)
{
	struct metrics_counts counts = {0};

	metrics_count_action(&counts, action, result);
	metrics_add(&guard->root, &guard->plan.identity, &counts, WAIT_MS);
}

void count_drift_repair(struct guard *guard)
{
	const struct metrics_counts counts = {.counter = {[METRICS_DRIFT_REPAIRS] = 1}};

	metrics_add(&guard->root, &guard->plan.identity, &counts, WAIT_MS);
}
