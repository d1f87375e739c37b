/* SPDX-License-Identifier: Apache-2.0 */
#include "toml_block.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cleanup.h"
#include "hash.h"

#define BEGIN "# begin of `oomguard configure`"
#define END "# end of `oomguard configure`"

/* With the newline before it: that is part of the block, whether or not the line above ended. */
static char *make_block(const char *tables)
{
	char *out;
	int r = asprintf(&out, "\n" BEGIN ", sum %016" PRIx64 "\n%s" END "\n",
			 hash_string(HASH_START, tables), tables);

	return r < 0 ? NULL : out;
}

char *toml_block_add(const char *text, const char *tables)
{
	cleanup_free char *block = make_block(tables);
	char *out;

	return !block || asprintf(&out, "%s%s", text, block) < 0 ? NULL : out;
}

/* A line that begins so; NULL: there is none. */
static const char *find_line(const char *text, const char *words)
{
	const char *at = text;

	while ((at = strstr(at, words)) && at > text && at[-1] != '\n')
		at++;
	return at;
}

/* Our last line, which an editor may have left without an end, or with that of another system. */
static const char *find_end(const char *text)
{
	const char *at = text;

	while ((at = find_line(at, END))) {
		const char *behind = at + strlen(END);

		if (!strncmp(behind, "\r\n", 2) || *behind == '\n' || !*behind)
			return at;
		at = behind;
	}
	return NULL;
}

/* The bytes from `from` to before `to`, of which the last line begins at `end`. */
static int is_as_made(const char *from, const char *end, const char *to)
{
	const char *tables = strchr(from + 1, '\n') + 1;
	cleanup_free char *copy = strndup(tables, (size_t)(end - tables));
	cleanup_free char *made = copy ? make_block(copy) : NULL;

	if (!made)
		return -ENOMEM;
	return strlen(made) == (size_t)(to - from) && !memcmp(made, from, strlen(made));
}

int toml_block_find(const char *text, const char *source, struct toml_block *out, struct error *err)
{
	const char *from = find_line(text, BEGIN), *end, *to;
	int r;

	*out = (struct toml_block){0};
	if (!from)
		return 0;
	end = find_end(from);
	if (!end)
		return error_say(err, EINVAL, "%s: the block of oomguard has no end", source);
	to = end + strlen(END);
	to += *to == '\r';
	to += *to == '\n';
	/* The end of the line above. */
	from -= from > text;
	from -= from > text && from[-1] == '\r';
	r = is_as_made(from, end, to);
	if (r < 0)
		return error_set(err, -r, "%s: cannot read the block of oomguard", source);
	*out = (struct toml_block){
	    .begin = (size_t)(from - text), .end = (size_t)(to - text), .edited = !r};
	return 0;
}

void toml_block_cut(char *text, const struct toml_block *block)
{
	size_t begin = block->begin;

	if (begin == block->end)
		return;
	/* What follows is not to go on the line before. */
	if (text[block->end] && begin > 0 && text[begin - 1] != '\n')
		begin += text[begin] == '\r' ? 2 : 1;
	memmove(text + begin, text + block->end, strlen(text + block->end) + 1);
}

void toml_block_blank(char *text, const struct toml_block *block)
{
	for (size_t i = block->begin; i < block->end; i++)
		if (text[i] != '\n')
			text[i] = ' ';
}
