/* SPDX-License-Identifier: Apache-2.0 */
#include "jsonw.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yajl/yajl_gen.h>

#include "json.h"
#include "utf8.h"

/* What is in the buffer goes to whoever takes it. */
static void flush(struct jsonw *w)
{
	int r = w->flush(w->flush_context, w->buf, w->len);

	if (r < 0)
		w->status = r;
	w->len = 0;
}

static void put(struct jsonw *w, const char *bytes, size_t len)
{
	if (w->status < 0)
		return;
	/* Two bytes stay free for the newline and the NUL of jsonw_finish(). */
	if (len + 2 > w->cap - w->len && w->flush)
		flush(w);
	if (w->status == 0 && len + 2 > w->cap - w->len)
		w->status = -ENOBUFS;
	if (w->status < 0)
		return;
	memcpy(w->buf + w->len, bytes, len);
	w->len += len;
}

/* How many bytes from here on are harmless as they are, at most `max`. */
static size_t plain_run(const char *text, size_t len, size_t max)
{
	size_t n = 0;

	while (n < len && n < max && text[n] >= ' ' && text[n] < 0x7f)
		n++;
	return n;
}

/*
 * What yajl writes comes here. It has escaped what JSON says must be; here the rest is made
 * harmless: bytes that are no UTF-8, the control characters JSON lets pass (DEL and C1), and what
 * reorders text on a terminal. A
 * character is never split over two calls, because yajl breaks a string only at ASCII characters.
 */
static void print(void *context, const char *text, size_t len)
{
	struct jsonw *w = context;
	char escaped[8];
	uint32_t c;
	size_t taken;

	while (len > 0 && w->status == 0) {
		taken = plain_run(text, len, w->cap / 4);
		if (taken > 0) {
			put(w, text, taken);
			text += taken;
			len -= taken;
			continue;
		}
		taken = utf8_decode(text, len, &c);
		if (taken == 0) {
			put(w, UTF8_REPLACEMENT, sizeof(UTF8_REPLACEMENT) - 1);
			taken = 1;
		} else if ((c >= 0x7f && c < 0xa0) || utf8_reorders(c)) {
			snprintf(escaped, sizeof(escaped), "\\u%04x", (unsigned)c);
			put(w, escaped, 6);
		} else {
			put(w, text, taken);
		}
		text += taken;
		len -= taken;
	}
}

static void check(struct jsonw *w, yajl_gen_status status)
{
	if (status != yajl_gen_status_ok && w->status == 0)
		w->status = -EINVAL;
}

/* yajl knows where a key must stand, but closes anything with anything: we keep the levels. */
static bool in_object(const struct jsonw *w)
{
	unsigned level = w->depth - 1;

	return w->depth > 0 && (w->objects[level / 64] >> (level % 64) & 1);
}

/* Before every value; false when nothing may be written. */
static bool begin_value(struct jsonw *w)
{
	if (w->status < 0)
		return false;
	if (w->done || (in_object(w) && !w->after_key)) {
		w->status = -EINVAL;
		return false;
	}
	w->after_key = false;
	w->done = w->depth == 0;
	return true;
}

static void begin_level(struct jsonw *w, bool object)
{
	uint64_t bit = UINT64_C(1) << (w->depth % 64);
	yajl_gen_status status;

	if (!begin_value(w))
		return;
	w->done = false;
	if (w->depth >= JSONW_MAX_DEPTH) {
		w->status = -EINVAL;
		return;
	}
	if (object)
		w->objects[w->depth / 64] |= bit;
	else
		w->objects[w->depth / 64] &= ~bit;
	w->depth++;
	status = object ? yajl_gen_map_open(w->generator) : yajl_gen_array_open(w->generator);
	check(w, status);
}

static void end_level(struct jsonw *w, bool object)
{
	yajl_gen_status status;

	if (w->status < 0)
		return;
	if (w->depth == 0 || in_object(w) != object || w->after_key) {
		w->status = -EINVAL;
		return;
	}
	w->depth--;
	w->done = w->depth == 0;
	status = object ? yajl_gen_map_close(w->generator) : yajl_gen_array_close(w->generator);
	check(w, status);
}

static void put_number(struct jsonw *w, const char *text)
{
	if (begin_value(w))
		check(w, yajl_gen_number(w->generator, text, strlen(text)));
}

static void *take_room(void *context, size_t size)
{
	struct jsonw *w = context;
	void *taken = w->room + w->room_used;

	size = (size + 15) & ~(size_t)15;
	if (size > sizeof(w->room) - w->room_used)
		return NULL;
	w->room_used += size;
	return taken;
}

/* With a print callback yajl has no buffer that could grow. */
static void *grow_room(void *context, void *old, size_t size)
{
	return NULL;
}

static void free_room(void *context, void *old)
{
}

int jsonw_init(struct jsonw *w, char *buf, size_t cap, bool pretty)
{
	const yajl_alloc_funcs room = {take_room, grow_room, free_room, w};
	yajl_gen generator;

	*w = (struct jsonw){.buf = buf, .cap = cap, .pretty = pretty};
	generator = yajl_gen_alloc(&room);
	if (!generator)
		return -ENOMEM;
	/* Only once: yajl frees the old context as if it were a buffer of its own. */
	yajl_gen_config(generator, yajl_gen_print_callback, print, w);
	yajl_gen_config(generator, yajl_gen_beautify, (int)pretty);
	yajl_gen_config(generator, yajl_gen_indent_string, "  ");
	w->generator = generator;
	jsonw_start(w);
	return 0;
}

