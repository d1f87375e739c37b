/* SPDX-License-Identifier: Apache-2.0 */
#include "hooks_dirs.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "toml.h"

struct reading {
	struct hooks_dirs *out; /* before this file */
	struct hooks_dirs here; /* of this file */
	bool said, append;
};

static int add(struct hooks_dirs *dirs, const char *dir)
{
	size_t len = strlen(dir);

	while (len > 1 && dir[len - 1] == '/')
		len--;
	if (dirs->len == HOOKS_DIRS_MAX)
		return -E2BIG;
	dirs->dirs[dirs->len] = strndup(dir, len);
	if (!dirs->dirs[dirs->len])
		return -ENOMEM;
	dirs->len++;
	return 0;
}

static int visit(const struct toml_entry *entry, void *context, struct error *err)
{
	struct reading *reading = context;
	const struct toml_path *path = entry->path;

	if (reading->out->reader == HOOKS_PODMAN && toml_is(path, "engine", "hooks_dir", "append"))
		reading->append = entry->kind == TOML_OTHER && !strncmp(entry->value, "true", 4);
	if (!(reading->out->reader == HOOKS_PODMAN ? toml_is(path, "engine", "hooks_dir")
						   : toml_is(path, "crio", "runtime", "hooks_dir")))
		return 0;
	reading->said |= entry->kind == TOML_LIST;
	if (entry->kind != TOML_ITEM)
		return 0;
	if (!entry->value)
		return toml_wrong(entry, "an escape in a path that matters here", err);
	return add(&reading->here, entry->value) < 0
		   ? toml_wrong(entry, "more directories than can be held", err)
		   : 0;
}

/* The list of this file behind the one before, or in its place. */
static int take_over(struct reading *reading, const char *file)
{
	struct hooks_dirs *out = reading->out, *here = &reading->here;
	char *name = strdup(file);
	int r = name ? 0 : -ENOMEM;

	if (r == 0 && !reading->append)
		hooks_dirs_free(out);
	for (size_t i = 0; i < here->len && r == 0; i++)
		r = add(out, here->dirs[i]);
	free(out->file);
	out->file = name;
	return r;
}

static int read_one(const char *text, const char *path, size_t root_len, void *context,
		    struct error *err)
{
	struct reading *reading = context;
	int r;

	reading->said = reading->append = false;
	r = toml_walk(text, path, visit, reading, err);
	if (r == 0 && reading->said && take_over(reading, path + root_len) < 0)
		r = error_set(err, ENOMEM, "%s", path);
	hooks_dirs_free(&reading->here);
	return r;
}

int hooks_dirs_read(const char *root, enum hooks_reader reader, struct hooks_dirs *out,
		    struct error *err)
{
	struct reading reading = {.out = out};

	*out = (struct hooks_dirs){.reader = reader};
	return engine_files_each(root, reader, read_one, &reading, err);
}

bool hooks_dirs_has(const struct hooks_dirs *dirs, const char *dir)
{
	for (size_t i = 0; i < dirs->len; i++)
		if (!strcmp(dirs->dirs[i], dir))
			return true;
	return dirs->len == 0 && (!strcmp(dir, HOOKS_DIR) || (dirs->reader == HOOKS_PODMAN &&
							      !strcmp(dir, HOOKS_DIR_OVERRIDE)));
}

void hooks_dirs_free(struct hooks_dirs *dirs)
{
	for (size_t i = 0; i < dirs->len; i++)
		free(dirs->dirs[i]);
	free(dirs->file);
	*dirs = (struct hooks_dirs){.reader = dirs->reader};
}
