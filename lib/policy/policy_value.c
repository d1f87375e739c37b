/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads the values of policy keys. What is accepted here is, form by form, what the definitions in
 * schema/policy.schema.json accept: the digits are counted so that no value can overflow and that
 * the canonical form of a value is always a valid form too.
 */
#include "policy_keys.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ere.h"
#include "escape.h"
#include "policy_lists.h"
#include "units.h"

#define DIGITS "0123456789"
#define FRACTION_DIGITS 3

/* A unit and how many digits may stand before it; with a fraction (where it may have one) less. */
struct unit_form {
	const char *unit;
	size_t digits;
	size_t digits_with_fraction; /* 0: no fraction */
};

static const struct unit_form size_units[] = {
    {"", 15, 0},   {"B", 15, 0}, {"KiB", 12, 11}, {"KB", 12, 11}, {"MiB", 9, 8}, {"MB", 9, 8},
    {"GiB", 6, 5}, {"GB", 6, 5}, {"TiB", 3, 2},	  {"TB", 3, 2},	  {NULL, 0, 0},
};
static const struct unit_form duration_units[] = {
    {"ms", 8, 0}, {"s", 5, 5}, {"m", 4, 0}, {"h", 3, 0}, {NULL, 0, 0},
};
static const struct unit_form percent_units[] = {{"%", 3, 3}, {NULL, 0, 0}};

static bool has_form(const char *text, const struct unit_form *units)
{
	size_t whole = strspn(text, DIGITS);
	size_t fraction = 0;

	text += whole;
	if (*text == '.') {
		fraction = strspn(text + 1, DIGITS);
		if (fraction == 0 || fraction > FRACTION_DIGITS)
			return false;
		text += 1 + fraction;
	}
	for (; units->unit; units++)
		if (strcmp(units->unit, text) == 0)
			return whole > 0 &&
			       whole <= (fraction ? units->digits_with_fraction : units->digits);
	return false;
}

static int read_bytes(const struct json *value, uint64_t *out)
{
	if (value->type == JSON_NUMBER)
		return json_uint64(value, out) < 0 || *out > 999999999999999 ? -EINVAL : 0;
	if (value->type != JSON_STRING || !has_form(value->text, size_units))
		return -EINVAL;
	return size_parse(value->text, out);
}

static int read_size(const struct json *value, struct size_spec *out)
{
	if (policy_is_word(value, "leave")) {
		out->kind = SIZE_LEAVE;
		return 0;
	}
	if (value->type == JSON_STRING &&
	    (has_form(value->text, percent_units) || strcmp(value->text, "1000%") == 0)) {
		out->kind = SIZE_PERCENT;
		return percent_parse(value->text, &out->millipercent);
	}
	out->kind = SIZE_BYTES;
	return read_bytes(value, &out->bytes);
}

static int read_score(const struct policy_key *key, const struct json *value,
		      struct score_spec *out)
{
	int64_t number;

	if (policy_is_word(value, "leave")) {
		out->kind = SCORE_LEAVE;
		return 0;
	}
	if (value->type == JSON_STRING) {
		size_t digits = strspn(value->text + (*value->text != '\0'), DIGITS);

		if ((value->text[0] != '+' && value->text[0] != '-') || digits < 1 || digits > 4 ||
		    value->text[1 + digits] != '\0')
			return -EINVAL;
		out->kind = SCORE_RELATIVE;
		out->value = (int)strtol(value->text, NULL, 10);
		return out->value < -1000 || out->value > 1000 ? -EINVAL : 0;
	}
	if (json_int64(value, &number) < 0 || number < key->min || number > key->max)
		return -EINVAL;
	out->kind = SCORE_ABSOLUTE;
	out->value = (int)number;
	return 0;
}

static int read_score_rule(const struct policy_key *key, const struct json *item,
			   struct score_rule *out, struct error *err)
{
	const char *name = json_get_string(item, "name");
	const struct json *value = json_get(item, "value");
	struct error why;
	char found[96];

	if (item->type != JSON_OBJECT || !name || !value)
		return error_say(err, EINVAL,
				 "found %s, allowed {\"name\": regular expression, "
				 "\"value\": score}",
				 policy_found(item, found, sizeof(found)));
	for (size_t i = 0; i < item->object.len; i++) {
		const char *member = item->object.members[i].key;

		if (strcmp(member, "name") == 0 || strcmp(member, "value") == 0)
			continue;
		escape_terminal(member, found, sizeof(found));
		return error_say(err, EINVAL,
				 "found the key \"%s\", allowed \"name\" and \"value\"", found);
	}
	if (ere_check(name, &why) < 0)
		return error_say(err, EINVAL, "name: found %s", why.message);
	if (read_score(key, value, &out->value) < 0 || out->value.kind == SCORE_LEAVE)
		return error_say(err, EINVAL,
				 "value: found %s, allowed a whole number from -1000 "
				 "to 1000, or \"+100\" and the like",
				 policy_found(value, found, sizeof(found)));
	snprintf(out->name, sizeof(out->name), "%s", name);
	return 0;
}

