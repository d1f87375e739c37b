/* SPDX-License-Identifier: Apache-2.0 */
/* Where engines can name us: hooks.d, daemon.json, containerd's and CRI-O's configuration. */
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cleanup.h"
#include "facts.h"
#include "hooks_dirs.h"
#include "read_all.h"
#include "toml.h"

#define FILE_MAX_BYTES (1024 * 1024)
#define OUR_HOOK "oomguard-hook"
#define OUR_WRAPPER "oomguard-"

#define IMPORTS_MAX 16

/* containerd's `imports = ["GLOB", …]`: only files that fit are read by it. */
struct imports {
	char pattern[IMPORTS_MAX][PATH_MAX];
	size_t len;
};

struct reading {
	const char *root;
	struct engine_facts *out;
	struct imports imports;
};

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

static void unreadable(struct reading *reading, const char *engine, const char *file,
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

/* NULL when it is not there, or cannot be read: that is noted. `file` is without the root. */
static char *read_file(struct reading *reading, const char *engine, const char *file)
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
		unreadable(reading, engine, file, why);
	}
	return NULL;
}

static struct json *read_json(struct reading *reading, const char *engine, const char *file)
{
	const struct json_limits limits = {.source = file,
					   .max_bytes = FILE_MAX_BYTES,
					   .max_depth = 64,
					   .trailing_data = true,
					   .invalid_utf8 = true};
	cleanup_free char *text = read_file(reading, engine, file);
	struct json *json = NULL;
	struct error err = {0};

	if (text && json_parse(text, strlen(text), &limits, &json, &err) < 0)
		unreadable(reading, engine, file, err.message);
	return json;
}

static struct registration *add(struct reading *reading, const char *engine, const char *file,
				const char *name, const char *program)
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

/* Calls visit for each file that fits, named without the root, in lexical order. */
static void each_file(struct reading *reading, const char *pattern,
		      void (*visit)(struct reading *reading, const char *file))
{
	char path[PATH_MAX];
	glob_t found;

	snprintf(path, sizeof(path), "%s%s", reading->root, pattern);
	if (glob(path, 0, NULL, &found) != 0)
		return;
	for (size_t i = 0; i < found.gl_pathc; i++)
		visit(reading, found.gl_pathv[i] + strlen(reading->root));
	globfree(&found);
}

static bool has_word(const struct json *array, const char *word)
{
	for (size_t i = 0; array && i < array->array.len; i++)
		if (array->array.items[i]->type == JSON_STRING &&
		    !strcmp(array->array.items[i]->text, word))
			return true;
	return false;
}

static bool is_hook(const struct json *hook)
{
	const char *path = json_get_string(hook, "path");

	return path && !strcmp(base_name(path), OUR_HOOK);
}

/* poststart stands without on purpose: crun would lose that hook's end when an init dies early. */
static bool timed(const struct json *hook, bool only_poststart)
{
	return only_poststart || json_get(hook, "timeout") != NULL;
}

/* oci-hooks(5): one hook and its stages. */
static void read_hook_file(struct reading *reading, const char *file)
{
	cleanup_json struct json *json = read_json(reading, "hooks.d", file);
	const struct json *hook = json_get(json, "hook");
	const struct json *stages = json_get_typed(json, "stages", JSON_ARRAY);
	struct registration *item;

	if (!is_hook(hook))
		return;
	item = add(reading, "hooks.d", file, "", json_get_string(hook, "path"));
	if (!item)
		return;
	item->is_hook = true;
	item->has_env = json_get(hook, "env") != NULL;
	item->has_create = has_word(stages, "createRuntime") || has_word(stages, "prestart");
	item->has_poststop = has_word(stages, "poststop");
	item->has_timeout =
	    timed(hook, has_word(stages, "poststart") && !item->has_create && !item->has_poststop);
}

/* Several files register one stage each: what one has all of them have. */
static void join_hooks(struct engine_facts *out, size_t from)
{
	bool create = false, poststop = false;

	for (size_t i = from; i < out->len; i++) {
		create |= out->items[i].has_create;
		poststop |= out->items[i].has_poststop;
	}
	for (size_t i = from; i < out->len; i++) {
		out->items[i].has_create = create;
		out->items[i].has_poststop = poststop;
	}
}

static bool is_wrapper(const char *path)
{
	return path && !strncmp(base_name(path), OUR_WRAPPER, strlen(OUR_WRAPPER));
}

