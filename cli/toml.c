/* SPDX-License-Identifier: Apache-2.0 */
#include "toml.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#define DEPTH_MAX 32

struct walk {
	const char *at;
	unsigned line;
	const char *source;
	toml_visit *visit;
	void *context;
	struct error *err;
	size_t table;	       /* keys of the header above */
	struct toml_path path; /* of what is read */
	char text[PATH_MAX];
};

static int wrong(const struct walk *walk, const char *what)
{
	return error_say(walk->err, EINVAL, "%s:%u: %s", walk->source, walk->line, what);
}

int toml_wrong(const struct toml_entry *entry, const char *what, struct error *err)
{
	return error_say(err, EINVAL, "%s:%u: %s", entry->source, entry->line, what);
}

static int tell(struct walk *walk, enum toml_kind kind, size_t own, const char *value)
{
	const struct toml_entry entry = {
	    .kind = kind,
	    .path = &walk->path,
	    .table = walk->table,
	    .own = own,
	    .value = value,
	    .source = walk->source,
	    .line = walk->line,
	};

	return walk->visit(&entry, walk->context, walk->err);
}

static void blanks(struct walk *walk)
{
	walk->at += strspn(walk->at, " \t");
}

/* Blanks, comments and ends of lines. */
static void skip_lines(struct walk *walk)
{
	for (;;) {
		walk->at += strspn(walk->at, " \t\r");
		if (*walk->at == '#')
			walk->at += strcspn(walk->at, "\n");
		if (*walk->at != '\n')
			return;
		walk->line++;
		walk->at++;
	}
}

static int end_of_line(struct walk *walk)
{
	walk->at += strspn(walk->at, " \t\r");
	if (*walk->at && *walk->at != '\n' && *walk->at != '#')
		return wrong(walk, "something stands behind the value");
	return 0;
}

/* A string of three quotes, over several lines. */
static int skip_long_string(struct walk *walk, char quote)
{
	const char end[] = {quote, quote, quote, '\0'};

	for (walk->at += 3; *walk->at; walk->at++) {
		if (!strncmp(walk->at, end, 3)) {
			walk->at += 3;
			/* One or two quotes may stand before the closing three. */
			walk->at += strspn(walk->at, (char[]){quote, '\0'});
			return 0;
		}
		if (quote == '"' && *walk->at == '\\' && walk->at[1])
			walk->at++;
		walk->line += *walk->at == '\n';
	}
	return wrong(walk, "a string does not end");
}

/*
 * A string of one quote; its text into `out`. *whole is false when not all of it is there: escapes
 * are not read, and it may be longer.
 */
static int read_string(struct walk *walk, char *out, size_t cap, bool *whole)
{
	char quote = *walk->at;
	size_t len = 0;

	*whole = true;
	for (walk->at++; *walk->at && *walk->at != '\n'; walk->at++) {
		if (*walk->at == quote) {
			walk->at++;
			out[len] = '\0';
			return 0;
		}
		if (*walk->at == '\\' && quote == '"') {
			*whole = false;
			if (!*++walk->at)
				break;
		}
		if (len + 1 < cap)
			out[len++] = *walk->at;
		else
			*whole = false;
	}
	return wrong(walk, "a string does not end");
}

/* Adds the keys, divided by dots, to the path. */
static int read_keys(struct walk *walk)
{
	struct toml_path *path = &walk->path;

	for (;;) {
		char *key = path->key[path->len];
		bool whole = true;
		size_t len;

		if (path->len == TOML_KEYS_MAX)
			return wrong(walk, "tables are nested too deeply");
		blanks(walk);
		if (*walk->at == '"' || *walk->at == '\'') {
			int r = read_string(walk, key, TOML_KEY_MAX, &whole);

			if (r < 0)
				return r;
		} else {
			len = strspn(walk->at, "abcdefghijklmnopqrstuvwxyz"
					       "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-");
			if (len == 0 || len >= TOML_KEY_MAX)
				return wrong(walk, "a key is missing or not understood");
			memcpy(key, walk->at, len);
			key[len] = '\0';
			walk->at += len;
		}
		if (!whole)
			return wrong(walk, "a key is too long, or has an escape");
		path->len++;
		blanks(walk);
		if (*walk->at != '.')
			return 0;
		walk->at++;
	}
}

static int read_value(struct walk *walk, unsigned depth, size_t own, bool told);