void jsonw_stream(struct jsonw *w, int (*take)(void *context, const char *bytes, size_t len),
		  void *context)
{
	w->flush = take;
	w->flush_context = context;
}

void jsonw_start(struct jsonw *w)
{
	w->len = 0;
	w->depth = 0;
	w->after_key = false;
	w->done = false;
	w->status = w->generator && w->cap >= 2 ? 0 : -ENOBUFS;
	if (w->generator)
		yajl_gen_reset(w->generator, NULL);
}

int jsonw_finish(struct jsonw *w)
{
	if (w->status == 0 && !w->done)
		w->status = -EINVAL;
	if (w->status < 0) {
		if (w->cap > 0)
			w->buf[0] = '\0';
		return w->status;
	}
	/* yajl ends an indented document with a newline by itself. */
	if (!w->pretty)
		w->buf[w->len++] = '\n';
	w->buf[w->len] = '\0';
	if (w->flush)
		flush(w);
	return w->status < 0 ? w->status : (int)w->len;
}

void jsonw_close(struct jsonw *w)
{
	if (w->generator)
		yajl_gen_free(w->generator);
	w->generator = NULL;
	w->status = -EINVAL;
}

void jsonw_object(struct jsonw *w)
{
	begin_level(w, true);
}

void jsonw_object_end(struct jsonw *w)
{
	end_level(w, true);
}

void jsonw_array(struct jsonw *w)
{
	begin_level(w, false);
}

void jsonw_array_end(struct jsonw *w)
{
	end_level(w, false);
}

void jsonw_key(struct jsonw *w, const char *key)
{
	if (w->status < 0)
		return;
	if (!in_object(w) || w->after_key) {
		w->status = -EINVAL;
		return;
	}
	w->after_key = true;
	check(w, yajl_gen_string(w->generator, (const unsigned char *)key, strlen(key)));
}

void jsonw_string(struct jsonw *w, const char *text)
{
	if (!text)
		jsonw_null(w);
	else if (begin_value(w))
		check(w, yajl_gen_string(w->generator, (const unsigned char *)text, strlen(text)));
}

void jsonw_int(struct jsonw *w, int64_t value)
{
	if (begin_value(w))
		check(w, yajl_gen_integer(w->generator, value));
}

void jsonw_uint(struct jsonw *w, uint64_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "%llu", (unsigned long long)value);
	put_number(w, text);
}

void jsonw_double(struct jsonw *w, double value)
{
	char text[32];

	if (!isfinite(value)) {
		jsonw_null(w);
		return;
	}
	/* 15 digits are always true; 17 are needed only where 15 do not come back as the same. */
	snprintf(text, sizeof(text), "%.15g", value);
	if (strtod(text, NULL) != value)
		snprintf(text, sizeof(text), "%.17g", value);
	put_number(w, text);
}

void jsonw_bool(struct jsonw *w, bool value)
{
	if (begin_value(w))
		check(w, yajl_gen_bool(w->generator, value));
}

void jsonw_null(struct jsonw *w)
{
	if (begin_value(w))
		check(w, yajl_gen_null(w->generator));
}

static void put_object(struct jsonw *w, const struct json *tree)
{
	size_t i;

	jsonw_object(w);
	for (i = 0; i < tree->object.len && w->status == 0; i++) {
		jsonw_key(w, tree->object.members[i].key);
		jsonw_tree(w, tree->object.members[i].value);
	}
	jsonw_object_end(w);
}

void jsonw_tree(struct jsonw *w, const struct json *tree)
{
	size_t i;

	switch (tree->type) {
	case JSON_NULL:
		jsonw_null(w);
		break;
	case JSON_BOOL:
		jsonw_bool(w, tree->boolean);
		break;
	case JSON_NUMBER:
		put_number(w, tree->text);
		break;
	case JSON_STRING:
		jsonw_string(w, tree->text);
		break;
	case JSON_ARRAY:
		jsonw_array(w);
		for (i = 0; i < tree->array.len && w->status == 0; i++)
			jsonw_tree(w, tree->array.items[i]);
		jsonw_array_end(w);
		break;
	case JSON_OBJECT:
		put_object(w, tree);
		break;
	}
}

void jsonw_kv_string(struct jsonw *w, const char *key, const char *text)
{
	jsonw_key(w, key);
	jsonw_string(w, text);
}

void jsonw_kv_int(struct jsonw *w, const char *key, int64_t value)
{
	jsonw_key(w, key);
	jsonw_int(w, value);
}

void jsonw_kv_uint(struct jsonw *w, const char *key, uint64_t value)
{
	jsonw_key(w, key);
	jsonw_uint(w, value);
}

void jsonw_kv_bool(struct jsonw *w, const char *key, bool value)
{
	jsonw_key(w, key);
	jsonw_bool(w, value);
}

void jsonw_kv_known_int(struct jsonw *w, const char *key, bool known, int64_t value)
{
	jsonw_key(w, key);
	if (known)
		jsonw_int(w, value);
	else
		jsonw_null(w);
}

void jsonw_kv_known_uint(struct jsonw *w, const char *key, bool known, uint64_t value)
{
	jsonw_key(w, key);
	if (known)
		jsonw_uint(w, value);
	else
		jsonw_null(w);
}
