/* SPDX-License-Identifier: Apache-2.0 */
#include "json.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct json *get_bytes(const struct json *object, const char *key, size_t len)
{
	const struct json_member *member;
	size_t i;

	if (!object || object->type != JSON_OBJECT)
		return NULL;
	for (i = object->object.len; i > 0; i--) {
		member = &object->object.members[i - 1];
		if (strncmp(member->key, key, len) == 0 && member->key[len] == '\0')
			return member->value;
	}
	return NULL;
}

struct json *json_get(const struct json *object, const char *key)
{
	return get_bytes(object, key, strlen(key));
}

struct json *json_get_typed(const struct json *object, const char *key, enum json_type type)
{
	struct json *value = json_get(object, key);

	return value && value->type == type ? value : NULL;
}

const char *json_get_string(const struct json *object, const char *key)
{
	const struct json *value = json_get_typed(object, key, JSON_STRING);

	return value ? value->text : NULL;
}

struct json *json_path(const struct json *object, const char *dotted)
{
	size_t len = strcspn(dotted, ".");
	struct json *value = get_bytes(object, dotted, len);

	while (value && dotted[len]) {
		dotted += len + 1;
		len = strcspn(dotted, ".");
		value = get_bytes(value, dotted, len);
	}
	return value;
}

/* A number split into its digits and the place of the decimal point among them. */
struct decimal {
	bool negative;
	const char *digits; /* with the '.' still inside */
	const char *end;
	int64_t point; /* so many digits stand before the point; may be negative */
};

/* The text is a number by JSON's grammar: yajl has seen to it. */
static void split_number(const char *text, struct decimal *d)
{
	enum { EXPONENT_MAX = 1 << 30 }; /* beyond any number of digits a document can have */
	int64_t exponent = 0;
	const char *at;
	bool negative;

	d->negative = *text == '-';
	d->digits = text + d->negative;
	d->end = d->digits + strcspn(d->digits, "eE");
	d->point = strcspn(d->digits, ".eE");
	if (!*d->end)
		return;
	at = d->end + 1;
	negative = *at == '-';
	at += *at == '-' || *at == '+';
	for (; *at >= '0' && *at <= '9' && exponent < EXPONENT_MAX; at++)
		exponent = exponent * 10 + (*at - '0');
	d->point += negative ? -exponent : exponent;
}

/* The absolute value; -EINVAL when it is not whole, -ERANGE when it does not fit. */
static int whole_number(const struct decimal *d, uint64_t *out)
{
	bool overflow = false;
	uint64_t value = 0;
	int64_t seen = 0;
	const char *at;

	for (at = d->digits; at < d->end; at++) {
		if (*at == '.')
			continue;
		if (seen++ >= d->point) {
			if (*at != '0')
				return -EINVAL;
			continue;
		}
		overflow |= __builtin_mul_overflow(value, 10, &value);
		overflow |= __builtin_add_overflow(value, (uint64_t)(*at - '0'), &value);
	}
	for (; seen < d->point && value && !overflow; seen++)
		overflow |= __builtin_mul_overflow(value, 10, &value);
	*out = value;
	return overflow ? -ERANGE : 0;
}

static int number_of(const struct json *json, uint64_t *magnitude, bool *negative)
{
	struct decimal decimal;

	if (!json || json->type != JSON_NUMBER)
		return -EINVAL;
	split_number(json->text, &decimal);
	*negative = decimal.negative;
	return whole_number(&decimal, magnitude);
}

int json_int64(const struct json *json, int64_t *out)
{
	uint64_t magnitude;
	bool negative;
	int r = number_of(json, &magnitude, &negative);

	if (r < 0)
		return r;
	if (magnitude > (uint64_t)INT64_MAX + negative)
		return -ERANGE;
	*out = negative ? (int64_t)(0 - magnitude) : (int64_t)magnitude;
	return 0;
}

int json_uint64(const struct json *json, uint64_t *out)
{
	uint64_t magnitude;
	bool negative;
	int r = number_of(json, &magnitude, &negative);

	if (r < 0)
		return r;
	if (negative && magnitude)
		return -ERANGE;
	*out = magnitude;
	return 0;
}

struct duplicates {
	void (*found)(void *context, const char *path, const struct json_member *m);
	void *context;
	size_t count;
	char path[512];
	size_t len; /* of path; beyond its size where it was cut */
};

/* Appends to the path and returns the length it had. */
static size_t push(struct duplicates *d, const char *before, const char *name, const char *after)
{
	size_t old = d->len;

	if (d->len < sizeof(d->path))
		d->len += snprintf(d->path + d->len, sizeof(d->path) - d->len, "%s%s%s", before,
				   name, after);
	return old;
}

static void pop(struct duplicates *d, size_t old)
{
	d->len = old;
	if (old < sizeof(d->path))
		d->path[old] = '\0';
}

/* Equal names together, in the order they stand in the document. */
static int by_name(const void *a, const void *b)
{
	const struct json_member *left = *(const struct json_member *const *)a;
	const struct json_member *right = *(const struct json_member *const *)b;
	int order = strcmp(left->key, right->key);

	if (order)
		return order;
	return left < right ? -1 : left > right;
}

/* Sorted, because a document of a million short keys would take a search of each for ever. */
static void duplicates_of_object(struct duplicates *d, const struct json *object)
{
	size_t i, old, len = object->object.len;
	cleanup_free const struct json_member **sorted = calloc(len + 1, sizeof(*sorted));

	if (!sorted)
		return;
	for (i = 0; i < len; i++)
		sorted[i] = &object->object.members[i];
	qsort(sorted, len, sizeof(*sorted), by_name);
	for (i = 0; i + 1 < len; i++) {
		if (strcmp(sorted[i]->key, sorted[i + 1]->key) != 0)
			continue;
		d->count++;
		if (!d->found)
			continue;
		old = push(d, d->len ? "." : "", sorted[i]->key, "");
		d->found(d->context, d->path, sorted[i]);
		pop(d, old);
	}
}

static void walk(struct duplicates *d, const struct json *json)
{
	const struct json_member *member;
	char index[24];
	size_t i, old;

	if (json->type == JSON_ARRAY) {
		for (i = 0; i < json->array.len; i++) {
			snprintf(index, sizeof(index), "%zu", i);
			old = push(d, "[", index, "]");
			walk(d, json->array.items[i]);
			pop(d, old);
		}
	} else if (json->type == JSON_OBJECT) {
		duplicates_of_object(d, json);
		for (i = 0; i < json->object.len; i++) {
			member = &json->object.members[i];
			old = push(d, d->len ? "." : "", member->key, "");
			walk(d, member->value);
			pop(d, old);
		}
	}
}

size_t json_duplicates(const struct json *json,
		       void (*found)(void *context, const char *path, const struct json_member *m),
		       void *context)
{
	struct duplicates d = {.found = found, .context = context};

	walk(&d, json);
	return d.count;
}

const char *json_type_name(enum json_type type)
{
	switch (type) {
	case JSON_NULL:
		return "null";
	case JSON_BOOL:
		return "true or false";
	case JSON_NUMBER:
		return "a number";
	case JSON_STRING:
		return "a string";
	case JSON_ARRAY:
		return "an array";
	case JSON_OBJECT:
		return "an object";
	}
	return "nothing";
}
