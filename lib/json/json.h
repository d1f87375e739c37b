/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A JSON document as a tree, read with yajl. Every value remembers where it stood, so that a
 * message can name file and line. Object members keep their order and their duplicates; the
 * look-up takes the last one, as Go's encoding/json (runc) does.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cleanup.h"
#include "error.h"

enum json_type { JSON_NULL, JSON_BOOL, JSON_NUMBER, JSON_STRING, JSON_ARRAY, JSON_OBJECT };

struct json;

struct json_member {
	char *key;
	unsigned line; /* of the key, from 1 */
	size_t from;   /* offset of the key's first byte, its quote, in the text parsed */
	struct json *value;
};

struct json {
	enum json_type type;
	unsigned line;      /* of the value's first byte, from 1 */
	const char *source; /* file name for messages; borrowed from the json_limits of the parse */
	size_t from, to;    /* where it stood in the text parsed: first byte, and behind the last */
	union {
		bool boolean;
		char *text; /* JSON_STRING: the bytes, NUL-terminated; JSON_NUMBER: as written */
		struct {
			struct json **items;
			size_t len;
		} array;
		struct {
			struct json_member *members;
			size_t len;
		} object;
	};
};

/* How liberal a parse is. A config.json must never be read more strictly than the runtime does. */
struct json_limits {
	const char *source;  /* name for messages; must outlive the tree */
	size_t max_bytes;    /* longer input is E2BIG */
	unsigned max_depth;  /* deeper nesting is E2BIG; an outermost object or array is at 1 */
	bool trailing_data;  /* accept and ignore anything behind the value */
	bool invalid_utf8;   /* accept strings that are not UTF-8, bytes kept as they are */
	bool comments;       /* accept C and C++ comments, as crun does in a config.json */
};

/*
 * Parses `len` bytes at `text` into *out, which the caller frees with json_free().
 * A NUL inside a string (backslash u0000) ends the string there for the reader: such a string is
 * refused with EINVAL unless invalid_utf8 is set, then it is cut at the NUL.
 * Returns -EINVAL for what is not JSON (message: file:line, what was found), -E2BIG over a limit.
 */
int json_parse(const char *text, size_t len, const struct json_limits *limits, struct json **out,
	       struct error *err);

void json_free(struct json *json);

/* A deep copy; NULL only when memory is out. */
struct json *json_copy(const struct json *json);

/* The last member of that name, or NULL; NULL too when `object` is NULL or no object. */
struct json *json_get(const struct json *object, const char *key);

/* As json_get(), and only if it has that type. */
struct json *json_get_typed(const struct json *object, const char *key, enum json_type type);

/* The text of a string member, or NULL. Borrowed. */
const char *json_get_string(const struct json *object, const char *key);

/* Follows keys divided by dots: json_path(config, "linux.resources.memory"). */
struct json *json_path(const struct json *object, const char *dotted);

/*
 * A JSON number that is a whole number in range ("1e3" and "5.0" are; "5.5" is not).
 * -EINVAL when `json` is NULL, no number or no whole number, -ERANGE when it does not fit.
 */
int json_int64(const struct json *json, int64_t *out);
int json_uint64(const struct json *json, uint64_t *out);

/*
 * Calls `found` for every member whose name stands again later in the same object, with its path
 * ("hooks.poststop[0].env"; a long one is cut). `found` may be NULL: then they are only counted.
 * The path is hostile text: escape it before it is shown. Returns how many there were.
 */
size_t json_duplicates(const struct json *json,
		       void (*found)(void *context, const char *path, const struct json_member *m),
		       void *context);

/*
 * The same value: numbers by what they are as far as they are whole and fit, members in any order.
 * With a name that stands twice, `a` and `b` are equal only if all of those are.
 */
bool json_equal(const struct json *a, const struct json *b);

/* "an object", "a string", … for messages. */
const char *json_type_name(enum json_type type);

/*
 * JSON merge patch, RFC 7396: changes *target (which may point to NULL) by `patch`, which is left
 * as it was. Values taken over keep the line and source of the patch. -ENOMEM only.
 */
int json_merge_patch(struct json **target, const struct json *patch);

static inline void cleanup_jsonp(struct json **json)
{
	json_free(*json);
	*json = NULL;
}
#define cleanup_json __attribute__((cleanup(cleanup_jsonp)))
