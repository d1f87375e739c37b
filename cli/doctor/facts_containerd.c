/* SPDX-License-Identifier: Apache-2.0 */
/* containerd's main file and what it imports: handlers of ours, and base specifications. */
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "engine_runtimes.h"

#define MAIN_FILE "/etc/containerd/config.toml"
#define IMPORTS_MAX 16
#define VERSION_JOINED 3 /* read by containerd from 2.0 on, which joins sections */

struct containerd {
	const struct engine_reading *reading;
	const char *file; /* the one that is read */
	size_t from;	  /* its registrations begin here */
	long version;	  /* of the main file; 0: it does not say */
	/* `imports = ["GLOB", …]` of the main file: only files that fit are read by containerd. */
	char imports[IMPORTS_MAX][PATH_MAX];
	size_t imports_len;
	struct engine_runtimes runtimes;
};

static bool is_main(const struct containerd *all)
{
	return !strcmp(all->file, MAIN_FILE);
}

static bool is_plugin(const struct toml_path *path)
{
	return path->len > 1 && !strcmp(path->key[0], "plugins") &&
	       (!strcmp(path->key[1], "io.containerd.grpc.v1.cri") || !strcmp(path->key[1], "cri"));
}

/* Up to containerd 1.7 a file's section of a plugin takes the place of the whole one before it. */
static void take_place(struct containerd *all)
{
	struct engine_facts *out = all->reading->out;

	for (size_t i = 0; i < all->from; i++) {
		struct registration *item = &out->items[i];

		if (!strcmp(item->engine, "containerd") && !item->replaced_by[0])
			snprintf(item->replaced_by, sizeof(item->replaced_by), "%s", all->file);
	}
}

/* plugins.PLUGIN.containerd: default_runtime_name, and a table for each handler. */
static void note_runtimes(struct containerd *all, const struct toml_entry *entry)
{
	const struct toml_path *path = entry->path;

	if (path->len < 4 || strcmp(path->key[0], "plugins") || strcmp(path->key[2], "containerd"))
		return;
	if (path->len == 4 && !strcmp(path->key[3], "default_runtime_name") &&
	    entry->kind == TOML_TEXT)
		engine_runtimes_choose(&all->runtimes, all->file, entry->value);
	if (path->len > 4 && !strcmp(path->key[3], "runtimes"))
		engine_runtimes_add(&all->runtimes, path->key[4]);
}

/* BinaryName of a runc handler, the hooks of its base_runtime_spec, the imports of the main file.
 */
static int visit(const struct toml_entry *entry, void *context, struct error *err)
{
	struct containerd *all = context;

	if (is_main(all) && entry->kind == TOML_OTHER && toml_is(entry->path, "version"))
		all->version = strtol(entry->value, NULL, 10);
	if (all->version < VERSION_JOINED && is_plugin(entry->path))
		take_place(all);
	note_runtimes(all, entry);
	if (!entry->value)
		return 0;
	if (is_main(all) && entry->kind == TOML_ITEM && toml_is(entry->path, "imports") &&
	    all->imports_len < IMPORTS_MAX)
		snprintf(all->imports[all->imports_len++], PATH_MAX, "%s", entry->value);
	if (entry->kind != TOML_TEXT)
		return 0;
	if (!strcmp(engine_key(entry->path, 0), "BinaryName") && engine_names_wrapper(entry->value))
		engine_add(all->reading, "containerd", all->file, engine_key(entry->path, 2),
			   entry->value);
	if (!strcmp(engine_key(entry->path, 0), "base_runtime_spec"))
		facts_base_spec(all->reading, all->file, entry->value);
	return 0;
}

static void read_file(void *context, const char *file)
{
	struct containerd *all = context;

	all->file = file;
	all->from = all->reading->out->len;
	engine_read_toml(all->reading, "containerd", file, visit, all);
}

/* A drop-in of ours that the main file does not import. */
static void read_stray(void *context, const char *file)
{
	struct containerd *all = context;
	struct engine_facts *out = all->reading->out;
	size_t from = out->len;

	for (size_t i = 0; i < all->imports_len; i++)
		if (fnmatch(all->imports[i], file, 0) == 0)
			return;
	all->version = VERSION_JOINED; /* it takes nothing's place */
	read_file(all, file);
	for (; from < out->len; from++)
		out->items[from].not_read = true;
}

void facts_containerd(const struct engine_reading *reading)
{
	static const char *const own[] = {"runc", NULL};
	cleanup_free struct containerd *all = calloc(1, sizeof(*all));

	if (!all)
		return;
	all->reading = reading;
	read_file(all, MAIN_FILE);
	for (size_t i = 0; i < all->imports_len; i++)
		engine_each_file(reading, all->imports[i], read_file, all);
	engine_runtimes_judge(&all->runtimes, reading, "containerd", own);
	engine_each_file(reading, "/etc/containerd/conf.d/*oomguard*.toml", read_stray, all);
}
