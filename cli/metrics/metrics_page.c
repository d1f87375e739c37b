/* SPDX-License-Identifier: Apache-2.0 */
#include "metrics_page.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"

static const char *const stages[METRICS_STAGES] = {
    [SPEC_STAGE_PRESTART] = "prestart",
    [SPEC_STAGE_CREATE_RUNTIME] = "createRuntime",
    [SPEC_STAGE_POSTSTART] = "poststart",
    [SPEC_STAGE_POSTSTOP] = "poststop",
};

static const char *const counters[METRICS_COUNTERS] = {
    [METRICS_OOM_KILLS] = "oomKills",
    [METRICS_STALLS] = "stalls",
    [METRICS_DRIFT_REPAIRS] = "driftRepairs",
    [METRICS_RESTARTS] = "restarts",
    [METRICS_REFUSED_ANNOTATIONS] = "refusedAnnotations",
};

const char *metrics_stage_name(enum spec_stage stage)
{
	return stages[stage];
}

const char *metrics_counter_name(enum metrics_counter counter)
{
	return counters[counter];
}

uint64_t metrics_runs(const struct metrics_histogram *histogram)
{
	uint64_t runs = 0;

	for (size_t i = 0; i <= METRICS_BUCKETS; i++)
		runs += histogram->bucket[i];
	return runs;
}

static int add(struct metrics_page *page, const struct metrics_series *series)
{
	if (page->len == page->cap) {
		size_t cap = page->cap ? page->cap * 2 : 64;
		struct metrics_series *items = realloc(page->series, cap * sizeof(*items));

		if (!items)
			return -ENOMEM;
		page->series = items;
		page->cap = cap;
	}
	page->series[page->len++] = *series;
	return 0;
}

static struct metrics_series *find(const struct metrics_page *page,
				   const struct metrics_labels *labels)
{
	for (size_t i = 0; i < page->len; i++)
		if (metrics_same_labels(&page->series[i].labels, labels))
			return &page->series[i];
	return NULL;
}

/* A metrics_read() visit. */
static int keep_series(const struct metrics_series *series, void *context)
{
	return add(context, series);
}

static int add_quiet(struct metrics_page *page, const struct view *view)
{
	struct metrics_series series = {0};

	if (!view->has_plan || !view->plan.guarded || page->len >= METRICS_SERIES_MAX)
		return 0;
	metrics_labels(&view->plan.identity, &series.labels);
	return find(page, &series.labels) ? 0 : add(page, &series);
}

static void count_state(struct metrics_page *page, const char *state)
{
	for (size_t i = 0; i < page->states_len; i++)
		if (!strcmp(page->states[i].name, state))
			page->states[i].containers++;
}

static int compare(const void *a, const void *b)
{
	const struct metrics_labels *one = &((const struct metrics_series *)a)->labels;
	const struct metrics_labels *two = &((const struct metrics_series *)b)->labels;
	int r = strcmp(one->namespace, two->namespace);

	if (r == 0)
		r = strcmp(one->pod, two->pod);
	return r ? r : strcmp(one->container, two->container);
}

int metrics_page_load(const struct state_root *root, const struct views *views,
		      struct metrics_page *out)
{
	int r = root ? metrics_read(root, &out->durations, keep_series, out) : 0;

	for (size_t i = 0; r == 0 && i < views->len; i++)
		r = add_quiet(out, views->items[i]);
	for (size_t i = 0; view_states[i]; i++)
		out->states[out->states_len++].name = view_states[i];
	for (size_t i = 0; i < views->len; i++)
		count_state(out, views->items[i]->state);
	if (out->len)
		qsort(out->series, out->len, sizeof(*out->series), compare);
	return r;
}

void metrics_page_free(struct metrics_page *page)
{
	free(take_ptr(page->series));
	page->len = page->cap = 0;
}
