/* SPDX-License-Identifier: Apache-2.0 */
#include "toml_scan.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"

#define KEYS_MAX 16
#define KEY_MAX 128
#define DEPTH_MAX 32

struct path {
	char key[KEYS_MAX][KEY_MAX];
	size_t len;
};

struct scan {
	const char *at;
	unsigned line;
	const char *source, *plugin, *handler;
	struct path table;
	struct toml_facts *facts;
	struct error *err;
};

static int wrong(const struct scan *scan, const char *what)
{
	int r = error_say(scan->err, EINVAL, "%s:%u: %s", scan->source, scan->line, what);

	return error_hint(scan->err, r, "nothing was changed; add the runtime by hand");
}

static void blanks(struct scan *scan)
{
	while (*scan->at == ' ' || *scan->at == '\t')
		scan->at++;
}

/* Blanks, comments and ends of lines. */
static void skip_lines(struct scan *scan)
{
	for (;;) {
		scan->at += strspn(scan->at, " \t\r");
		if (*scan->at == '#')
			scan->at += strcspn(scan->at, "\n");
		if (*scan->at != '\n')
			return;
		scan->line++;
		scan->at++;
	}
}

static int end_of_line(struct scan *scan)
{
	scan->at += strspn(scan->at, " \t\r");
	if (*scan->at && *scan->at != '\n' && *scan->at != '#')
		return wrong(scan, "something stands behind the value");
	return 0;
}

/* A string of three quotes, over several lines. */
static int skip_long_string(struct scan *scan, char quote)
{
	const char end[] = {quote, quote, quote, '\0'};

	for (scan->at += 3; *scan->at; scan->at++) {
		if (!strncmp(scan->at, end, 3)) {
			scan->at += 3;
			/* One or two quotes may stand before the closing three. */
			scan->at += strspn(scan->at, (char[]){quote, '\0'});
			return 0;
		}
		if (quote == '"' && *scan->at == '\\' && scan->at[1])
			scan->at++;
		scan->line += *scan->at == '\n';
	}
	return wrong(scan, "a string does not end");
}

/* A string of one quote; its text into `out` (NULL: dropped). Escapes in it are not read. */
static int read_string(struct scan *scan, char *out, size_t cap)
{
	char quote = *scan->at;
	size_t len = 0;

	for (scan->at++; *scan->at && *scan->at != '\n'; scan->at++) {
		if (*scan->at == quote) {
			scan->at++;
			if (out)
				out[len] = '\0';
			return 0;
		}
		if (*scan->at == '\\' && quote == '"') {
			if (out)
				return wrong(scan, "an escape in a name or path that matters here");
			if (!*++scan->at)
				break;
		}
		if (out && len + 1 == cap)
			return wrong(scan, "a name is too long");
		if (out)
			out[len++] = *scan->at;
	}
	return wrong(scan, "a string does not end");
}

static int skip_value(struct scan *scan, unsigned depth);

/* An array or an inline table: whatever stands in it, up to the bracket that ends it. */
static int skip_list(struct scan *scan, char end, unsigned depth)
{
	if (depth == DEPTH_MAX)
		return wrong(scan, "values are nested too deeply");
	scan->at++;
	for (;;) {
		int r = 0;

		skip_lines(scan);
		if (*scan->at == end) {
			scan->at++;
			return 0;
		}
		if (*scan->at == ',' || *scan->at == '=' || *scan->at == '.')
			scan->at++;
		else
			r = skip_value(scan, depth + 1);
		if (r < 0)
			return r;
	}
}

static int skip_value(struct scan *scan, unsigned depth)
{
	size_t len;

	if (!strncmp(scan->at, "\"\"\"", 3) || !strncmp(scan->at, "'''", 3))
		return skip_long_string(scan, *scan->at);
	if (*scan->at == '"' || *scan->at == '\'')
		return read_string(scan, NULL, 0);
	if (*scan->at == '[')
		return skip_list(scan, ']', depth);
	if (*scan->at == '{')
		return skip_list(scan, '}', depth);
	len = strspn(scan->at, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
			       "_-+.:");
	if (len == 0)
		return wrong(scan, "a value is missing or not understood");
	scan->at += len;
	return 0;
}

/* Adds the keys, divided by dots, to the path. */
static int read_keys(struct scan *scan, struct path *path)
{
	for (;;) {
		char *key = path->key[path->len];
		size_t len;
		int r = 0;

		if (path->len == KEYS_MAX)
			return wrong(scan, "tables are nested too deeply");
		blanks(scan);
		if (*scan->at == '"' || *scan->at == '\'') {
			r = read_string(scan, key, KEY_MAX);
		} else {
			len = strspn(scan->at, "abcdefghijklmnopqrstuvwxyz"
					       "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-");
			if (len == 0 || len >= KEY_MAX)
				return wrong(scan, "a key is missing or not understood");
			memcpy(key, scan->at, len);
			key[len] = '\0';
			scan->at += len;
		}
		if (r < 0)
			return r;
		path->len++;
		blanks(scan);
		if (*scan->at != '.')
			return 0;
		scan->at++;
	}
}

