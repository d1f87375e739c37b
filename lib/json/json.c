/* SPDX-License-Identifier: Apache-2.0 */
#include "json.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <yajl/yajl_parse.h>

#include "escape.h"
#include "json_tree.h"

struct parse {
	const struct json_limits *limits;
	struct error *err;
	yajl_handle handle;
	const char *text;
	size_t len;
	bool finishing;	  /* yajl_complete_parse() runs: yajl counts in a text of its own */
	size_t counted;	  /* newlines are counted up to here */
	unsigned line;	  /* of the byte at `counted` */
	size_t token_end; /* behind the last token that was told */
	struct json *root;
	struct json **open; /* the objects and arrays around the present place */
	unsigned depth;
	char *key; /* read, its value is not there yet */
	unsigned key_line;
	size_t key_from;
	int result; /* negative errno a callback stopped with */
};

/* Behind a comment that begins at `at`; `at` where none does. */
static size_t skip_comment(const struct parse *p, size_t at)
{
	const char *end = NULL;

	if (p->len - at < 2 || p->text[at] != '/')
		return at;
	if (p->text[at + 1] == '/')
		end = memchr(p->text + at, '\n', p->len - at);
	else if (p->text[at + 1] == '*')
		end = memmem(p->text + at + 2, p->len - at - 2, "*/", 2);
	else
		return at;
	if (!end)
		return p->len;
	return (size_t)(end - p->text) + (p->text[at + 1] == '*' ? 2 : 1);
}

/*
 * Where the token begins that yajl has just told: between two tokens stand blanks, comments and
 * the two marks that it does not tell. Called once for each token, in their order.
 */
static size_t token_from(struct parse *p)
{
	size_t at = p->token_end, behind;

	for (;; at = behind) {
		while (at < p->len && memchr(" \t\r\n\v\f,:", p->text[at], 8))
			at++;
		behind = skip_comment(p, at);
		if (behind == at)
			break;
	}
	p->token_end = p->finishing ? p->len : yajl_get_bytes_consumed(p->handle);
	return at;
}

/* No token but a comment holds a newline, so the line at a token's end is the line it began in. */
static unsigned count_lines(struct parse *p)
{
	size_t at = p->finishing ? p->len : yajl_get_bytes_consumed(p->handle);
	const char *next;

	while (p->counted < at) {
		next = memchr(p->text + p->counted, '\n', at - p->counted);
		if (!next)
			break;
		p->line++;
		p->counted = next + 1 - p->text;
	}
	if (p->counted < at)
		p->counted = at;
	return p->line;
}

/* What a callback returns to stop the parse. */
static int stop(struct parse *p, int code, const char *what)
{
	p->result = error_say(p->err, code, "%s:%u: %s", p->limits->source, count_lines(p), what);
	return 0;
}

static int out_of_memory(struct parse *p)
{
	p->result = error_set(p->err, ENOMEM, "%s", p->limits->source);
	return 0;
}

/* Takes value over. */
static int add_value(struct parse *p, struct json *value)
{
	struct json *parent;
	int r;

	if (!value)
		return out_of_memory(p);
	if (p->depth == 0) {
		p->root = value;
		return 1;
	}
	parent = p->open[p->depth - 1];
	if (parent->type == JSON_OBJECT)
		r = json_append_member(parent, take_ptr(p->key), p->key_line, p->key_from, value);
	else
		r = json_append_item(parent, value);
	return r < 0 ? out_of_memory(p) : 1;
}

static struct json *new_here(struct parse *p, enum json_type type)
{
	struct json *value = json_new(type, count_lines(p), p->limits->source);

	if (value) {
		value->from = token_from(p);
		value->to = p->token_end;
	}
	return value;
}

/* NULL with p->result set when the text is refused. */
static char *copy_text(struct parse *p, const void *bytes, size_t len)
{
	char *text;

	if (!p->limits->invalid_utf8 && memchr(bytes, '\0', len)) {
		stop(p, EINVAL, "a string holds a NUL (\\u0000)");
		return NULL;
	}
	text = strndup(bytes, len);
	if (!text)
		out_of_memory(p);
	return text;
}

static int add_text(struct parse *p, enum json_type type, const void *bytes, size_t len)
{
	char *text = copy_text(p, bytes, len);
	struct json *value;

	if (!text)
		return 0;
	value = new_here(p, type);
	if (!value) {
		free(text);
		return out_of_memory(p);
	}
	value->text = text;
	return add_value(p, value);
}

