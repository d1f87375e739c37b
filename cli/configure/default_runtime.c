/* SPDX-License-Identifier: Apache-2.0 */
/* What podman and CRI-O run where no runtime is named: runtime, and default_runtime. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "configure.h"
#include "toml.h"

struct reading {
	enum hooks_reader reader;
	const char *ours;
	char *name, *file; /* of the last file that says it */
};

static int visit(const struct toml_entry *entry, void *context, struct error *err)
{
	struct reading *reading = context;
	bool is_it = reading->reader == HOOKS_PODMAN
			 ? toml_is(entry->path, "engine", "runtime")
			 : toml_is(entry->path, "crio", "runtime", "default_runtime");

	if (!is_it || entry->kind != TOML_TEXT)
		return 0;
	if (!entry->value)
		return toml_wrong(entry, "an escape in a name that matters here", err);
	free(reading->name);
	free(reading->file);
	reading->name = strdup(entry->value);
	reading->file = strdup(entry->source);
	return reading->name && reading->file ? 0 : error_set(err, ENOMEM, "%s", entry->source);
}

static int read_one(const char *text, const char *path, size_t root_len, void *context,
		    struct error *err)
{
	struct reading *reading = context;

	/* What is in a file that goes, goes with it. */
	return !strcmp(path, reading->ours) ? 0 : toml_walk(text, path, visit, reading, err);
}

int configure_not_default(const struct configure *want, enum hooks_reader reader, const char *ours,
			  char *const *names, struct error *err)
{
	const char *key =
	    reader == HOOKS_PODMAN ? "[engine] runtime" : "[crio.runtime] default_runtime";
	struct reading reading = {.reader = reader, .ours = ours};
	int r = engine_files_each(want->prefix, reader, read_one, &reading, err);

	for (; r == 0 && reading.name && *names; names++) {
		if (strcmp(*names, reading.name) != 0)
			continue;
		r = error_say(err, EBUSY, "%s: %s is \"%s\", which would be gone", reading.file,
			      key, reading.name);
		error_hint(err, r, "set it to another runtime first; nothing is changed");
	}
	free(reading.name);
	free(reading.file);
	return r;
}
