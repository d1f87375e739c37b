/* SPDX-License-Identifier: Apache-2.0 */
/* The same counters for programs that read JSON. */
#include "metrics_page.h"

static void fill_actions(struct jsonw *w, const struct metrics_counts *counts)
{
	jsonw_key(w, "actions");
	jsonw_array(w);
	for (size_t a = 0; a < METRICS_ACTIONS; a++) {
		for (size_t r = 0; r < METRICS_RESULTS; r++) {
			if (counts->action[a][r] == 0)
				continue;
			jsonw_object(w);
			jsonw_kv_string(w, "action", metrics_action_name((enum metrics_action)a));
			jsonw_kv_string(w, "result", metrics_result_name((enum metrics_result)r));
			jsonw_kv_uint(w, "count", counts->action[a][r]);
			jsonw_object_end(w);
		}
	}
	jsonw_array_end(w);
}

static void fill_series(struct jsonw *w, const struct metrics_series *series)
{
	jsonw_object(w);
	jsonw_kv_string(w, "container", series->labels.container);
	jsonw_kv_string(w, "pod", series->labels.pod);
	jsonw_kv_string(w, "namespace", series->labels.namespace);
	for (int i = 0; i < METRICS_COUNTERS; i++)
		jsonw_kv_uint(w, metrics_counter_name((enum metrics_counter)i),
			      series->counts.counter[i]);
	fill_actions(w, &series->counts);
	jsonw_object_end(w);
}

static void fill_stage(struct jsonw *w, enum spec_stage stage,
		       const struct metrics_histogram *histogram)
{
	jsonw_object(w);
	jsonw_kv_string(w, "stage", metrics_stage_name(stage));
	jsonw_kv_uint(w, "runs", metrics_runs(histogram));
	jsonw_kv_uint(w, "sumUs", histogram->sum_us);
	jsonw_key(w, "buckets");
	jsonw_array(w);
	for (size_t i = 0; i <= METRICS_BUCKETS; i++) {
		jsonw_object(w);
		jsonw_key(w, "upToUs");
		if (i < METRICS_BUCKETS)
			jsonw_uint(w, metrics_bucket_us[i]);
		else
			jsonw_null(w);
		jsonw_kv_uint(w, "runs", histogram->bucket[i]);
		jsonw_object_end(w);
	}
	jsonw_array_end(w);
	jsonw_object_end(w);
}

void metrics_json(struct jsonw *w, const void *context)
{
	const struct metrics_page *page = context;

	jsonw_object(w);
	jsonw_kv_int(w, "version", CLI_JSON_VERSION);
	jsonw_key(w, "containers");
	jsonw_object(w);
	for (size_t i = 0; i < page->states_len; i++)
		jsonw_kv_uint(w, page->states[i].name, page->states[i].containers);
	jsonw_object_end(w);
	jsonw_key(w, "series");
	jsonw_array(w);
	for (size_t i = 0; i < page->len; i++)
		fill_series(w, &page->series[i]);
	jsonw_array_end(w);
	jsonw_key(w, "hookDurations");
	jsonw_array(w);
	for (size_t i = 0; i < METRICS_STAGES; i++)
		fill_stage(w, (enum spec_stage)i, &page->durations.stage[i]);
	jsonw_array_end(w);
	jsonw_object_end(w);
}
