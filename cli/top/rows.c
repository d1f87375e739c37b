/* SPDX-License-Identifier: Apache-2.0 */
#include "rows.h"

#include <stdlib.h>
#include <string.h>

static const char *const sort_names[TOP_SORTS] = {
    [TOP_BY_MEMORY] = "memory", [TOP_BY_USAGE] = "usage", [TOP_BY_PRESSURE] = "pressure",
    [TOP_BY_KILLS] = "kills",	[TOP_BY_LEFT] = "left",	  [TOP_BY_STATE] = "state",
    [TOP_BY_NAME] = "name",
};

const char *top_sort_name(enum top_sort sort)
{
	return sort_names[sort];
}

unsigned top_share(const struct top_row *row)
{
	if (!row->has_usage || row->limit == MEMCG_NO_LIMIT || row->limit == 0)
		return 0;
	if (row->working_set >= row->limit)
		return 1000;
	/* Without an overflow, and exact enough. */
	return (unsigned)((double)row->working_set * 1000 / (double)row->limit);
}

int top_pressure_parse(const char *text)
{
	const char *at = strstr(text, "some avg10=");
	double percent;
	char *end;

	if (!at)
		return TOP_NO_PRESSURE;
	at += strlen("some avg10=");
	percent = strtod(at, &end);
	if (end == at || !(percent >= 0 && percent <= 100))
		return TOP_NO_PRESSURE;
	return (int)(percent * 100 + 0.5);
}

/* How bad a state is: what the colours say. */
static int badness(const struct top_row *row)
{
	switch (row->color) {
	case CLI_RED:
		return 3;
	case CLI_YELLOW:
		return 2;
	case CLI_PLAIN:
	case CLI_BOLD:
	case CLI_DIM:
		return 1;
	case CLI_GREEN:
		break;
	}
	return 0;
}

/* Larger is higher up. */
static double rank(const struct top_row *row, enum top_sort sort)
{
	switch (sort) {
	case TOP_BY_MEMORY:
		return top_share(row);
	case TOP_BY_USAGE:
		return row->has_usage ? (double)row->usage : -1;
	case TOP_BY_PRESSURE:
		return row->pressure;
	case TOP_BY_KILLS:
		return (double)row->oom_kills;
	case TOP_BY_LEFT:
		return row->restartable ? -(double)row->restarts_left : -1e9;
	case TOP_BY_STATE:
		return badness(row);
	case TOP_BY_NAME:
	case TOP_SORTS:
		break;
	}
	return 0;
}

static int compare(const void *a, const void *b, void *context)
{
	const struct top_row *one = a, *two = b;
	enum top_sort sort = *(const enum top_sort *)context;
	double first = rank(one, sort), second = rank(two, sort);
	int r;

	if (first != second)
		return first > second ? -1 : 1;
	r = strcmp(one->name, two->name);
	return r ? r : strcmp(one->key, two->key);
}

void top_rows_sort(struct top_rows *rows, enum top_sort sort)
{
	if (rows->len)
		qsort_r(rows->items, rows->len, sizeof(*rows->items), compare, &sort);
}

static void put_row(struct jsonw *w, const struct top_row *row)
{
	bool limited = row->has_usage && row->limit != MEMCG_NO_LIMIT;

	jsonw_object(w);
	jsonw_kv_string(w, "id", row->id);
	jsonw_kv_string(w, "key", row->key);
	jsonw_kv_string(w, "name", row->name);
	jsonw_kv_string(w, "state", row->state);
	jsonw_kv_string(w, "profile", row->profile);
	jsonw_kv_known_uint(w, "usage", row->has_usage, row->usage);
	jsonw_kv_known_uint(w, "limit", limited, row->limit);
	jsonw_kv_known_uint(w, "workingSet", row->has_usage, row->working_set);
	jsonw_key(w, "pressurePercent");
	if (row->pressure == TOP_NO_PRESSURE)
		jsonw_null(w);
	else
		jsonw_double(w, row->pressure / 100.0);
	jsonw_kv_known_int(w, "initScore", row->has_init_score, row->init_score);
	jsonw_kv_known_int(w, "workloadScore", row->has_workload_score, row->workload_score);
	jsonw_kv_known_uint(w, "restartsLeft", row->restartable, row->restarts_left);
	jsonw_kv_uint(w, "restartMax", row->restart_max);
	jsonw_kv_uint(w, "oomKills", row->oom_kills);
	jsonw_kv_string(w, "lastEvent", row->last_event);
	jsonw_object_end(w);
}

void top_rows_json(struct jsonw *w, const void *context)
{
	const struct top_rows *rows = context;

	jsonw_object(w);
	jsonw_kv_int(w, "version", CLI_JSON_VERSION);
	jsonw_key(w, "containers");
	jsonw_array(w);
	for (size_t i = 0; i < rows->len; i++)
		put_row(w, &rows->items[i]);
	jsonw_array_end(w);
	jsonw_object_end(w);
}