/* daemon.json, "runtimes": {NAME: {"path", "runtimeArgs"}}. */
static void read_docker(struct reading *reading)
{
	static const char file[] = "/etc/docker/daemon.json";
	cleanup_json struct json *json = read_json(reading, "docker", file);
	const struct json *runtimes = json_get_typed(json, "runtimes", JSON_OBJECT);

	for (size_t i = 0; runtimes && i < runtimes->object.len; i++) {
		const struct json_member *member = &runtimes->object.members[i];
		const char *path = json_get_string(member->value, "path");

		if (is_wrapper(path))
			add(reading, "docker", file, member->key, path);
	}
}

/* The hooks of a base_runtime_spec. */
static bool spec_names_us(struct reading *reading, const char *spec, struct json **out)
{
	const struct json *hooks;

	*out = read_json(reading, "containerd", spec);
	hooks = json_get_typed(*out, "hooks", JSON_OBJECT);
	for (size_t i = 0; hooks && i < hooks->object.len; i++) {
		const struct json *stage = hooks->object.members[i].value;

		for (size_t j = 0; stage->type == JSON_ARRAY && j < stage->array.len; j++)
			if (is_hook(stage->array.items[j]))
				return true;
	}
	return false;
}

static void read_spec_hooks(struct reading *reading, const char *spec, const struct json *hooks)
{
	size_t from = reading->out->len;

	for (size_t i = 0; i < hooks->object.len; i++) {
		const struct json_member *member = &hooks->object.members[i];
		const struct json *stage = member->value;

		for (size_t j = 0; stage->type == JSON_ARRAY && j < stage->array.len; j++) {
			const struct json *hook = stage->array.items[j];
			struct registration *item;

			if (!is_hook(hook))
				continue;
			item = add(reading, "containerd", spec, member->key,
				   json_get_string(hook, "path"));
			if (!item)
				return;
			item->is_hook = true;
			item->has_env = json_get(hook, "env") != NULL;
			item->has_timeout = timed(hook, !strcmp(member->key, "poststart"));
			item->has_create = !strcmp(member->key, "createRuntime") ||
					   !strcmp(member->key, "prestart");
			item->has_poststop = !strcmp(member->key, "poststop");
		}
	}
	join_hooks(reading->out, from);
}

static bool is_known_file(const struct engine_facts *out, const char *file)
{
	for (size_t i = 0; i < out->len; i++)
		if (!strcmp(out->items[i].file, file))
			return true;
	return false;
}

static void read_base_spec(struct reading *reading, const char *file, const char *spec)
{
	cleanup_json struct json *json = NULL;
	struct named_file named;

	facts_named_file(reading->root, spec, &named);
	if (named.missing && strstr(spec, "oomguard")) {
		add(reading, "containerd", file, "base_runtime_spec", spec);
		return;
	}
	/* Two handlers may share it. */
	if (!is_known_file(reading->out, spec) && spec_names_us(reading, spec, &json))
		read_spec_hooks(reading, spec, json_get(json, "hooks"));
}

struct toml_file {
	struct reading *reading;
	const char *file;
	bool is_main;
};

/* Key n from the end; "" where there are fewer. */
static const char *key(const struct toml_path *path, size_t n)
{
	return n < path->len ? path->key[path->len - 1 - n] : "";
}

/* BinaryName of a runc handler, the hooks of its base_runtime_spec, the imports of the main file.
 */
static int containerd_entry(const struct toml_entry *entry, void *context, struct error *err)
{
	const struct toml_file *of = context;
	struct imports *imports = &of->reading->imports;

	if (!entry->value)
		return 0;
	if (of->is_main && entry->kind == TOML_ITEM && toml_is(entry->path, "imports") &&
	    imports->len < IMPORTS_MAX)
		snprintf(imports->pattern[imports->len++], PATH_MAX, "%s", entry->value);
	if (entry->kind != TOML_TEXT)
		return 0;
	if (!strcmp(key(entry->path, 0), "BinaryName") && is_wrapper(entry->value))
		add(of->reading, "containerd", of->file, key(entry->path, 2), entry->value);
	if (!strcmp(key(entry->path, 0), "base_runtime_spec"))
		read_base_spec(of->reading, of->file, entry->value);
	return 0;
}

static int crio_entry(const struct toml_entry *entry, void *context, struct error *err)
{
	const struct toml_file *of = context;

	if (entry->kind == TOML_TEXT && !strcmp(key(entry->path, 0), "runtime_path") &&
	    is_wrapper(entry->value))
		add(of->reading, "crio", of->file, key(entry->path, 1), entry->value);
	return 0;
}

