/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Changes to a JSON text that leave every other byte of it as it was: unknown members, their
 * order, numbers as they were written, blanks, comments, and whatever stands behind the document.
 *
 * A tree of json_parse() tells where things stand; the edits are collected and done at once by
 * json_edit_apply(). The tree stays as it was, and so do its offsets. Nothing may be put into a
 * value that the same edit replaces.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "error.h"
#include "json.h"

struct json_splice {
	size_t at, remove; /* offset and number of bytes that go */
	size_t order;	   /* of several at one place: the earlier call's stands first */
	char *insert;	   /* owned */
	bool into_empty;   /* an object or list: the first that goes there loses its comma */
};

struct json_edit {
	const char *text; /* borrowed; what the tree was parsed from */
	size_t len;
	struct json_splice *splices;
	size_t splices_len, splices_cap;
	bool failed; /* memory is out; json_edit_apply() tells it */
};

void json_edit_init(struct json_edit *edit, const char *text, size_t len);
void json_edit_free(struct json_edit *edit);

/* In all of these `value_text` is JSON and copied. */
void json_edit_replace(struct json_edit *edit, const struct json *value, const char *value_text);
/* Replaces what stands from one value to another of the same list, both included. */
void json_edit_replace_items(struct json_edit *edit, const struct json *first,
			     const struct json *last, const char *values_text);
/* Before a value of a list; without the comma behind it. */
void json_edit_insert_before(struct json_edit *edit, const struct json *value,
			     const char *value_text);
/* Behind the last one, laid out as that is. `key` is plain text. */
void json_edit_add_member(struct json_edit *edit, const struct json *object, const char *key,
			  const char *value_text);
void json_edit_add_item(struct json_edit *edit, const struct json *array, const char *value_text);

/*
 * Is the member of that name? Not one whose name goes on behind a NUL (backslash u0000), at which
 * the tree cuts it: to runc that is another name.
 */
bool json_edit_named(const struct json_edit *edit, const struct json_member *member,
		     const char *key);

/*
 * Brings the members of `patch` into the object `target`: objects member by member, any other
 * value replaces what is there and differs. Where a name stands twice, every one of them is
 * changed, because readers differ in which one they take. `patch_text` is what `patch` was parsed
 * from. -EINVAL when an object is to go into what is neither an object nor null; its dotted path,
 * which begins with `path`, is in the message.
 */
int json_edit_merge(struct json_edit *edit, const struct json *target, const struct json *patch,
		    const char *patch_text, const char *path, struct error *err);

/*
 * The changed text, owned and NUL-terminated behind *len bytes. Without any change it is a copy.
 * -ENOMEM only.
 */
int json_edit_apply(const struct json_edit *edit, char **out, size_t *len);
