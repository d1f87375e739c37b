/* SPDX-License-Identifier: Apache-2.0 */
/* JSON merge patch, RFC 7396, section 2. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "json_tree.h"

/* Every member of that name goes, duplicates too. */
static void remove_key(struct json *object, const char *key)
{
	struct json_member *members = object->object.members;
	size_t i, kept = 0;

	for (i = 0; i < object->object.len; i++) {
		if (strcmp(members[i].key, key) == 0) {
			free(members[i].key);
			json_free(members[i].value);
		} else {
			members[kept++] = members[i];
		}
	}
	object->object.len = kept;
}

static struct json_member *last_member(struct json *object, const char *key)
{
	size_t i;

	for (i = object->object.len; i > 0; i--)
		if (strcmp(object->object.members[i - 1].key, key) == 0)
			return &object->object.members[i - 1];
	return NULL;
}

static int add_member(struct json *object, const struct json_member *patch)
{
	cleanup_json struct json *value = NULL;
	char *key;
	int r = json_merge_patch(&value, patch->value);

	if (r < 0)
		return r;
	key = strdup(patch->key);
	if (!key)
		return -ENOMEM;
	return json_append_member(object, key, patch->line, patch->from, take_ptr(value));
}

static int merge_member(struct json *object, const struct json_member *patch)
{
	struct json_member *member;
	struct json *before;
	int r;

	if (patch->value->type == JSON_NULL) {
		remove_key(object, patch->key);
		return 0;
	}
	member = last_member(object, patch->key);
	if (!member)
		return add_member(object, patch);
	before = member->value;
	r = json_merge_patch(&member->value, patch->value);
	if (member->value != before)
		member->line = patch->line;
	return r;
}

static int replace(struct json **target, struct json *value)
{
	if (!value)
		return -ENOMEM;
	json_free(*target);
	*target = value;
	return 0;
}

int json_merge_patch(struct json **target, const struct json *patch)
{
	const struct json_member *member;
	size_t i;
	int r;

	if (patch->type != JSON_OBJECT)
		return replace(target, json_copy(patch));
	if (!*target || (*target)->type != JSON_OBJECT) {
		r = replace(target, json_new(JSON_OBJECT, patch->line, patch->source));
		if (r < 0)
			return r;
	}
	for (i = 0; i < patch->object.len; i++) {
		member = &patch->object.members[i];
		if (json_get(patch, member->key) != member->value)
			continue; /* the name stands again later, and the last one counts */
		r = merge_member(*target, member);
		if (r < 0)
			return r;
	}
	return 0;
}