static int read_score_rules(const struct policy_key *key, const struct json *value,
			    struct score_rules *out, struct error *err)
{
	char found[96];

	if (value->type != JSON_ARRAY || value->array.len > POLICY_SCORE_RULES_MAX)
		return error_say(err, EINVAL, "found %s, allowed a list of at most %d rules",
				 policy_found(value, found, sizeof(found)), POLICY_SCORE_RULES_MAX);
	memset(out, 0, sizeof(*out));
	for (size_t i = 0; i < value->array.len; i++) {
		int r = read_score_rule(key, value->array.items[i], &out->rule[i], err);

		if (r < 0)
			return error_wrap(err, r, "rule %zu", i + 1);
	}
	out->len = value->array.len;
	return 0;
}

static int read_limit(const struct json *value, struct limit_spec *out)
{
	const struct json *size, *require;

	if (policy_is_word(value, "leave")) {
		out->kind = LIMIT_LEAVE;
		return 0;
	}
	if (value->type != JSON_OBJECT || value->object.len != 1)
		return -EINVAL;
	require = json_get_typed(value, "require", JSON_BOOL);
	if (require && require->boolean) {
		out->kind = LIMIT_REQUIRE;
		return 0;
	}
	size = json_get(value, "default");
	/* A limit of nothing would kill at once: it starts with a digit above zero. */
	if (!size || (size->type == JSON_STRING && size->text[0] == '0'))
		return -EINVAL;
	out->kind = LIMIT_DEFAULT;
	return read_bytes(size, &out->bytes) < 0 || out->bytes == 0 ? -EINVAL : 0;
}

static int read_duration(const struct policy_key *key, const struct json *value, uint64_t *out)
{
	if (value->type != JSON_STRING ||
	    (strcmp(value->text, "0") != 0 && !has_form(value->text, duration_units)))
		return -EINVAL;
	return duration_parse(value->text, out) < 0 || *out < (uint64_t)key->min ? -EINVAL : 0;
}

static int read_whole(const struct policy_key *key, const struct json *value, int *out)
{
	int64_t number;

	if (json_int64(value, &number) < 0 || number < key->min || number > key->max)
		return -EINVAL;
	*out = (int)number;
	return 0;
}

static int read_count(const struct policy_key *key, const struct json *value, uint32_t *out)
{
	int number;

	if (key->words && policy_word_read(key->words, value, &number) == 0) {
		*out = (uint32_t)number;
		return 0;
	}
	if (read_whole(key, value, &number) < 0)
		return -EINVAL;
	*out = (uint32_t)number;
	return 0;
}

static int read_percent(const struct policy_key *key, const struct json *value, uint32_t *out)
{
	int word;

	if (key->words && policy_word_read(key->words, value, &word) == 0) {
		*out = (uint32_t)word;
		return 0;
	}
	if (value->type != JSON_STRING || !has_form(value->text, percent_units) ||
	    percent_parse(value->text, out) < 0)
		return -EINVAL;
	return *out < key->min || *out > key->max ? -EINVAL : 0;
}

static int read_factor(const struct policy_key *key, const struct json *value, double *out)
{
	if (value->type != JSON_NUMBER)
		return -EINVAL;
	*out = strtod(value->text, NULL);
	return *out >= (double)key->min && *out <= (double)key->max ? 0 : -EINVAL;
}

static int read_signal(const struct json *value, int *out)
{
	*out = value->type == JSON_STRING ? policy_signal_number(value->text) : -EINVAL;
	return *out < 0 ? -EINVAL : 0;
}

static int read_bool(const struct json *value, int *out)
{
	if (value->type != JSON_BOOL)
		return -EINVAL;
	*out = value->boolean;
	return 0;
}

