/* SPDX-License-Identifier: Apache-2.0 */
/* The other way round: values of policy keys as JSON and as text. */
#include <inttypes.h>
#include <stdio.h>

#include "policy_lists.h"
#include "units.h"

static const char *count_text(const struct policy_key *key, uint32_t count, char *buf, size_t cap)
{
	if (count == 0 && key->words)
		snprintf(buf, cap, "%s", policy_word_text(key->words, 0));
	else
		snprintf(buf, cap, "%" PRIu32, count);
	return buf;
}

/* 25000 is said as "25%", 12500 as "12.5%". */
static const char *percent_text(uint32_t millipercent, char *buf, size_t cap)
{
	size_t len = (size_t)snprintf(buf, cap, "%" PRIu32 ".%03" PRIu32, millipercent / 1000,
				      millipercent % 1000);

	while (len > 1 && len < cap && buf[len - 1] == '0')
		len--;
	if (len > 1 && len < cap && buf[len - 1] == '.')
		len--;
	snprintf(buf + len, cap - len, "%%");
	return buf;
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
	switch (size->kind) {
	case SIZE_LEAVE:
		snprintf(buf, cap, "leave");
		break;
	case SIZE_BYTES:
		size_canonical(size->bytes, buf, cap);
		break;
	case SIZE_PERCENT:
		percent_text(size->millipercent, buf, cap);
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
	case KEY_FACTOR:
		jsonw_double(w, *(const double *)field);
		return;
	case KEY_BOOL:
		jsonw_bool(w, *(const int *)field);
		return;
	case KEY_ERE:
		jsonw_string(w, field);
		return;
	case KEY_ERES:
		policy_eres_write(field, w);
		return;
	case KEY_LADDER:
		policy_ladder_write(key, field, w);
		return;
	case KEY_NEAR_ACTIONS:
		policy_near_actions_write(key, field, w);
		return;
	case KEY_COUNT:
		if (*(const uint32_t *)field > 0 || !key->words) {
			jsonw_uint(w, *(const uint32_t *)field);
			return;
		}
		break;
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
	case KEY_PERCENT:
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

/* "2 rules", "1 rule" */
static const char *number_text(size_t number, const char *of, char *buf, size_t cap)
{
	snprintf(buf, cap, number == 1 ? "%zu %s" : "%zu %ss", number, of);
	return buf;
}

static const char *known_text(const char *word, char *buf, size_t cap)
{
	snprintf(buf, cap, "%s", word ? word : "?");
	return buf;
}

const char *policy_key_text(const struct policy_key *key, const struct profile *profile, char *buf,
			    size_t cap)
{
	const void *field = (const char *)profile + key->offset;

	switch (key->kind) {
	case KEY_ENUM:
		return known_text(policy_word_text(key->words, *(const int *)field), buf, cap);
	case KEY_SIGNAL:
		return known_text(policy_signal_word(*(const int *)field), buf, cap);
	case KEY_BOOL:
		return known_text(*(const int *)field ? "true" : "false", buf, cap);
	case KEY_SIZE:
		return size_spec_text(field, buf, cap);
	case KEY_SCORE:
		return score_text(field, buf, cap);
	case KEY_SCORE_RULES:
		return number_text(((const struct score_rules *)field)->len, "rule", buf, cap);
	case KEY_SWAPPINESS:
		if (*(const int *)field < 0)
			return known_text("leave", buf, cap);
		snprintf(buf, cap, "%d", *(const int *)field);
		break;
	case KEY_LIMIT:
		limit_text(field, buf, cap);
		break;
	case KEY_DURATION:
		return duration_text(*(const uint64_t *)field, buf, cap);
	case KEY_COUNT:
		return count_text(key, *(const uint32_t *)field, buf, cap);
	case KEY_PERCENT:
		if (*(const uint32_t *)field == 0 && key->words)
			return known_text(policy_word_text(key->words, 0), buf, cap);
		return percent_text(*(const uint32_t *)field, buf, cap);
	case KEY_FACTOR:
		snprintf(buf, cap, "%g", *(const double *)field);
		break;
	case KEY_ERE:
		return known_text(*(const char *)field ? field : "the init", buf, cap);
	case KEY_ERES:
		return number_text(((const struct ere_list *)field)->len, "name", buf, cap);
	case KEY_LADDER:
		return policy_ladder_text(key, field, buf, cap);
	case KEY_NEAR_ACTIONS:
		return policy_near_actions_text(key, field, buf, cap);
	}
	return buf;
}