static int open_container(struct parse *p, enum json_type type)
{
	struct json *value;

	if (p->depth >= p->limits->max_depth)
		return stop(p, E2BIG, "nested too deeply");
	value = new_here(p, type);
	if (!add_value(p, value))
		return 0;
	p->open[p->depth++] = value;
	return 1;
}

static int on_null(void *context)
{
	return add_value(context, new_here(context, JSON_NULL));
}

static int on_boolean(void *context, int boolean)
{
	struct json *value = new_here(context, JSON_BOOL);

	if (value)
		value->boolean = boolean;
	return add_value(context, value);
}

static int on_number(void *context, const char *text, size_t len)
{
	return add_text(context, JSON_NUMBER, text, len);
}

static int on_string(void *context, const unsigned char *text, size_t len)
{
	return add_text(context, JSON_STRING, text, len);
}

static int on_map_key(void *context, const unsigned char *text, size_t len)
{
	struct parse *p = context;

	p->key_line = count_lines(p);
	p->key_from = token_from(p);
	p->key = copy_text(p, text, len);
	return p->key != NULL;
}

static int on_start_map(void *context)
{
	return open_container(context, JSON_OBJECT);
}

static int on_start_array(void *context)
{
	return open_container(context, JSON_ARRAY);
}

static int on_end(void *context)
{
	struct parse *p = context;

	token_from(p);
	p->open[--p->depth]->to = p->token_end;
	return 1;
}

static const yajl_callbacks callbacks = {
    .yajl_null = on_null,
    .yajl_boolean = on_boolean,
    .yajl_number = on_number,
    .yajl_string = on_string,
    .yajl_start_map = on_start_map,
    .yajl_map_key = on_map_key,
    .yajl_end_map = on_end,
    .yajl_start_array = on_start_array,
    .yajl_end_array = on_end,
};

/* "FILE:LINE: parse error: ..., near '...'": yajl's words and the text around the place. */
static int syntax_error(struct parse *p)
{
	enum { BEFORE = 16, AFTER = 8 };
	unsigned line = count_lines(p);
	size_t from = p->counted, to = p->counted;
	char near[BEFORE + AFTER + 1], shown[4 * sizeof(near)];
	unsigned char *why = yajl_get_error(p->handle, 0, NULL, 0);
	int r;

	while (from > 0 && p->counted - from < BEFORE && p->text[from - 1] != '\n')
		from--;
	while (to < p->len && to - p->counted < AFTER && p->text[to] != '\n')
		to++;
	memcpy(near, p->text + from, to - from);
	near[to - from] = '\0';
	escape_terminal(near, shown, sizeof(shown));
	r = error_say(p->err, EINVAL, "%s:%u: %.*s%s%s%s", p->limits->source, line,
		      why ? (int)strcspn((char *)why, "\n") : 0, why ? (char *)why : "",
		      shown[0] ? ", near '" : "", shown, shown[0] ? "'" : "");
	yajl_free_error(p->handle, why);
	return r;
}

static int run_parser(struct parse *p)
{
	yajl_status status;

	p->handle = yajl_alloc(&callbacks, NULL, p);
	p->open = calloc(p->limits->max_depth + 1, sizeof(*p->open));
	if (!p->handle || !p->open) {
		out_of_memory(p);
		return p->result;
	}
	yajl_config(p->handle, yajl_allow_trailing_garbage, p->limits->trailing_data);
	yajl_config(p->handle, yajl_dont_validate_strings, p->limits->invalid_utf8);
	yajl_config(p->handle, yajl_allow_comments, p->limits->comments);
	status = yajl_parse(p->handle, (const unsigned char *)p->text, p->len);
	if (status == yajl_status_ok) {
		p->finishing = true;
		status = yajl_complete_parse(p->handle);
	}
	if (p->result < 0)
		return p->result;
	return status == yajl_status_ok ? 0 : syntax_error(p);
}

int json_parse(const char *text, size_t len, const struct json_limits *limits, struct json **out,
	       struct error *err)
{
	struct parse p = {.limits = limits, .err = err, .text = text, .len = len, .line = 1};
	int r;

	*out = NULL;
	if (len > limits->max_bytes)
		return error_say(err, E2BIG, "%s: longer than %zu bytes", limits->source,
				 limits->max_bytes);
	r = run_parser(&p);
	if (p.handle)
		yajl_free(p.handle);
	free(p.open);
	free(p.key);
	if (r < 0) {
		json_free(p.root);
		return r;
	}
	*out = p.root;
	return 0;
}
