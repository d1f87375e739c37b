/* SPDX-License-Identifier: Apache-2.0 */
#include "verdict.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "units.h"
#include "verdict_rules.h"

/* The one table: topic by topic, the most telling first. */
static const struct verdict_topic *const topics[] = {
    &verdict_stuck,
    &verdict_whose,
    &verdict_kinds,
    &verdict_demand,
};

static bool comes_before(const struct verdict *a, const struct verdict *b)
{
	if (a->role != b->role)
		return a->role < b->role;
	return a->confidence > b->confidence;
}

/* Behind all that are as important: the table's order stays. */
static void insert(struct verdicts *out, const struct verdict *verdict)
{
	size_t at = out->len;

	if (out->len == VERDICTS_MAX)
		return;
	while (at > 0 && comes_before(verdict, &out->items[at - 1])) {
		out->items[at] = out->items[at - 1];
		at--;
	}
	out->items[at] = *verdict;
	out->len++;
}

void verdicts_find(const struct verdict_facts *facts, struct verdicts *out)
{
	out->len = 0;
	for (size_t t = 0; t < sizeof(topics) / sizeof(topics[0]); t++) {
		for (size_t i = 0; i < topics[t]->len; i++) {
			const struct verdict_rule *rule = &topics[t]->rules[i];
			struct verdict verdict = {
			    .name = rule->name,
			    .title = rule->title,
			    .role = rule->role,
			    .disproof = rule->disproof,
			};

			snprintf(verdict.advice, sizeof(verdict.advice), "%s", rule->advice);
			if (rule->applies(facts, &verdict))
				insert(out, &verdict);
		}
	}
}

const char *verdict_confidence_name(enum verdict_confidence confidence)
{
	switch (confidence) {
	case VERDICT_POSSIBLE:
		break;
	case VERDICT_LIKELY:
		return "likely";
	case VERDICT_CERTAIN:
		return "certain";
	}
	return "possible";
}

const char *verdict_role_name(enum verdict_role role)
{
	switch (role) {
	case VERDICT_CAUSE:
		break;
	case VERDICT_EFFECT:
		return "effect";
	case VERDICT_NOTE:
		return "note";
	}
	return "cause";
}

static const char *unit_name(enum verdict_unit unit)
{
	static const char *const names[] = {
	    [UNIT_BYTES] = "bytes",	[UNIT_BYTES_PER_SECOND] = "bytes/s",
	    [UNIT_PERCENT] = "percent", [UNIT_MS] = "ms",
	    [UNIT_COUNT] = "count",	[UNIT_SCORE] = "oom_score_adj",
	    [UNIT_WORD] = "word",
	};

	return names[unit];
}

/* "process" of "processes", "time" of "times". */
static int singular_len(const char *plural)
{
	size_t len = strlen(plural);
	bool es = len > 4 && !strcmp(plural + len - 4, "sses");

	return (int)(len - (es ? 2 : len > 0));
}

const char *verdict_value_text(const struct verdict_figure *figure, char *buf, size_t cap)
{
	char size[32];

	switch (figure->unit) {
	case UNIT_BYTES:
		return size_text(figure->value, buf, cap);
	case UNIT_BYTES_PER_SECOND:
		snprintf(buf, cap, "%s/s", size_text(figure->value, size, sizeof(size)));
		break;
	case UNIT_PERCENT:
		snprintf(buf, cap, "%" PRIu64 " %%", figure->value);
		break;
	case UNIT_MS:
		return span_text(figure->value, buf, cap);
	case UNIT_COUNT:
		snprintf(buf, cap, "%" PRIu64 " %.*s", figure->value,
			 figure->value == 1 ? singular_len(figure->of) : (int)strlen(figure->of),
			 figure->of);
		break;
	case UNIT_SCORE:
		snprintf(buf, cap, "oom_score_adj %" PRId64, (int64_t)figure->value);
		break;
	case UNIT_WORD:
		snprintf(buf, cap, "%s", figure->of);
		break;
	}
	return buf;
}

static bool of_is_a_name(const struct verdict_figure *figure)
{
	return figure->of[0] && figure->unit != UNIT_COUNT && figure->unit != UNIT_WORD;
}

const char *verdict_figure_text(const struct verdict_figure *figure, char *buf, size_t cap)
{
	char value[160];

	verdict_value_text(figure, value, sizeof(value));
	if (of_is_a_name(figure))
		snprintf(buf, cap, "%s: %s (%s)", figure->what, value, figure->of);
	else
		snprintf(buf, cap, "%s: %s", figure->what, value);
	return buf;
}

static void write_figure(struct jsonw *w, const struct verdict_figure *figure)
{
	char text[256];

	jsonw_object(w);
	jsonw_kv_string(w, "what", figure->what);
	jsonw_key(w, "value");
	if (figure->unit == UNIT_WORD)
		jsonw_string(w, figure->of);
	else if (figure->unit == UNIT_SCORE)
		jsonw_int(w, (int64_t)figure->value);
	else
		jsonw_uint(w, figure->value);
	jsonw_kv_string(w, "unit", unit_name(figure->unit));
	jsonw_kv_string(w, "of", of_is_a_name(figure) ? figure->of : NULL);
	jsonw_kv_string(w, "text", verdict_figure_text(figure, text, sizeof(text)));
	jsonw_object_end(w);
}

void verdicts_write(struct jsonw *w, const char *key, const struct verdicts *verdicts)
{
	jsonw_key(w, key);
	jsonw_array(w);
	for (size_t i = 0; i < verdicts->len; i++) {
		const struct verdict *verdict = &verdicts->items[i];

		jsonw_object(w);
		jsonw_kv_string(w, "name", verdict->name);
		jsonw_kv_string(w, "title", verdict->title);
		jsonw_kv_string(w, "role", verdict_role_name(verdict->role));
		jsonw_kv_string(w, "confidence", verdict_confidence_name(verdict->confidence));
		jsonw_key(w, "figures");
		jsonw_array(w);
		for (size_t f = 0; f < verdict->figures_len; f++)
			write_figure(w, &verdict->figures[f]);
		jsonw_array_end(w);
		jsonw_kv_string(w, "advice", verdict->advice);
		jsonw_kv_string(w, "disproof", verdict->disproof);
		jsonw_object_end(w);
	}
	jsonw_array_end(w);
}
