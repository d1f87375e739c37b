/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Counters that outlive the container and its shim, for `oomguard metrics`: one small file in the
 * state root, STATE/metrics, gone at boot as all of it. Records of a fixed size, each with a check
 * sum, written under a lock: a torn or foreign record counts nothing and is used again.
 *
 * A series is what Prometheus sees as one: container, pod and namespace. Containers with the same
 * names add up, so a pod's container keeps its counters through restarts. There are at most
 * METRICS_SERIES_MAX. When all are taken, the one that was longest without a change gives way, but
 * none that changed within METRICS_KEEP_S: then the newcomer counts into the series "(other)". So
 * no event is counted twice, and what scraped it once has it.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "identity.h"
#include "spec.h"
#include "state.h"

#define METRICS_FILE "metrics"
#define METRICS_SERIES_MAX 512
#define METRICS_KEEP_S 3600
#define METRICS_OTHER "(other)"
/* Bytes of a label with its NUL. What is cut alike is one series. */
#define METRICS_CONTAINER_MAX 128
#define METRICS_POD_MAX 256
#define METRICS_NAMESPACE_MAX 128

enum metrics_counter {
	METRICS_OOM_KILLS,
	METRICS_STALLS,
	METRICS_DRIFT_REPAIRS,
	METRICS_RESTARTS,
	METRICS_REFUSED_ANNOTATIONS,
	METRICS_COUNTERS
};

/* What was done, in the words of incident.h's `decision` and of the ladder's rungs. */
enum metrics_action {
	METRICS_REPORT,
	METRICS_KILL,
	METRICS_RESTART,
	METRICS_GIVE_UP,
	METRICS_ENABLE_OOM_KILLER,
	METRICS_KILL_LARGEST,
	METRICS_RAISE_LIMIT,
	METRICS_ACTIONS
};

/* What came of it, in the words of incident.h's `result`; of a rung "helped", "no-help", or
 * "reported". */
enum metrics_result {
	METRICS_REPORTED,
	METRICS_KILLED,
	METRICS_KILL_INCOMPLETE,
	METRICS_RESTARTED,
	METRICS_RESTART_FAILED,
	METRICS_GAVE_UP,
	METRICS_CANCELLED,
	METRICS_HELPED,
	METRICS_NO_HELP,
	METRICS_RESULTS
};

struct metrics_counts {
	uint64_t counter[METRICS_COUNTERS];
	uint32_t action[METRICS_ACTIONS][METRICS_RESULTS];
};

/* Valid UTF-8 that a terminal can show; "" unknown. */
struct metrics_labels {
	char container[METRICS_CONTAINER_MAX]; /* its name, else its id */
	char pod[METRICS_POD_MAX];
	char namespace[METRICS_NAMESPACE_MAX];
};

struct metrics_series {
	struct metrics_labels labels;
	struct metrics_counts counts;
};

/* Upper bounds of the buckets in microseconds; one more bucket takes what is longer. */
#define METRICS_BUCKETS 12
#define METRICS_STAGES (SPEC_STAGE_POSTSTOP + 1)
extern const uint64_t metrics_bucket_us[METRICS_BUCKETS];

struct metrics_histogram {
	uint64_t bucket[METRICS_BUCKETS + 1]; /* not cumulative */
	uint64_t sum_us;
};

struct metrics_durations {
	struct metrics_histogram stage[METRICS_STAGES]; /* by enum spec_stage */
};

void metrics_labels(const struct identity *id, struct metrics_labels *out);
bool metrics_same_labels(const struct metrics_labels *a, const struct metrics_labels *b);

/* Counts one action; words that are not in the tables count nothing. */
void metrics_count_action(struct metrics_counts *counts, const char *action, const char *result);
const char *metrics_action_name(enum metrics_action action);
const char *metrics_result_name(enum metrics_result result);

/*
 * Adds to the series of that container. No allocation. Waits at most wait_ms for other writers:
 * -EWOULDBLOCK then. A failure loses the counts and nothing else.
 */
int metrics_add(const struct state_root *root, const struct identity *id,
		const struct metrics_counts *counts, unsigned wait_ms);
/* Adds one run of the hook. The same. */
int metrics_add_duration(const struct state_root *root, enum spec_stage stage, uint64_t us,
			 unsigned wait_ms);

/*
 * Reads without a lock and disturbs nobody: hands on each series, "(other)" too when it counted
 * something. Stops when visit returns non-zero, and returns that. Without a file all is zero, 0.
 */
int metrics_read(const struct state_root *root, struct metrics_durations *durations,
		 int (*visit)(const struct metrics_series *series, void *context), void *context);
