/* SPDX-License-Identifier: Apache-2.0 */
/* Runtimes that the configuration of podman and of CRI-O names. */
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "engine_files.h"
#include "engine_runtimes.h"

struct runtimes {
	const struct engine_reading *reading;
	const char *engine;
	toml_visit *visit;
	const char *file; /* the one that is read */
	struct engine_runtimes all;
};

/* What a later file says of a runtime takes the place of what was said before. */
static void forget(struct engine_facts *out, const char *engine, const char *name)
{
	size_t kept = 0;

	for (size_t i = 0; i < out->len; i++) {
		if (!strcmp(out->items[i].engine, engine) && !strcmp(out->items[i].name, name))
			continue;
		if (kept != i)
			out->items[kept] = out->items[i];
		kept++;
	}
	out->len = kept;
}

/* containers.conf(5): [engine] runtime, and paths for each name of [engine.runtimes]. */
static int podman_entry(const struct toml_entry *entry, void *context, struct error *err)
{
	struct runtimes *of = context;
	const char *name = engine_key(entry->path, 0);

	if (entry->kind == TOML_TEXT && toml_is(entry->path, "engine", "runtime"))
		engine_runtimes_choose(&of->all, of->file, entry->value);
	if (!toml_is(entry->path, "engine", "runtimes", NULL))
		return 0;
	engine_runtimes_add(&of->all, name);
	if (entry->kind == TOML_LIST)
		forget(of->reading->out, of->engine, name);
	if (entry->kind == TOML_ITEM && engine_names_wrapper(entry->value))
		engine_add(of->reading, of->engine, of->file, name, entry->value);
	return 0;
}

/* crio.conf(5): [crio.runtime] default_runtime, and a table for each handler. */
static int crio_entry(const struct toml_entry *entry, void *context, struct error *err)
{
	struct runtimes *of = context;
	const struct toml_path *path = entry->path;
	bool is_text = entry->kind == TOML_TEXT;

	if (is_text && toml_is(path, "crio", "runtime", "default_runtime"))
		engine_runtimes_choose(&of->all, of->file, entry->value);
	if (path->len < 4 || strcmp(path->key[0], "crio") || strcmp(path->key[1], "runtime") ||
	    strcmp(path->key[2], "runtimes"))
		return 0;
	engine_runtimes_add(&of->all, path->key[3]);
	if (!is_text || !toml_is(path, "crio", "runtime", "runtimes", NULL, "runtime_path"))
		return 0;
	forget(of->reading->out, of->engine, path->key[3]);
	if (engine_names_wrapper(entry->value))
		engine_add(of->reading, of->engine, of->file, path->key[3], entry->value);
	return 0;
}

static void read_file(void *context, const char *file)
{
	struct runtimes *of = context;

	of->file = file;
	engine_read_toml(of->reading, of->engine, file, of->visit, of);
}

/* `own`, ended by NULL, are the names that the engine knows by itself. */
static void read_all(const struct engine_reading *reading, const char *engine, toml_visit *visit,
		     enum hooks_reader reader, const char *const *own)
{
	cleanup_free struct runtimes *of = calloc(1, sizeof(*of));
	const char *const *files = engine_files(reader);

	if (!of)
		return;
	*of = (struct runtimes){.reading = reading, .engine = engine, .visit = visit};
	for (; *files; files++)
		engine_each_file(reading, *files, read_file, of);
	engine_runtimes_judge(&of->all, reading, engine, own);
}

void facts_podman(const struct engine_reading *reading)
{
	static const char *const own[] = {"crun",  "crun-vm", "crun-wasm", "kata",
					  "krun",  "ocijail", "runc",	   "runj",
					  "runsc", "youki",   NULL};

	read_all(reading, "podman", podman_entry, HOOKS_PODMAN, own);
}

void facts_crio(const struct engine_reading *reading)
{
	static const char *const own[] = {"crun", "runc", NULL};

	read_all(reading, "crio", crio_entry, HOOKS_CRIO, own);
}
