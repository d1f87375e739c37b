/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "json.h"

static bool equal_numbers(const struct json *a, const struct json *b)
{
	int64_t left, right;

	if (strcmp(a->text, b->text) == 0)
		return true;
	return json_int64(a, &left) == 0 && json_int64(b, &right) == 0 && left == right;
}

static bool equal_items(const struct json *a, const struct json *b)
{
	if (a->array.len != b->array.len)
		return false;
	for (size_t i = 0; i < a->array.len; i++)
		if (!json_equal(a->array.items[i], b->array.items[i]))
			return false;
	return true;
}

static bool equal_members(const struct json *a, const struct json *b)
{
	if (a->object.len != b->object.len)
		return false;
	for (size_t i = 0; i < a->object.len; i++) {
		const struct json *other = json_get(b, a->object.members[i].key);

		if (!other || !json_equal(a->object.members[i].value, other))
			return false;
	}
	return true;
}

bool json_equal(const struct json *a, const struct json *b)
{
	if (a->type != b->type)
		return false;
	switch (a->type) {
	case JSON_NULL:
		return true;
	case JSON_BOOL:
		return a->boolean == b->boolean;
	case JSON_NUMBER:
		return equal_numbers(a, b);
	case JSON_STRING:
		return strcmp(a->text, b->text) == 0;
	case JSON_ARRAY:
		return equal_items(a, b);
	case JSON_OBJECT:
		return equal_members(a, b);
	}
	return false;
}
