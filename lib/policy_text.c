/* SPDX-License-Identifier: Apache-2.0 */
/* The other way round: values of policy keys as JSON, as text, and as words for messages. */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "escape.h"
#include "policy_keys.h"
#include "units.h"

static const char *word_of(const struct policy_key *key, int value)
{
	for (const struct policy_word *word = key->words; word->word; word++) {
		int known = word->value;

		if (key->kind == KEY_SIGNAL && known < 0)
			known = SIGRTMIN - known;
		if (known == value)
			return word->word;
	}
	return "?";
}

static const char *score_text(const struct score_spec *score, char *buf, size_t cap)
{
	if (score->kind == SCORE_LEAVE)
		snprintf(buf, cap, "leave");
	else
		snprintf(buf, cap, score->kind == SCORE_RELATIVE ? "%+d" : "%d", score->value);
	return buf;
}

static const char *size_spec_text(const struct size_spec *size, char *buf, size_t cap)
{
	size_t len;

	switch (size->kind) {
	case SIZE_LEAVE:
		snprintf(buf, cap, "leave");
		break;
	case SIZE_BYTES:
		size_canonical(size->bytes, buf, cap);
		break;
	case SIZE_PERCENT:
		len = (size_t)snprintf(buf, cap, "%" PRIu32 ".%03" PRIu32,
				       size->millipercent / 1000, size->millipercent % 1000);
		/* "25.000" is said as "25". */
		while (len > 1 && len < cap && buf[len - 1] == '0')
			len--;
		if (len > 1 && len < cap && buf[len - 1] == '.')
			len--;
		snprintf(buf + len, cap - len, "%%");
		break;
	}
	return buf;
}

static void write_score(const struct score_spec *score, struct jsonw *w)
{
	char buf[16];

	if (score->kind == SCORE_ABSOLUTE)
		jsonw_int(w, score->value);
	else
		jsonw_string(w, score_text(score, buf, sizeof(buf)));
}

static void write_score_rules(const struct score_rules *rules, struct jsonw *w)
{
	jsonw_array(w);
	for (size_t i = 0; i < rules->len; i++) {
		jsonw_object(w);
		jsonw_kv_string(w, "name", rules->rule[i].name);
		jsonw_key(w, "value");
		write_score(&rules->rule[i].value, w);
		jsonw_object_end(w);
	}
	jsonw_array_end(w);
}

static void write_limit(const struct limit_spec *limit, struct jsonw *w)
{
	char buf[32];

	if (limit->kind == LIMIT_LEAVE) {
		jsonw_string(w, "leave");
		return;
	}
	jsonw_object(w);
	if (limit->kind == LIMIT_REQUIRE)
		jsonw_kv_bool(w, "require", true);
	else
		jsonw_kv_string(w, "default", size_canonical(limit->bytes, buf, sizeof(buf)));
	jsonw_object_end(w);
}

void policy_key_write(const struct policy_key *key, const struct profile *profile, struct jsonw *w)
{
	const void *field = (const char *)profile + key->offset;
	char buf[64];

	switch (key->kind) {
	case KEY_SCORE:
		write_score(field, w);
		return;
	case KEY_SCORE_RULES:
		write_score_rules(field, w);
		return;
	case KEY_LIMIT:
		write_limit(field, w);
		return;
	case KEY_COUNT:
		jsonw_uint(w, *(const uint32_t *)field);
		return;
	case KEY_FACTOR:
		jsonw_double(w, *(const double *)field);
		return;
	case KEY_SWAPPINESS:
		if (*(const int *)field >= 0) {
			jsonw_int(w, *(const int *)field);
			return;
		}
		break;
	case KEY_ENUM:
	case KEY_SIGNAL:
	case KEY_SIZE:
	case KEY_DURATION:
		break;
	}
	jsonw_string(w, policy_key_text(key, profile, buf, sizeof(buf)));
}

static void limit_text(const struct limit_spec *limit, char *buf, size_t cap)
{
	char size[32];

	if (limit->kind == LIMIT_LEAVE)
		snprintf(buf, cap, "leave");
	else if (limit->kind == LIMIT_REQUIRE)
		snprintf(buf, cap, "required");
	else
		snprintf(buf, cap, "%s where none is set",
			 size_canonical(limit->bytes, size, sizeof(size)));
}

