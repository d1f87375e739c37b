/* SPDX-License-Identifier: Apache-2.0 */
#include "toml_scan.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "toml.h"

struct scan {
	const char *plugin, *handler;
	struct toml_facts *facts;
};

/* How many of the keys of plugins.PLUGIN.containerd.runtimes.HANDLER the path begins with. */
static size_t follows(const struct scan *scan, const struct toml_path *path)
{
	const char *const way[] = {"plugins", scan->plugin, "containerd", "runtimes",
				   scan->handler};
	size_t n = 0;

	while (n < path->len && n < 5 && !strcmp(path->key[n], way[n]))
		n++;
	return n;
}

static void note_path(struct scan *scan, const struct toml_path *path)
{
	size_t n = follows(scan, path);

	if (n >= 2)
		scan->facts->has_plugin = true;
	if (n == 5)
		scan->facts->has_handler = true;
	else if (n == 4 && path->len > 4)
		scan->facts->has_other_runtime = true;
}

static int add_import(const struct toml_entry *entry, struct toml_facts *facts, struct error *err)
{
	if (!entry->value)
		return toml_wrong(entry, "an escape in a path that matters here", err);
	if (facts->imports_len == TOML_IMPORTS_MAX)
		return toml_wrong(entry, "too many imports", err);
	facts->imports[facts->imports_len] = strdup(entry->value);
	if (!facts->imports[facts->imports_len])
		return error_set(err, ENOMEM, "%s", entry->source);
	facts->imports_len++;
	return 0;
}

static void note_value(struct scan *scan, const struct toml_entry *entry)
{
	const struct toml_path *path = entry->path;
	size_t n = follows(scan, path);

	/* A table made by a dotted key, or an inline one, cannot be gone on with by [a.b.c]. */
	if (n > entry->table && (entry->own > 1 || entry->kind == TOML_INLINE))
		scan->facts->closed = true;
	if (path->len == 7 && n >= 4 && !strcmp(path->key[5], "options") &&
	    !strcmp(path->key[6], "SystemdCgroup") && entry->kind == TOML_OTHER &&
	    !strncmp(entry->value, "true", 4))
		scan->facts->systemd_cgroup = true;
}

static int visit(const struct toml_entry *entry, void *context, struct error *err)
{
	struct scan *scan = context;

	if (toml_is(entry->path, "imports")) {
		if (entry->kind == TOML_ITEM)
			return add_import(entry, scan->facts, err);
		if (entry->kind != TOML_LIST)
			return toml_wrong(entry, "imports is no list", err);
	}
	if (toml_is(entry->path, "version") && entry->kind == TOML_OTHER)
		scan->facts->version = strtol(entry->value, NULL, 10);
	if (!scan->plugin)
		return 0;
	note_path(scan, entry->path);
	if (entry->kind == TOML_TABLES && follows(scan, entry->path) == entry->path->len)
		return toml_wrong(entry, "a list of tables where a table belongs", err);
	if (entry->kind != TOML_TABLE && entry->kind != TOML_TABLES)
		note_value(scan, entry);
	return 0;
}

int toml_scan(const char *text, const char *source, const char *plugin, const char *handler,
	      struct toml_facts *out, struct error *err)
{
	struct scan scan = {.plugin = plugin, .handler = handler, .facts = out};
	int r;

	*out = (struct toml_facts){0};
	r = toml_walk(text, source, visit, &scan, err);
	return r < 0 ? error_hint(err, r, "nothing was changed; add the runtime by hand") : 0;
}

void toml_facts_free(struct toml_facts *facts)
{
	for (size_t i = 0; i < facts->imports_len; i++)
		free(facts->imports[i]);
	facts->imports_len = 0;
}