/* How many of the keys of plugins.PLUGIN.containerd.runtimes.HANDLER the path begins with. */
static size_t follows(const struct scan *scan, const struct path *path)
{
	const char *const way[] = {"plugins", scan->plugin, "containerd", "runtimes",
				   scan->handler};
	size_t n = 0;

	while (n < path->len && n < 5 && !strcmp(path->key[n], way[n]))
		n++;
	return n;
}

static void note_path(struct scan *scan, const struct path *path)
{
	size_t n;

	if (!scan->plugin)
		return;
	n = follows(scan, path);
	if (n >= 2)
		scan->facts->has_plugin = true;
	if (n == 5)
		scan->facts->has_handler = true;
	else if (n == 4 && path->len > 4)
		scan->facts->has_other_runtime = true;
}

static int read_imports(struct scan *scan)
{
	struct toml_facts *facts = scan->facts;

	if (*scan->at != '[')
		return wrong(scan, "imports is no list");
	scan->at++;
	for (;;) {
		char text[4096];
		int r;

		skip_lines(scan);
		if (*scan->at == ']') {
			scan->at++;
			return 0;
		}
		if (*scan->at == ',') {
			scan->at++;
			continue;
		}
		if (*scan->at != '"' && *scan->at != '\'')
			return wrong(scan, "imports is no list of strings");
		r = read_string(scan, text, sizeof(text));
		if (r < 0)
			return r;
		if (facts->imports_len == TOML_IMPORTS_MAX)
			return wrong(scan, "too many imports");
		facts->imports[facts->imports_len] = strdup(text);
		if (!facts->imports[facts->imports_len])
			return error_set(scan->err, ENOMEM, "%s", scan->source);
		facts->imports_len++;
	}
}

static int read_entry(struct scan *scan)
{
	struct path path = scan->table;
	size_t own, n;
	int r = read_keys(scan, &path);

	if (r < 0)
		return r;
	if (*scan->at != '=')
		return wrong(scan, "'=' is missing");
	scan->at++;
	blanks(scan);
	note_path(scan, &path);
	own = path.len - scan->table.len;
	n = scan->plugin ? follows(scan, &path) : 0;
	/* A table made by a dotted key, or an inline one, cannot be gone on with by [a.b.c]. */
	if (n > scan->table.len && (own > 1 || *scan->at == '{') && n >= 1)
		scan->facts->closed = true;
	if (path.len == 7 && n >= 4 && !strcmp(path.key[5], "options") &&
	    !strcmp(path.key[6], "SystemdCgroup") && !strncmp(scan->at, "true", 4))
		scan->facts->systemd_cgroup = true;
	if (path.len == 1 && !strcmp(path.key[0], "version"))
		scan->facts->version = strtol(scan->at, NULL, 10);
	r = path.len == 1 && !strcmp(path.key[0], "imports") ? read_imports(scan)
							     : skip_value(scan, 0);
	return r < 0 ? r : end_of_line(scan);
}

static int read_table(struct scan *scan)
{
	bool many = scan->at[1] == '[';
	int r;

	scan->at += many ? 2 : 1;
	scan->table.len = 0;
	r = read_keys(scan, &scan->table);
	if (r < 0)
		return r;
	if (strncmp(scan->at, many ? "]]" : "]", many ? 2 : 1) != 0)
		return wrong(scan, "']' is missing");
	scan->at += many ? 2 : 1;
	note_path(scan, &scan->table);
	if (many && scan->plugin && follows(scan, &scan->table) == scan->table.len)
		return wrong(scan, "a list of tables where a table belongs");
	return end_of_line(scan);
}

int toml_scan(const char *text, const char *source, const char *plugin, const char *handler,
	      struct toml_facts *out, struct error *err)
{
	struct scan scan = {.at = text,
			    .line = 1,
			    .source = source,
			    .plugin = plugin,
			    .handler = handler,
			    .facts = out,
			    .err = err};
	int r = 0;

	*out = (struct toml_facts){0};
	if (!strncmp(scan.at, "\xef\xbb\xbf", 3))
		scan.at += 3;
	while (r == 0) {
		skip_lines(&scan);
		if (!*scan.at)
			return 0;
		r = *scan.at == '[' ? read_table(&scan) : read_entry(&scan);
	}
	return r;
}

void toml_facts_free(struct toml_facts *facts)
{
	for (size_t i = 0; i < facts->imports_len; i++)
		free(facts->imports[i]);
	facts->imports_len = 0;
}
