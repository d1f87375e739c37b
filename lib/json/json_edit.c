/* SPDX-License-Identifier: Apache-2.0 */
#include "json_edit.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "escape.h"
#include "jsonw.h"

#define KEY_MAX 1024
#define PATH_TEXT_MAX 256

void json_edit_init(struct json_edit *edit, const char *text, size_t len)
{
	*edit = (struct json_edit){.text = text, .len = len};
}

void json_edit_free(struct json_edit *edit)
{
	for (size_t i = 0; i < edit->splices_len; i++)
		free(edit->splices[i].insert);
	free(edit->splices);
	*edit = (struct json_edit){0};
}

static bool make_room(struct json_edit *edit)
{
	size_t cap = edit->splices_cap ? 2 * edit->splices_cap : 8;
	struct json_splice *splices = edit->splices;

	if (edit->splices_len < edit->splices_cap)
		return true;
	splices = reallocarray(splices, cap, sizeof(*splices));
	if (!splices)
		return false;
	edit->splices = splices;
	edit->splices_cap = cap;
	return true;
}

__attribute__((format(printf, 4, 5))) static void splice(struct json_edit *edit, size_t at,
							 size_t remove, const char *format, ...)
{
	char *insert;
	va_list args;
	int n;

	va_start(args, format);
	n = vasprintf(&insert, format, args);
	va_end(args);
	if (n < 0 || !make_room(edit)) {
		if (n >= 0)
			free(insert);
		edit->failed = true;
		return;
	}
	edit->splices[edit->splices_len] = (struct json_splice){
	    .at = at, .remove = remove, .order = edit->splices_len, .insert = insert};
	edit->splices_len++;
}

void json_edit_replace(struct json_edit *edit, const struct json *value, const char *value_text)
{
	splice(edit, value->from, value->to - value->from, "%s", value_text);
}

void json_edit_replace_items(struct json_edit *edit, const struct json *first,
			     const struct json *last, const char *values_text)
{
	splice(edit, first->from, last->to - first->from, "%s", values_text);
}

/* The blanks in front of what stands at `from`. */
static int blanks_before(const struct json_edit *edit, size_t from, const char **blanks)
{
	size_t at = from;

	while (at > 0 && memchr(" \t\r\n", edit->text[at - 1], 4))
		at--;
	*blanks = edit->text + at;
	return (int)(from - at);
}

void json_edit_insert_before(struct json_edit *edit, const struct json *value,
			     const char *value_text)
{
	const char *blanks;
	int len = blanks_before(edit, value->from, &blanks);

	splice(edit, value->from, 0, "%s,%.*s", value_text, len, blanks);
}

/* Which of them is the first is known when all are there. */
static void mark_into_empty(struct json_edit *edit)
{
	if (!edit->failed)
		edit->splices[edit->splices_len - 1].into_empty = true;
}

/* "\"name\"", or NULL. */
static const char *quoted(const char *key, char *buf, size_t cap)
{
	struct jsonw w;
	int len;

	if (jsonw_init(&w, buf, cap, false) < 0)
		return NULL;
	jsonw_string(&w, key);
	len = jsonw_finish(&w);
	jsonw_close(&w);
	if (len < 0)
		return NULL;
	buf[len - 1] = '\0'; /* the newline */
	return buf;
}

void json_edit_add_member(struct json_edit *edit, const struct json *object, const char *key,
			  const char *value_text)
{
	char buf[KEY_MAX];
	const char *name = quoted(key, buf, sizeof(buf)), *blanks;
	const struct json_member *last;
	int len;

	if (!name) {
		edit->failed = true;
		return;
	}
	if (object->object.len == 0) {
		splice(edit, object->from + 1, 0, ",%s:%s", name, value_text);
		mark_into_empty(edit);
		return;
	}
	last = &object->object.members[object->object.len - 1];
	len = blanks_before(edit, last->from, &blanks);
	splice(edit, last->value->to, 0, ",%.*s%s:%s%s", len, blanks, name, len ? " " : "",
	       value_text);
}

