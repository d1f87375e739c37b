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
#include "read_all.h"

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

/* daemon.json, "runtimes": {NAME: {"path", "runtimeArgs"}}. */
static void read_docker(struct reading *reading)
{
	static const char file[] = "/etc/docker/daemon.json";
	cleanup_json struct json *json = read_json(reading, "docker", file);
	const struct json *runtimes = json_get_typed(json, "runtimes", JSON_OBJECT);

	for (size_t i = 0; runtimes && i < runtimes->object.len; i++) {
		const struct json_member *member = &runtimes->object.members[i];
		const char *path = json_get_string(member->value, "path");

		if (path && !strncmp(base_name(path), OUR_WRAPPER, strlen(OUR_WRAPPER)))
			add(reading, "docker", file, member->key, path);
	}
}

/* The quoted text at `at`, of one line, without escapes. Returns behind it, NULL: there is none. */
static const char *toml_text(const char *at, char *value, size_t cap)
{
	size_t n;

	if (*at != '"' && *at != '\'')
		return NULL;
	n = strcspn(at + 1, *at == '"' ? "\"\n" : "'\n");
	snprintf(value, cap, "%.*s", (int)n, at + 1);
	return at + 1 + n + (at[1 + n] == *at);
}

/*
 * The next `KEY = "TEXT"` of a TOML text, as far as we need to know it: bare keys, strings of one
 * line. Comments and other strings are passed over. Returns where to go on, or NULL.
 */
static const char *toml_next(const char *text, const char *key, char *value, size_t cap)
{
	const size_t len = strlen(key);
	char skipped[PATH_MAX];

	while (*text) {
		size_t word = strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
					   "0123456789_-");
		const char *behind;

		if (*text == '#') {
			text += strcspn(text, "\n");
		} else if (word) {
			bool ours = word == len && !strncmp(text, key, len);

			text += word;
			if (ours && text[strspn(text, " \t")] == '=' &&
			    (behind = toml_text(text + strspn(text, " \t="), value, cap)))
				return behind;
		} else {
			behind = toml_text(text, skipped, sizeof(skipped));
			text = behind ? behind : text + 1;
		}
	}
	return NULL;
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

/* BinaryName of a runc handler, the hooks of its base_runtime_spec. */
static void read_containerd_file(struct reading *reading, const char *file)
{
	cleanup_free char *text = read_file(reading, "containerd", file);
	char value[PATH_MAX];

	for (const char *at = text; at && (at = toml_next(at, "BinaryName", value, sizeof(value)));)
		if (!strncmp(base_name(value), OUR_WRAPPER, strlen(OUR_WRAPPER)))
			add(reading, "containerd", file, "BinaryName", value);
	for (const char *at = text;
	     at && (at = toml_next(at, "base_runtime_spec", value, sizeof(value)));)
		read_base_spec(reading, file, value);
}

static void read_imports(const char *text, struct imports *out)
{
	const char *at = text, *end;

	while (at && *at && strncmp(at, "imports", 7) != 0) {
		at = strchr(at, '\n');
		at = at ? at + 1 : NULL;
	}
	at = at ? strchr(at, '[') : NULL;
	end = at ? strchr(at, ']') : NULL;
	while (at && end && out->len < IMPORTS_MAX) {
		size_t n;

		at = strpbrk(at, "\"'");
		if (!at || at > end)
			return;
		n = strcspn(at + 1, "\"'");
		snprintf(out->pattern[out->len++], PATH_MAX, "%.*s", (int)n, at + 1);
		at += n + 1 + (at[n + 1] != '\0');
	}
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
	static const char main_file[] = "/etc/containerd/config.toml";
	cleanup_free char *text = read_file(reading, "containerd", main_file);

	read_imports(text, &reading->imports);
	read_containerd_file(reading, main_file);
	for (size_t i = 0; i < reading->imports.len; i++)
		each_file(reading, reading->imports.pattern[i], read_containerd_file);
	each_file(reading, "/etc/containerd/conf.d/*oomguard*.toml", read_stray);
}

static void read_crio_file(struct reading *reading, const char *file)
{
	cleanup_free char *text = read_file(reading, "crio", file);
	char value[PATH_MAX];

	for (const char *at = text;
	     at && (at = toml_next(at, "runtime_path", value, sizeof(value)));)
		if (!strncmp(base_name(value), OUR_WRAPPER, strlen(OUR_WRAPPER)))
			add(reading, "crio", file, "runtime_path", value);
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
	each_file(reading, "/usr/share/containers/oci/hooks.d/*.json", read_hook_file);
	each_file(reading, "/etc/containers/oci/hooks.d/*.json", read_hook_file);
	join_hooks(out, 0);
	read_docker(reading);
	read_containerd(reading);
	read_crio_file(reading, "/etc/crio/crio.conf");
	each_file(reading, "/etc/crio/crio.conf.d/*", read_crio_file);
	free(reading);
}
