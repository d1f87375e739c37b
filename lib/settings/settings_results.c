/* SPDX-License-Identifier: Apache-2.0 */
/* What became of the settings, to JSON and back. */
#include "settings.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const keys[] = {
    SETTING_OOM_KILLER, SETTING_OOM_GROUP,   SETTING_LIMIT,
    SETTING_SWAP,	SETTING_SWAPPINESS,  SETTING_SCORE_WORKLOAD,
    SETTING_SCORE_INIT, SETTING_SCORE_RULES, SETTING_SCORE_INHERITED,
};

static const char *const outcomes[] = {
    [SETTING_UNCHANGED] = "unchanged", [SETTING_APPLIED] = "applied", [SETTING_REFUSED] = "refused",
    [SETTING_FAILED] = "failed",       [SETTING_LATER] = "later",
};

/* The index of `text` in a list of words, or -1. */
static int word_index(const char *const *words, size_t len, const char *text)
{
	for (size_t i = 0; text && i < len; i++)
		if (strcmp(words[i], text) == 0)
			return (int)i;
	return -1;
}

const char *setting_outcome_name(enum setting_outcome outcome)
{
	return outcomes[outcome];
}

bool settings_score_base(const struct settings_results *results, int *base)
{
	for (size_t i = 0; i < results->len; i++) {
		const struct setting_result *result = &results->item[i];

		/* An inherited one is what the container should not have had. */
		if (strcmp(result->file, "oom_score_adj") != 0 || !result->old_value[0] ||
		    strcmp(result->key, SETTING_SCORE_INHERITED) == 0)
			continue;
		*base = atoi(result->old_value);
		return true;
	}
	return false;
}

void settings_results_write(const struct settings_results *results, struct jsonw *w)
{
	jsonw_array(w);
	for (size_t i = 0; i < results->len; i++) {
		const struct setting_result *result = &results->item[i];

		jsonw_object(w);
		jsonw_kv_string(w, "key", result->key);
		jsonw_kv_string(w, "file", result->file);
		jsonw_kv_string(w, "outcome", setting_outcome_name(result->outcome));
		jsonw_kv_string(w, "old", result->old_value);
		jsonw_kv_string(w, "new", result->new_value);
		jsonw_kv_string(w, "reason", result->reason);
		jsonw_object_end(w);
	}
	jsonw_array_end(w);
}

static void copy_text(const struct json *object, const char *key, char *buf, size_t cap)
{
	const char *text = json_get_string(object, key);

	snprintf(buf, cap, "%s", text ? text : "");
}

static int read_result(const struct json *item, struct setting_result *out, struct error *err)
{
	int key = word_index(keys, sizeof(keys) / sizeof(keys[0]), json_get_string(item, "key"));
	int outcome = word_index(outcomes, sizeof(outcomes) / sizeof(outcomes[0]),
				 json_get_string(item, "outcome"));

	if (key < 0 || outcome < 0)
		return error_say(err, EINVAL, "%s:%u: a result of settings with an unknown %s",
				 item->source, item->line, key < 0 ? "key" : "outcome");
	out->key = keys[key];
	out->outcome = (enum setting_outcome)outcome;
	copy_text(item, "file", out->file, sizeof(out->file));
	copy_text(item, "old", out->old_value, sizeof(out->old_value));
	copy_text(item, "new", out->new_value, sizeof(out->new_value));
	copy_text(item, "reason", out->reason, sizeof(out->reason));
	return 0;
}

int settings_results_read(const struct json *array, struct settings_results *out, struct error *err)
{
	memset(out, 0, sizeof(*out));
	if (!array || array->type != JSON_ARRAY)
		return error_say(err, EINVAL, "the results of settings are no array");
	if (array->array.len > SETTINGS_MAX)
		return error_say(err, EINVAL, "%s:%u: more than %d results of settings",
				 array->source, array->line, SETTINGS_MAX);
	for (; out->len < array->array.len; out->len++) {
		const struct json *item = array->array.items[out->len];
		int r = read_result(item, &out->item[out->len], err);

		if (r < 0)
			return r;
	}
	return 0;
}
