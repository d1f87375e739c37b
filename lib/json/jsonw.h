/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes JSON through yajl's generator into a buffer of fixed size, so that a record can be made
 * on the path from an OOM to the action: nothing here allocates, the generator lives in the struct.
 *
 * Text is hostile: whatever is no UTF-8 is replaced by U+FFFD, control characters are escaped, DEL
 * and C1 too, and so are those that reorder text.
 * Errors stick: after one, all calls do nothing and jsonw_finish() tells it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define JSONW_MAX_DEPTH 127 /* what yajl's generator can do */

#define JSONW_ROOM 1024 /* bytes; yajl's generator and its first, unused buffer take 608 */

/* The generator points back here: a jsonw stays at the address it was initialised at. */
struct jsonw {
	void *generator; /* yajl_gen */
	char *buf;	 /* the caller's */
	size_t cap;
	size_t len;
	int status; /* 0, or the negative errno of the first failure */
	int (*flush)(void *context, const char *bytes, size_t len); /* jsonw_stream() */
	void *flush_context;
	bool pretty;
	bool done;	     /* the outermost value is complete */
	bool after_key;	     /* a key was written, its value was not */
	unsigned depth;	     /* open objects and arrays */
	uint64_t objects[2]; /* bit N: the one at depth N + 1 is an object */
	size_t room_used;
	_Alignas(16) unsigned char room[JSONW_ROOM]; /* what yajl believes to have allocated */
};

/* Writes into buf[0..cap). `pretty`: indented, for files that people open. -ENOMEM when the
 * generator of another yajl needs more than JSONW_ROOM. */
int jsonw_init(struct jsonw *w, char *buf, size_t cap, bool pretty);
/*
 * For documents longer than the buffer: whenever it is full, and at the end, `take` gets its bytes
 * in order. A negative errno of its sticks. jsonw_finish() then returns 0.
 */
void jsonw_stream(struct jsonw *w, int (*take)(void *context, const char *bytes, size_t len),
		  void *context);
/* Starts a new document in the same buffer. */
void jsonw_start(struct jsonw *w);
/*
 * Ends the document: appends '\n' and NUL. Returns the length with '\n'; -ENOBUFS when the buffer
 * was too small, -EINVAL when the calls did not make one whole value; the buffer is "" then.
 */
int jsonw_finish(struct jsonw *w);
void jsonw_close(struct jsonw *w);

void jsonw_object(struct jsonw *w);
void jsonw_object_end(struct jsonw *w);
void jsonw_array(struct jsonw *w);
void jsonw_array_end(struct jsonw *w);
void jsonw_key(struct jsonw *w, const char *key);
void jsonw_string(struct jsonw *w, const char *text); /* NULL writes null */
void jsonw_int(struct jsonw *w, int64_t value);
void jsonw_uint(struct jsonw *w, uint64_t value);
void jsonw_double(struct jsonw *w, double value); /* not finite writes null */
void jsonw_bool(struct jsonw *w, bool value);
void jsonw_null(struct jsonw *w);
/* Writes a parsed tree as it is; numbers as they were written. */
struct json;
void jsonw_tree(struct jsonw *w, const struct json *tree);

/* "key": value in one call, inside an object. */
void jsonw_kv_string(struct jsonw *w, const char *key, const char *text);
void jsonw_kv_int(struct jsonw *w, const char *key, int64_t value);
void jsonw_kv_uint(struct jsonw *w, const char *key, uint64_t value);
void jsonw_kv_bool(struct jsonw *w, const char *key, bool value);
/* null when it is not known. */
void jsonw_kv_known_int(struct jsonw *w, const char *key, bool known, int64_t value);
void jsonw_kv_known_uint(struct jsonw *w, const char *key, bool known, uint64_t value);
