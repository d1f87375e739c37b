/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A unified difference (as `diff -u`) with one hunk: from the first line that differs to the last.
 * Our changes are in one place of a file, so a finer search would find nothing more.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "change.h"
#include "cleanup.h"
#include "escape.h"

#define CONTEXT 3

struct lines {
	const char **start; /* of each line, and one more behind the last */
	size_t len;
};

static int split(const char *text, size_t bytes, struct lines *out)
{
	size_t n = 0;

	for (size_t i = 0; i < bytes; i++)
		n += text[i] == '\n';
	out->start = calloc(n + 2, sizeof(*out->start));
	if (!out->start)
		return -ENOMEM;
	for (size_t at = 0; at < bytes;) {
		const char *end = memchr(text + at, '\n', bytes - at);

		out->start[out->len++] = text + at;
		at = end ? (size_t)(end - text) + 1 : bytes;
	}
	out->start[out->len] = text + bytes;
	return 0;
}

static size_t line_len(const struct lines *lines, size_t i)
{
	return (size_t)(lines->start[i + 1] - lines->start[i]);
}

static bool same(const struct lines *a, size_t i, const struct lines *b, size_t j)
{
	return line_len(a, i) == line_len(b, j) &&
	       !memcmp(a->start[i], b->start[j], line_len(a, i));
}

static bool is_plain(const char *text)
{
	for (; *text; text++)
		if ((*text < ' ' && *text != '\t') || *text > '~')
			return false;
	return true;
}

/* Plain text as it is, so that the difference can be applied; else made harmless. */
static void print_line(FILE *to, char sign, const struct lines *lines, size_t i)
{
	size_t len = line_len(lines, i);
	bool whole = len > 0 && lines->start[i][len - 1] == '\n';
	cleanup_free char *line = strndup(lines->start[i], whole ? len - 1 : len);
	cleanup_free char *shown = malloc(len * 4 + 16);

	if (!line || !shown)
		return;
	fprintf(to, "%c%s\n", sign,
		is_plain(line) ? line : escape_terminal(line, shown, len * 4 + 16));
	if (!whole)
		fputs("\\ No newline at end of file\n", to);
}

static void print_hunk(const struct lines *a, const struct lines *b, FILE *to)
{
	size_t head = 0, tail = 0, from, a_end, b_end;

	while (head < a->len && head < b->len && same(a, head, b, head))
		head++;
	while (tail < a->len - head && tail < b->len - head &&
	       same(a, a->len - 1 - tail, b, b->len - 1 - tail))
		tail++;
	from = head > CONTEXT ? head - CONTEXT : 0;
	a_end = a->len - tail + (tail < CONTEXT ? tail : CONTEXT);
	b_end = b->len - tail + (tail < CONTEXT ? tail : CONTEXT);
	fprintf(to, "@@ -%zu,%zu +%zu,%zu @@\n", a_end > from ? from + 1 : from, a_end - from,
		b_end > from ? from + 1 : from, b_end - from);
	for (size_t i = from; i < head; i++)
		print_line(to, ' ', a, i);
	for (size_t i = head; i < a->len - tail; i++)
		print_line(to, '-', a, i);
	for (size_t i = head; i < b->len - tail; i++)
		print_line(to, '+', b, i);
	for (size_t i = a->len - tail; i < a_end; i++)
		print_line(to, ' ', a, i);
}

static void print_change(const struct change *change, FILE *to)
{
	struct lines a = {0}, b = {0};
	char path[4096];

	escape_terminal(change->path, path, sizeof(path));
	if (split(change->before ? change->before : "", change->before_len, &a) == 0 &&
	    split(change->after ? change->after : "", change->after_len, &b) == 0) {
		fprintf(to, "--- %s\n+++ %s\n", change->before ? path : "/dev/null",
			change->after ? path : "/dev/null");
		print_hunk(&a, &b, to);
	}
	free(a.start);
	free(b.start);
}

void changes_print(const struct changes *changes, FILE *to)
{
	for (size_t i = 0; i < changes->len; i++)
		print_change(&changes->items[i], to);
}