static void read_toml(const struct toml_file *of, const char *engine, toml_visit *visit)
{
	cleanup_free char *text = read_file(of->reading, engine, of->file);
	struct error err = {0};

	if (text && toml_walk(text, of->file, visit, (void *)of, &err) < 0)
		unreadable(of->reading, engine, of->file, err.message);
}

static void read_containerd_file(struct reading *reading, const char *file)
{
	read_toml(&(struct toml_file){reading, file, false}, "containerd", containerd_entry);
}

/* A drop-in of ours that the main file does not import. */
static void read_stray(struct reading *reading, const char *file)
{
	size_t from = reading->out->len;

	for (size_t i = 0; i < reading->imports.len; i++)
		if (fnmatch(reading->imports.pattern[i], file, 0) == 0)
			return;
	read_containerd_file(reading, file);
	for (; from < reading->out->len; from++)
		reading->out->items[from].not_read = true;
}

static void read_containerd(struct reading *reading)
{
	read_toml(&(struct toml_file){reading, "/etc/containerd/config.toml", true}, "containerd",
		  containerd_entry);
	for (size_t i = 0; i < reading->imports.len; i++)
		each_file(reading, reading->imports.pattern[i], read_containerd_file);
	each_file(reading, "/etc/containerd/conf.d/*oomguard*.toml", read_stray);
}

static void read_crio_file(struct reading *reading, const char *file)
{
	read_toml(&(struct toml_file){reading, file, false}, "crio", crio_entry);
}

static bool is_installed(const struct engine_facts *out, const char *name)
{
	for (size_t i = 0; i < out->installed_len; i++)
		if (!strcmp(out->installed[i].name, name))
			return true;
	return false;
}

/* One directory of hooks. `readers` says of each engine what its configuration names. */
static void read_hooks_of(struct reading *reading, const char *dir,
			  const struct hooks_dirs readers[static 2])
{
	size_t from = reading->out->len;
	char pattern[PATH_MAX];

	snprintf(pattern, sizeof(pattern), "%s/*.json", dir);
	each_file(reading, pattern, read_hook_file);
	if (hooks_dirs_has(&readers[HOOKS_PODMAN], dir) ||
	    (is_installed(reading->out, "crio") && hooks_dirs_has(&readers[HOOKS_CRIO], dir)))
		return;
	for (; from < reading->out->len; from++)
		reading->out->items[from].not_read = true;
}

static void read_hooks_d(struct reading *reading)
{
	struct hooks_dirs readers[2];

	for (size_t i = 0; i < 2; i++) {
		struct error err = {0};

		if (hooks_dirs_read(reading->root, i, &readers[i], &err) < 0)
			unreadable(reading, "hooks.d", "", err.message);
	}
	read_hooks_of(reading, HOOKS_DIR, readers);
	read_hooks_of(reading, HOOKS_DIR_OVERRIDE, readers);
	for (size_t i = 0; i < 2; i++) {
		for (size_t j = 0; j < readers[i].len; j++)
			if (strcmp(readers[i].dirs[j], HOOKS_DIR) != 0 &&
			    strcmp(readers[i].dirs[j], HOOKS_DIR_OVERRIDE) != 0)
				read_hooks_of(reading, readers[i].dirs[j], readers);
	}
	for (size_t i = 0; i < 2; i++)
		hooks_dirs_free(&readers[i]);
	join_hooks(reading->out, 0);
}

static void find_engines(struct reading *reading)
{
	static const char *const names[] = {"podman", "dockerd", "containerd", "crio"};
	static const char *const folders[] = {"/usr/local/sbin", "/usr/local/bin", "/usr/sbin",
					      "/usr/bin"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		for (size_t j = 0; j < sizeof(folders) / sizeof(folders[0]); j++) {
			struct named_file file;
			char path[64];

			snprintf(path, sizeof(path), "%s/%s", folders[j], names[i]);
			facts_named_file(reading->root, path, &file);
			if (!file.executable)
				continue;
			reading->out->installed[reading->out->installed_len].name = names[i];
			snprintf(reading->out->installed[reading->out->installed_len++].path,
				 PATH_MAX, "%s", path);
			break;
		}
	}
}

void facts_engines(const char *root, struct engine_facts *out)
{
	struct reading *reading = calloc(1, sizeof(*reading));

	*out = (struct engine_facts){0};
	if (!reading)
		return;
	reading->root = root;
	reading->out = out;
	find_engines(reading);
	read_hooks_d(reading);
	read_docker(reading);
	read_containerd(reading);
	read_crio_file(reading, "/etc/crio/crio.conf");
	each_file(reading, "/etc/crio/crio.conf.d/*", read_crio_file);
	free(reading);
}