/* What is in a list. Its strings and inline tables are told where the list is a value itself. */
static int read_list(struct walk *walk, unsigned depth, size_t own, bool told)
{
	int r = told ? tell(walk, TOML_LIST, own, NULL) : 0;

	for (walk->at++; r == 0;) {
		bool whole;

		skip_lines(walk);
		if (*walk->at == ']') {
			walk->at++;
			return 0;
		}
		if (*walk->at == ',') {
			walk->at++;
		} else if (told && (*walk->at == '"' || *walk->at == '\'') &&
			   strncmp(walk->at, "\"\"\"", 3) && strncmp(walk->at, "'''", 3)) {
			r = read_string(walk, walk->text, sizeof(walk->text), &whole);
			if (r == 0)
				r = tell(walk, TOML_ITEM, own, whole ? walk->text : NULL);
		} else {
			r = read_value(walk, depth + 1, own, told && *walk->at == '{');
		}
	}
	return r;
}

static int read_entry(struct walk *walk, unsigned depth, bool told);

static int read_inline(struct walk *walk, unsigned depth, size_t own, bool told)
{
	int r = told ? tell(walk, TOML_INLINE, own, NULL) : 0;

	for (walk->at++; r == 0;) {
		skip_lines(walk);
		if (*walk->at == '}') {
			walk->at++;
			return 0;
		}
		if (*walk->at == ',')
			walk->at++;
		else
			r = read_entry(walk, depth + 1, told);
	}
	return r;
}

static int read_value(struct walk *walk, unsigned depth, size_t own, bool told)
{
	const char *at = walk->at;
	bool whole;
	size_t len;
	int r;

	if (depth == DEPTH_MAX)
		return wrong(walk, "values are nested too deeply");
	if (!strncmp(at, "\"\"\"", 3) || !strncmp(at, "'''", 3)) {
		r = skip_long_string(walk, *at);
		return r == 0 && told ? tell(walk, TOML_TEXT, own, NULL) : r;
	}
	if (*at == '"' || *at == '\'') {
		r = read_string(walk, walk->text, sizeof(walk->text), &whole);
		return r == 0 && told ? tell(walk, TOML_TEXT, own, whole ? walk->text : NULL) : r;
	}
	if (*at == '[')
		return read_list(walk, depth, own, told);
	if (*at == '{')
		return read_inline(walk, depth, own, told);
	len = strspn(at, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
			 "_-+.:");
	if (len == 0)
		return wrong(walk, "a value is missing or not understood");
	walk->at += len;
	return told ? tell(walk, TOML_OTHER, own, at) : 0;
}

/* KEYS = VALUE. The path is as before when it is done. */
static int read_entry(struct walk *walk, unsigned depth, bool told)
{
	size_t before = walk->path.len;
	int r = read_keys(walk);

	if (r == 0 && *walk->at != '=')
		r = wrong(walk, "'=' is missing");
	if (r == 0) {
		walk->at++;
		blanks(walk);
		r = read_value(walk, depth, walk->path.len - before, told);
	}
	walk->path.len = before;
	return r;
}

static int read_table(struct walk *walk)
{
	bool many = walk->at[1] == '[';
	int r;

	walk->at += many ? 2 : 1;
	walk->path.len = 0;
	walk->table = 0;
	r = read_keys(walk);
	if (r < 0)
		return r;
	if (strncmp(walk->at, many ? "]]" : "]", many ? 2 : 1) != 0)
		return wrong(walk, "']' is missing");
	walk->at += many ? 2 : 1;
	walk->table = walk->path.len;
	return tell(walk, many ? TOML_TABLES : TOML_TABLE, 0, NULL);
}

int toml_walk(const char *text, const char *source, toml_visit *visit, void *context,
	      struct error *err)
{
	struct walk walk = {.at = text,
			    .line = 1,
			    .source = source,
			    .visit = visit,
			    .context = context,
			    .err = err};
	int r = 0;

	if (!strncmp(walk.at, "\xef\xbb\xbf", 3))
		walk.at += 3;
	while (r == 0) {
		skip_lines(&walk);
		if (!*walk.at)
			return 0;
		r = *walk.at == '[' ? read_table(&walk) : read_entry(&walk, 0, true);
		if (r == 0)
			r = end_of_line(&walk);
	}
	return r;
}

bool toml_path_is(const struct toml_path *path, const char *const *keys, size_t len)
{
	if (path->len != len)
		return false;
	for (size_t i = 0; i < len; i++)
		if (keys[i] && strcmp(path->key[i], keys[i]) != 0)
			return false;
	return true;
}
