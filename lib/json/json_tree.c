/* SPDX-License-Identifier: Apache-2.0 */
#include "json_tree.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct json *json_new(enum json_type type, unsigned line, const char *source)
{
	struct json *json = calloc(1, sizeof(*json));

	if (!json)
		return NULL;
	json->type = type;
	json->line = line;
	json->source = source;
	return json;
}

/*
 * Room for one more element. The capacity is not stored: it is never below the next power of two
 * of `len`, so it can be full only where `len` is one itself.
 */
static void *grow(void *elements, size_t len, size_t size)
{
	if (len & (len - 1))
		return elements;
	return reallocarray(elements, len ? 2 * len : 1, size);
}

int json_append_item(struct json *array, struct json *value)
{
	struct json **items = grow(array->array.items, array->array.len, sizeof(*items));

	if (!items) {
		json_free(value);
		return -ENOMEM;
	}
	array->array.items = items;
	items[array->array.len++] = value;
	return 0;
}

int json_append_member(struct json *object, char *key, unsigned line, size_t from,
		       struct json *value)
{
	struct json_member *members =
	    grow(object->object.members, object->object.len, sizeof(*members));

	if (!members) {
		free(key);
		json_free(value);
		return -ENOMEM;
	}
	object->object.members = members;
	members[object->object.len++] =
	    (struct json_member){.key = key, .line = line, .from = from, .value = value};
	return 0;
}

/* The recursion here and in json_copy() is as deep as the parse allowed. */
void json_free(struct json *json)
{
	size_t i;

	if (!json)
		return;
	switch (json->type) {
	case JSON_NUMBER:
	case JSON_STRING:
		free(json->text);
		break;
	case JSON_ARRAY:
		for (i = 0; i < json->array.len; i++)
			json_free(json->array.items[i]);
		free(json->array.items);
		break;
	case JSON_OBJECT:
		for (i = 0; i < json->object.len; i++) {
			free(json->object.members[i].key);
			json_free(json->object.members[i].value);
		}
		free(json->object.members);
		break;
	case JSON_NULL:
	case JSON_BOOL:
		break;
	}
	free(json);
}

static int copy_items(struct json *copy, const struct json *json)
{
	struct json *item;
	size_t i;

	for (i = 0; i < json->array.len; i++) {
		item = json_copy(json->array.items[i]);
		if (!item || json_append_item(copy, item) < 0)
			return -ENOMEM;
	}
	return 0;
}

static int copy_members(struct json *copy, const struct json *json)
{
	const struct json_member *member;
	struct json *value;
	char *key;
	size_t i;

	for (i = 0; i < json->object.len; i++) {
		member = &json->object.members[i];
		value = json_copy(member->value);
		key = strdup(member->key);
		if (!key || !value) {
			free(key);
			json_free(value);
			return -ENOMEM;
		}
		if (json_append_member(copy, key, member->line, member->from, value) < 0)
			return -ENOMEM;
	}
	return 0;
}

struct json *json_copy(const struct json *json)
{
	cleanup_json struct json *copy = json_new(json->type, json->line, json->source);
	int r = 0;

	if (!copy)
		return NULL;
	copy->from = json->from;
	copy->to = json->to;
	switch (json->type) {
	case JSON_NUMBER:
	case JSON_STRING:
		copy->text = strdup(json->text);
		r = copy->text ? 0 : -ENOMEM;
		break;
	case JSON_ARRAY:
		r = copy_items(copy, json);
		break;
	case JSON_OBJECT:
		r = copy_members(copy, json);
		break;
	case JSON_BOOL:
		copy->boolean = json->boolean;
		break;
	case JSON_NULL:
		break;
	}
	return r < 0 ? NULL : take_ptr(copy);
}