const char *policy_key_text(const struct policy_key *key, const struct profile *profile, char *buf,
			    size_t cap)
{
	const void *field = (const char *)profile + key->offset;
	size_t rules;

	switch (key->kind) {
	case KEY_ENUM:
	case KEY_SIGNAL:
		snprintf(buf, cap, "%s", word_of(key, *(const int *)field));
		break;
	case KEY_SIZE:
		return size_spec_text(field, buf, cap);
	case KEY_SCORE:
		return score_text(field, buf, cap);
	case KEY_SCORE_RULES:
		rules = ((const struct score_rules *)field)->len;
		snprintf(buf, cap, rules == 1 ? "%zu rule" : "%zu rules", rules);
		break;
	case KEY_SWAPPINESS:
		if (*(const int *)field < 0)
			snprintf(buf, cap, "leave");
		else
			snprintf(buf, cap, "%d", *(const int *)field);
		break;
	case KEY_LIMIT:
		limit_text(field, buf, cap);
		break;
	case KEY_DURATION:
		return duration_text(*(const uint64_t *)field, buf, cap);
	case KEY_COUNT:
		snprintf(buf, cap, "%" PRIu32, *(const uint32_t *)field);
		break;
	case KEY_FACTOR:
		snprintf(buf, cap, "%g", *(const double *)field);
		break;
	}
	return buf;
}

/* "a", "b" or "c" */
static void words_text(const struct policy_word *words, char *buf, size_t cap)
{
	size_t used = 0;

	buf[0] = '\0';
	for (; words->word && used < cap; words++)
		used += (size_t)snprintf(buf + used, cap - used, "%s\"%s\"",
					 used == 0	 ? ""
					 : words[1].word ? ", "
							 : " or ",
					 words->word);
}

const char *policy_key_allowed(const struct policy_key *key, char *buf, size_t cap)
{
	switch (key->kind) {
	case KEY_ENUM:
	case KEY_SIGNAL:
		words_text(key->words, buf, cap);
		break;
	case KEY_SIZE:
		snprintf(buf, cap,
			 "\"leave\", bytes, a size like \"512MiB\", or a share of the "
			 "limit like \"25%%\"");
		break;
	case KEY_SCORE:
		snprintf(buf, cap,
			 "\"leave\", a whole number from %" PRId64 " to %" PRId64
			 ", or \"+100\" to add to what is there",
			 key->min, key->max);
		break;
	case KEY_SCORE_RULES:
		snprintf(buf, cap, "a list of at most %d rules", POLICY_SCORE_RULES_MAX);
		break;
	case KEY_SWAPPINESS:
		snprintf(buf, cap, "\"leave\" or a whole number from 0 to 100");
		break;
	case KEY_LIMIT:
		snprintf(buf, cap, "\"leave\", {\"default\": size} or {\"require\": true}");
		break;
	case KEY_DURATION:
		snprintf(buf, cap, "a duration%s like \"500ms\", \"10s\", \"5m\" or \"2h\"",
			 key->min > 0 ? " above zero" : "");
		break;
	case KEY_COUNT:
	case KEY_FACTOR:
		snprintf(buf, cap, "a %snumber from %" PRId64 " to %" PRId64,
			 key->kind == KEY_COUNT ? "whole " : "", key->min, key->max);
		break;
	}
	return buf;
}

const char *policy_found(const struct json *value, char *buf, size_t cap)
{
	char text[64];

	switch (value->type) {
	case JSON_STRING:
		snprintf(buf, cap, "the string \"%s\"",
			 escape_terminal(value->text, text, sizeof(text)));
		break;
	case JSON_NUMBER:
		snprintf(buf, cap, "the number %s",
			 escape_terminal(value->text, text, sizeof(text)));
		break;
	case JSON_BOOL:
		snprintf(buf, cap, "%s", value->boolean ? "true" : "false");
		break;
	case JSON_ARRAY:
		snprintf(buf, cap, "a list of %zu", value->array.len);
		break;
	case JSON_NULL:
	case JSON_OBJECT:
		snprintf(buf, cap, "%s", json_type_name(value->type));
		break;
	}
	return buf;
}
