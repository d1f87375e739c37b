/* SPDX-License-Identifier: Apache-2.0 */
/* All that `oomguard metrics` tells, gathered: counters of the store, and who is guarded now. */
#pragma once

#include "metrics.h"
#include "views.h"

#define METRICS_STATES_MAX 16

struct metrics_page {
	struct metrics_durations durations;
	/* By labels. A container that runs and never had an event counts zero, so that its first
	 * one is seen to come. With "(other)" at most METRICS_SERIES_MAX + 1. */
	struct metrics_series *series;
	size_t len, cap;
	struct {
		const char *name;
		uint64_t containers;
	} states[METRICS_STATES_MAX]; /* every state there is, zero ones too */
	size_t states_len;
};

/* `root` NULL: there is no state. A negative errno. To be freed in any case. */
int metrics_page_load(const struct state_root *root, const struct views *views,
		      struct metrics_page *out);
void metrics_page_free(struct metrics_page *page);

/* The sum of all buckets. */
uint64_t metrics_runs(const struct metrics_histogram *histogram);
const char *metrics_stage_name(enum spec_stage stage);
const char *metrics_counter_name(enum metrics_counter counter);

/* Prometheus' text format, 0.0.4. */
void metrics_text(FILE *out, const struct metrics_page *page);
/* For cli_json(). */
void metrics_json(struct jsonw *w, const void *page);
