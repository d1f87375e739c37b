/* SPDX-License-Identifier: Apache-2.0 */
#include "engine_reading.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cleanup.h"
#include "read_all.h"

#define FILE_MAX_BYTES (1024 * 1024)
#define OUR_HOOK "oomguard-hook"
#define OUR_WRAPPER "oomguard-"

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

void facts_named_file(const char *root, const char *path, struct named_file *out)
{
	char real[PATH_MAX + 64];
	struct stat st;

	*out = (struct named_file){0};
	snprintf(out->path, sizeof(out->path), "%s", path);
	snprintf(real, sizeof(real), "%s%s", root, path);
	if (path[0] != '/')
		out->missing = ENOENT;
	else if (stat(real, &st) < 0)
		out->missing = errno;
	else
		out->executable = S_ISREG(st.st_mode) && access(real, X_OK) == 0;
}

void engine_unreadable(const struct engine_reading *reading, const char *engine, const char *file,
		       const char *why)
{
	struct engine_facts *out = reading->out;
	size_t i = out->unreadable_len;

	if (i == ENGINES_MAX)
		return;
	out->unreadable[i].engine = engine;
	snprintf(out->unreadable[i].file, sizeof(out->unreadable[i].file), "%s", file);
	snprintf(out->unreadable[i].why, sizeof(out->unreadable[i].why), "%s", why);
	out->unreadable_len++;
}

char *engine_read_text(const struct engine_reading *reading, const char *engine, const char *file)
{
	char path[PATH_MAX], why[512];
	char *text = NULL;
	size_t len;
	int r;

	snprintf(path, sizeof(path), "%s%s", reading->root, file);
	r = read_all_at(AT_FDCWD, path, FILE_MAX_BYTES, &text, &len);
	if (r == 0)
		return text;
	if (r != -ENOENT) {
		snprintf(why, sizeof(why), "%.400s: %s", file, strerrordesc_np(-r));
		engine_unreadable(reading, engine, file, why);
	}
	return NULL;
}

struct json *engine_read_json(const struct engine_reading *reading, const char *engine,
			      const char *file)
{
	const struct json_limits limits = {.source = file,
					   .max_bytes = FILE_MAX_BYTES,
					   .max_depth = 64,
					   .trailing_data = true,
					   .invalid_utf8 = true};
	cleanup_free char *text = engine_read_text(reading, engine, file);
	struct json *json = NULL;
	struct error err = {0};

	if (text && json_parse(text, strlen(text), &limits, &json, &err) < 0)
		engine_unreadable(reading, engine, file, err.message);
	return json;
}

void engine_read_toml(const struct engine_reading *reading, const char *engine, const char *file,
		      toml_visit *visit, void *context)
{
	cleanup_free char *text = engine_read_text(reading, engine, file);
	struct error err = {0};

	if (text && toml_walk(text, file, visit, context, &err) < 0)
		engine_unreadable(reading, engine, file, err.message);
}

void engine_each_file(const struct engine_reading *reading, const char *pattern,
		      void (*visit)(void *context, const char *file), void *context)
{
	char path[PATH_MAX];
	glob_t found;

	snprintf(path, sizeof(path), "%s%s", reading->root, pattern);
	if (glob(path, 0, NULL, &found) != 0)
		return;
	for (size_t i = 0; i < found.gl_pathc; i++)
		visit(context, found.gl_pathv[i] + strlen(reading->root));
	globfree(&found);
}

struct registration *engine_add(const struct engine_reading *reading, const char *engine,
				const char *file, const char *name, const char *program)
{
	struct engine_facts *out = reading->out;
	struct registration *item;

	if (out->len == REGISTRATIONS_MAX)
		return NULL;
	item = &out->items[out->len++];
	*item = (struct registration){.engine = engine};
	snprintf(item->file, sizeof(item->file), "%s", file);
	snprintf(item->name, sizeof(item->name), "%s", name);
	facts_named_file(reading->root, program, &item->program);
	return item;
}

const char *engine_wrapped(const char *path)
{
	const char *name = base_name(path);

	return strncmp(name, OUR_WRAPPER, strlen(OUR_WRAPPER)) ? NULL : name + strlen(OUR_WRAPPER);
}

bool engine_names_wrapper(const char *path)
{
	return path && engine_wrapped(path);
}

bool engine_names_hook(const struct json *hook)
{
	const char *path = json_get_string(hook, "path");

	return path && !strcmp(base_name(path), OUR_HOOK);
}

const char *engine_key(const struct toml_path *path, size_t n)
{
	return n < path->len ? path->key[path->len - 1 - n] : "";
}