/* Kinds of one value, for which policy_key_allowed() says all that can be wrong. */
static int read_field(const struct policy_key *key, const struct json *value, void *field)
{
	switch (key->kind) {
	case KEY_ENUM:
		return policy_word_read(key->words, value, field);
	case KEY_SIZE:
		return read_size(value, field);
	case KEY_SCORE:
		return read_score(key, value, field);
	case KEY_SWAPPINESS:
		if (!policy_is_word(value, "leave"))
			return read_whole(key, value, field);
		*(int *)field = -1;
		return 0;
	case KEY_LIMIT:
		return read_limit(value, field);
	case KEY_DURATION:
		return read_duration(key, value, field);
	case KEY_COUNT:
		return read_count(key, value, field);
	case KEY_FACTOR:
		return read_factor(key, value, field);
	case KEY_SIGNAL:
		return read_signal(value, field);
	case KEY_BOOL:
		return read_bool(value, field);
	case KEY_PERCENT:
		return read_percent(key, value, field);
	case KEY_SCORE_RULES:
	case KEY_ERE:
	case KEY_ERES:
	case KEY_LADDER:
	case KEY_NEAR_ACTIONS:
		break;
	}
	return -EINVAL;
}

/* Room for every kind, so that a value that is refused leaves the profile alone. */
union field {
	struct score_rules rules;
	struct size_spec size;
	struct score_spec score;
	struct limit_spec limit;
	struct ere_list eres;
	struct ladder ladder;
	struct near_actions actions;
	char ere[POLICY_ERE_MAX];
	uint64_t number;
	double factor;
};

static int read_value(const struct policy_key *key, const struct json *value, union field *field,
		      struct error *err)
{
	char found[128], allowed[256];

	if (key->kind == KEY_SCORE_RULES)
		return read_score_rules(key, value, &field->rules, err);
	if (key->kind == KEY_ERE && !policy_is_word(value, ""))
		return policy_ere_read(value, field->ere, err);
	if (key->kind == KEY_ERE)
		return 0;
	if (key->kind == KEY_ERES)
		return policy_eres_read(value, &field->eres, err);
	if (key->kind == KEY_LADDER)
		return policy_ladder_read(key, value, &field->ladder, err);
	if (key->kind == KEY_NEAR_ACTIONS)
		return policy_near_actions_read(key, value, &field->actions, err);
	if (read_field(key, value, field) == 0)
		return 0;
	return error_say(err, EINVAL, "found %s, allowed %s",
			 policy_found(value, found, sizeof(found)),
			 policy_key_allowed(key, allowed, sizeof(allowed)));
}

int policy_key_read(const struct policy_key *key, const struct json *value, struct profile *profile,
		    struct error *err)
{
	union field field;
	int r;

	memset(&field, 0, sizeof(field));
	r = read_value(key, value, &field, err);
	if (r == 0)
		memcpy((char *)profile + key->offset, &field, policy_key_size(key));
	return r;
}

/* "10", "-500", "1.5": what JSON would take for a number, without an exponent. */
static bool is_number(const char *text)
{
	size_t digits;

	if (*text == '-')
		text++;
	digits = strspn(text, DIGITS);
	if (digits < 1 || digits > 15 || (digits > 1 && text[0] == '0'))
		return false;
	text += digits;
	if (*text == '\0')
		return true;
	digits = strspn(text + 1, DIGITS);
	return *text == '.' && digits > 0 && digits < 16 && text[1 + digits] == '\0';
}

static int read_actions_text(const struct policy_key *key, const char *text,
			     struct profile *profile, struct error *err)
{
	struct near_actions actions = {0};
	int r = policy_near_actions_read_text(key, text, &actions, err);

	if (r == 0)
		memcpy((char *)profile + key->offset, &actions, sizeof(actions));
	return r;
}

int policy_key_read_text(const struct policy_key *key, const char *text, struct profile *profile,
			 struct error *err)
{
	struct json value = {.type = JSON_STRING, .text = (char *)text};

	switch (key->kind) {
	case KEY_LIMIT:
	case KEY_SCORE_RULES:
	case KEY_ERE:
	case KEY_ERES:
	case KEY_LADDER:
		return error_say(err, EINVAL, "%s cannot be told as text", key->path);
	case KEY_NEAR_ACTIONS:
		return read_actions_text(key, text, profile, err);
	case KEY_BOOL:
		if (strcmp(text, "true") == 0 || strcmp(text, "false") == 0)
			value = (struct json){.type = JSON_BOOL, .boolean = *text == 't'};
		break;
	case KEY_SCORE:
	case KEY_SWAPPINESS:
	case KEY_COUNT:
	case KEY_FACTOR:
		if (is_number(text))
			value.type = JSON_NUMBER;
		break;
	case KEY_ENUM:
	case KEY_SIZE:
	case KEY_DURATION:
	case KEY_SIGNAL:
	case KEY_PERCENT:
		break;
	}
	return policy_key_read(key, &value, profile, err);
}
