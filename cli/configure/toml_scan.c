/* SPDX-License-Identifier: Apache-2.0 */
#include "toml_scan.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"

#define WAY 4 /* keys of plugins.PLUGIN.containerd.runtimes, which the runtimes are below */

struct scan {
	const char *plugin;
	struct toml_facts *facts;
};

/* How many of the keys of plugins.PLUGIN.containerd.runtimes the path begins with. */
static size_t follows(const struct toml_path *path, const char *plugin)
{
	const char *const way[WAY] = {"plugins", plugin, "containerd", "runtimes"};
	size_t n = 0;

	while (n < path->len && n < WAY && (!way[n] || !strcmp(path->key[n], way[n])))
		n++;
	return n;
}

static bool ends_in(const char *text, const char *end)
{
	size_t len = strlen(text), end_len = strlen(end);

	return len >= end_len && !strcmp(text + len - end_len, end);
}

/* The wrapper by any of its names, of which each stands for another runtime. */
static bool is_wrapper(const char *text)
{
	static const char ours[] = OOMGUARD_WRAPPER_PATH, begin[] = "oomguard-";
	const char *slash = strrchr(text, '/');
	size_t dir_len = (size_t)(strrchr(ours, '/') - ours) + 1;

	return slash && !strncmp(slash + 1, begin, strlen(begin)) &&
	       (size_t)(slash - text) + 1 >= dir_len &&
	       !strncmp(slash + 1 - dir_len, ours, dir_len);
}

static int note_runtime(struct scan *scan, const struct toml_entry *entry, struct error *err)
{
	struct toml_facts *facts = scan->facts;
	const struct toml_path *path = entry->path;
	const char *key = path->len ? path->key[path->len - 1] : "";
	const char *text = entry->kind == TOML_TEXT && entry->value ? entry->value : "";
	bool wrapper = !strcmp(key, "BinaryName") && is_wrapper(text);
	bool base_spec =
	    !strcmp(key, "base_runtime_spec") && ends_in(text, OOMGUARD_BASE_SPEC_FILE);
	const char *name = follows(path, NULL) == WAY && path->len > WAY ? path->key[WAY] : "";
	struct toml_runtime *item = facts->runtimes;

	if (!name[0] && !wrapper && !base_spec)
		return 0;
	while (item < facts->runtimes + facts->runtimes_len &&
	       (!name[0] || strcmp(item->name, name) != 0))
		item++;
	if (item == facts->runtimes + TOML_RUNTIMES_MAX)
		return toml_wrong(entry, "too many runtimes", err);
	if (item == facts->runtimes + facts->runtimes_len) {
		facts->runtimes_len++;
		item->first = entry->line;
		snprintf(item->name, sizeof(item->name), "%s", name);
	}
	item->last = entry->line;
	item->counts |= follows(path, scan->plugin) == WAY;
	item->names_wrapper |= wrapper;
	item->names_base_spec |= base_spec;
	return 0;
}

static int note_default(struct toml_facts *facts, const struct toml_entry *entry, struct error *err)
{
	if (entry->kind != TOML_TEXT)
		return 0;
	if (!entry->value)
		return toml_wrong(entry, "an escape in a name that matters here", err);
	free(facts->default_runtime);
	facts->default_runtime = strdup(entry->value);
	facts->default_line = entry->line;
	return facts->default_runtime ? 0 : error_set(err, ENOMEM, "%s", entry->source);
}

static int note_value(struct scan *scan, const struct toml_entry *entry, struct error *err)
{
	const struct toml_path *path = entry->path;
	size_t n = follows(path, scan->plugin);

	/*
	 * A value stands where a table belongs; an inline one cannot be gone on with by [a.b.c].
	 * (Tables that were made by dotted keys can.)
	 */
	if (n == path->len && !scan->facts->closed_line)
		scan->facts->closed_line = entry->line;
	if (path->len == 7 && n == WAY && !strcmp(path->key[5], "options") &&
	    !strcmp(path->key[6], "SystemdCgroup") && entry->kind == TOML_OTHER &&
	    !strncmp(entry->value, "true", 4))
		scan->facts->systemd_cgroup = true;
	if (path->len == 4 && n == 3 && !strcmp(path->key[3], "default_runtime_name"))
		return note_default(scan->facts, entry, err);
	return 0;
}

static int visit(const struct toml_entry *entry, void *context, struct error *err)
{
	struct scan *scan = context;
	size_t n;
	int r;

	n = follows(entry->path, scan->plugin);
	scan->facts->has_plugin |= n >= 2;
	if (entry->kind == TOML_TABLES && n == entry->path->len)
		return toml_wrong(entry, "a list of tables where a table belongs", err);
	r = note_runtime(scan, entry, err);
	if (r == 0 && entry->kind != TOML_TABLE && entry->kind != TOML_TABLES)
		r = note_value(scan, entry, err);
	return r;
}

int toml_scan(const char *text, const char *source, const char *plugin, struct toml_facts *out,
	      struct error *err)
{
	struct scan scan = {.plugin = plugin, .facts = out};

	*out = (struct toml_facts){0};
	return toml_walk(text, source, visit, &scan, err);
}

void toml_facts_free(struct toml_facts *facts)
{
	free(facts->default_runtime);
	facts->default_runtime = NULL;
}
