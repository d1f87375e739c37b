/* SPDX-License-Identifier: Apache-2.0 */
/* JSON in a log: read with yajl as far as it goes, since a line may be cut off. */
#include <string.h>
#include <yajl/yajl_parse.h>

#include "oomlog_record.h"

#define KEY_BYTES 32
#define BYTES_MAX 1024 /* of a message that is told byte by byte */

struct walk {
	struct oomlog_records *records;
	char key[KEY_BYTES]; /* whose value comes; "" when it is of no interest */
	unsigned depth;	     /* objects around */
	bool whole;	     /* an outermost object's end is the record's */
	bool in_bytes;
	size_t bytes_len;
	char bytes[BYTES_MAX];
};

static void put(struct walk *walk, const char *text, size_t len)
{
	struct span key = {walk->key, strlen(walk->key)};

	records_put(walk->records, key, (struct span){text, len});
	walk->key[0] = '\0';
}

static int on_key(void *context, const unsigned char *key, size_t len)
{
	struct walk *walk = context;

	walk->key[0] = '\0';
	if (len < sizeof(walk->key)) {
		memcpy(walk->key, key, len);
		walk->key[len] = '\0';
	}
	return 1;
}

static int on_string(void *context, const unsigned char *text, size_t len)
{
	put(context, (const char *)text, len);
	return 1;
}

/* journald writes a message with unprintable bytes as the numbers of all of them. */
static int on_integer(void *context, long long number)
{
	struct walk *walk = context;

	if (walk->in_bytes && walk->bytes_len < sizeof(walk->bytes))
		walk->bytes[walk->bytes_len++] = (char)number;
	return 1;
}

static int on_array(void *context)
{
	struct walk *walk = context;

	walk->in_bytes = !strcmp(walk->key, "MESSAGE");
	walk->bytes_len = 0;
	return 1;
}

static int on_array_end(void *context)
{
	struct walk *walk = context;

	if (walk->in_bytes)
		put(walk, walk->bytes, walk->bytes_len);
	walk->in_bytes = false;
	return 1;
}

static int on_map(void *context)
{
	struct walk *walk = context;

	walk->key[0] = '\0';
	walk->depth++;
	return 1;
}

static int on_map_end(void *context)
{
	struct walk *walk = context;

	if (--walk->depth == 0 && walk->whole)
		records_end(walk->records);
	return 1;
}

static void read_json(struct walk *walk, const char *head, struct span text)
{
	static const yajl_callbacks callbacks = {
	    .yajl_integer = on_integer,
	    .yajl_string = on_string,
	    .yajl_start_map = on_map,
	    .yajl_map_key = on_key,
	    .yajl_end_map = on_map_end,
	    .yajl_start_array = on_array,
	    .yajl_end_array = on_array_end,
	};
	yajl_handle handle = yajl_alloc(&callbacks, NULL, walk);

	if (!handle)
		return;
	yajl_config(handle, yajl_dont_validate_strings, 1);
	yajl_config(handle, yajl_allow_trailing_garbage, 1);
	if (yajl_parse(handle, (const unsigned char *)head, strlen(head)) == yajl_status_ok)
		yajl_parse(handle, (const unsigned char *)text.at, text.len);
	yajl_free(handle);
}

static struct span skip_blanks(struct span text)
{
	while (span_skip(&text, " ") || span_skip(&text, "\t"))
		;
	return text;
}

/* `"key" : value` of an object that is spread over lines. */
static bool is_member(struct span text)
{
	if (!span_skip(&text, "\""))
		return false;
	while (text.len && text.at[0] != '"' && text.at[0] != '\\')
		text = (struct span){text.at + 1, text.len - 1};
	return span_skip(&text, "\"") && span_starts(skip_blanks(text), ":");
}

bool records_take_json(struct oomlog_records *records, struct span line)
{
	struct walk walk = {.records = records};
	struct span inner = line;

	if (!line.len || !strchr("{[}\"", line.at[0]))
		return false;
	if (is_member(line)) {
		records->now.any = true;
		records->now.prefix = OOMLOG_JSON;
		read_json(&walk, "{", line);
		return true;
	}
	if (line.at[0] == '}' || (line.at[0] == '{' && line.len == 1)) {
		records_end(records);
		return true;
	}
	while (span_skip(&inner, "["))
		inner = skip_blanks(inner);
	if (!span_skip(&inner, "{") || !is_member(skip_blanks(inner)))
		return false;
	records_end(records);
	records->now.prefix = OOMLOG_JSON;
	walk.whole = true;
	read_json(&walk, "", line);
	records_end(records);
	return true;
}