void json_edit_add_item(struct json_edit *edit, const struct json *array, const char *value_text)
{
	const struct json *last;
	const char *blanks;
	int len;

	if (array->array.len == 0) {
		splice(edit, array->from + 1, 0, ",%s", value_text);
		mark_into_empty(edit);
		return;
	}
	last = array->array.items[array->array.len - 1];
	len = blanks_before(edit, last->from, &blanks);
	splice(edit, last->to, 0, ",%.*s%s", len, blanks, value_text);
}

bool json_edit_named(const struct json_edit *edit, const struct json_member *member,
		     const char *key)
{
	return !strcmp(member->key, key) &&
	       !memmem(edit->text + member->from, member->value->from - member->from, "\\u0000", 6);
}

static int merge_value(struct json_edit *edit, const struct json *value,
		       const struct json_member *patch, const char *patch_text, const char *path,
		       struct error *err)
{
	cleanup_free char *text = NULL;
	char shown[4 * PATH_TEXT_MAX];

	if (patch->value->type == JSON_OBJECT && value->type == JSON_OBJECT)
		return json_edit_merge(edit, value, patch->value, patch_text, path, err);
	if (patch->value->type == JSON_OBJECT && value->type != JSON_NULL)
		return error_say(err, EINVAL, "%s:%u: %s: found %s, allowed an object",
				 value->source, value->line,
				 escape_terminal(path, shown, sizeof(shown)),
				 json_type_name(value->type));
	if (json_equal(value, patch->value))
		return 0;
	text = strndup(patch_text + patch->value->from, patch->value->to - patch->value->from);
	if (text)
		json_edit_replace(edit, value, text);
	else
		edit->failed = true;
	return 0;
}

static void add_whole(struct json_edit *edit, const struct json *target,
		      const struct json_member *patch, const char *patch_text)
{
	cleanup_free char *text =
	    strndup(patch_text + patch->value->from, patch->value->to - patch->value->from);

	if (text)
		json_edit_add_member(edit, target, patch->key, text);
	else
		edit->failed = true;
}

int json_edit_merge(struct json_edit *edit, const struct json *target, const struct json *patch,
		    const char *patch_text, const char *path, struct error *err)
{
	for (size_t i = 0; i < patch->object.len; i++) {
		const struct json_member *change = &patch->object.members[i];
		char below[PATH_TEXT_MAX];
		bool found = false;

		snprintf(below, sizeof(below), "%s%s%s", path, path[0] ? "." : "", change->key);
		for (size_t j = 0; j < target->object.len; j++) {
			int r;

			if (!json_edit_named(edit, &target->object.members[j], change->key))
				continue;
			found = true;
			r = merge_value(edit, target->object.members[j].value, change, patch_text,
					below, err);
			if (r < 0)
				return r;
		}
		if (!found)
			add_whole(edit, target, change, patch_text);
	}
	return 0;
}

static int by_place(const void *a, const void *b)
{
	const struct json_splice *left = a, *right = b;

	if (left->at != right->at)
		return left->at < right->at ? -1 : 1;
	return left->order < right->order ? -1 : left->order > right->order;
}

int json_edit_apply(const struct json_edit *edit, char **out, size_t *len)
{
	size_t n = edit->splices_len, size = edit->len + 1, read = 0, written = 0;
	cleanup_free struct json_splice *sorted = calloc(n + 1, sizeof(*sorted));
	char *text;

	for (size_t i = 0; i < n; i++)
		size += strlen(edit->splices[i].insert);
	text = malloc(size);
	if (edit->failed || !sorted || !text) {
		free(text);
		return -ENOMEM;
	}
	if (n)
		memcpy(sorted, edit->splices, n * sizeof(*sorted));
	qsort(sorted, n, sizeof(*sorted), by_place);
	for (size_t i = 0; i < n; i++) {
		bool first = i == 0 || sorted[i - 1].at != sorted[i].at;
		const char *insert = sorted[i].insert + (first && sorted[i].into_empty);
		size_t insert_len = strlen(insert);

		memcpy(text + written, edit->text + read, sorted[i].at - read);
		written += sorted[i].at - read;
		memcpy(text + written, insert, insert_len);
		written += insert_len;
		read = sorted[i].at + sorted[i].remove;
	}
	memcpy(text + written, edit->text + read, edit->len - read);
	written += edit->len - read;
	text[written] = '\0';
	*out = text;
	*len = written;
	return 0;
}
