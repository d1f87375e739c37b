/* SPDX-License-Identifier: Apache-2.0 */
/* Runtimes that CRI-O's configuration names. */
#include <string.h>

#include "engine_files.h"

struct crio {
	const struct engine_reading *reading;
	const char *file; /* the one that is read */
};

static int visit(const struct toml_entry *entry, void *context, struct error *err)
{
	const struct crio *all = context;

	if (entry->kind == TOML_TEXT && !strcmp(engine_key(entry->path, 0), "runtime_path") &&
	    engine_names_wrapper(entry->value))
		engine_add(all->reading, "crio", all->file, engine_key(entry->path, 1),
			   entry->value);
	return 0;
}

static void read_file(void *context, const char *file)
{
	struct crio *all = context;

	all->file = file;
	engine_read_toml(all->reading, "crio", file, visit, all);
}

void facts_crio(const struct engine_reading *reading)
{
	struct crio all = {.reading = reading};

	read_file(&all, "/etc/crio/crio.conf");
	engine_each_file(reading, "/etc/crio/crio.conf.d/*", read_file, &all);
}
