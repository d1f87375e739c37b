/* SPDX-License-Identifier: Apache-2.0 */
/* Hooks of ours: in hooks.d, as podman, CRI-O and buildah read it, and in a base_runtime_spec. */
#include <stdio.h>
#include <string.h>

#include "cleanup.h"
#include "engine_reading.h"
#include "hooks_dirs.h"

static bool has_word(const struct json *array, const char *word)
{
	for (size_t i = 0; array && i < array->array.len; i++)
		if (array->array.items[i]->type == JSON_STRING &&
		    !strcmp(array->array.items[i]->text, word))
			return true;
	return false;
}

/* poststart stands without on purpose: crun would lose that hook's end when an init dies early. */
static bool timed(const struct json *hook, bool only_poststart)
{
	return only_poststart || json_get(hook, "timeout") != NULL;
}

/* oci-hooks(5): one hook and its stages. */
static void read_hook_file(void *context, const char *file)
{
	const struct engine_reading *reading = context;
	cleanup_json struct json *json = engine_read_json(reading, "hooks.d", file);
	const struct json *hook = json_get(json, "hook");
	const struct json *stages = json_get_typed(json, "stages", JSON_ARRAY);
	struct registration *item;

	if (!engine_names_hook(hook))
		return;
	item = engine_add(reading, "hooks.d", file, "", json_get_string(hook, "path"));
	if (!item)
		return;
	item->is_hook = true;
	item->has_env = json_get(hook, "env") != NULL;
	item->has_create = has_word(stages, "createRuntime") || has_word(stages, "prestart");
	item->has_poststart = has_word(stages, "poststart");
	item->has_poststop = has_word(stages, "poststop");
	item->has_timeout =
	    timed(hook, item->has_poststart && !item->has_create && !item->has_poststop);
}

/*
 * Several files register one stage each: what one has all of them have. A file that is not read
 * gives nothing to one that is.
 */
static void join_hooks(struct engine_facts *out, size_t from)
{
	struct registration has[2] = {0};

	for (size_t i = from; i < out->len; i++) {
		struct registration *of = &has[out->items[i].not_read];

		of->has_create |= out->items[i].has_create;
		of->has_poststart |= out->items[i].has_poststart;
		of->has_poststop |= out->items[i].has_poststop;
	}
	for (size_t i = from; i < out->len; i++) {
		const struct registration *of = &has[out->items[i].not_read];

		out->items[i].has_create = of->has_create;
		out->items[i].has_poststart = of->has_poststart;
		out->items[i].has_poststop = of->has_poststop;
	}
}

static bool is_installed(const struct engine_facts *out, const char *name)
{
	for (size_t i = 0; i < out->installed_len; i++)
		if (!strcmp(out->installed[i].name, name))
			return true;
	return false;
}

/* One directory of hooks. `readers` says of each engine what its configuration names. */
static void read_hooks_of(const struct engine_reading *reading, const char *dir,
			  const struct hooks_dirs readers[static 2])
{
	size_t from = reading->out->len;
	char pattern[PATH_MAX];

	snprintf(pattern, sizeof(pattern), "%s/*.json", dir);
	engine_each_file(reading, pattern, read_hook_file, (void *)reading);
	if (hooks_dirs_has(&readers[HOOKS_PODMAN], dir) ||
	    (is_installed(reading->out, "crio") && hooks_dirs_has(&readers[HOOKS_CRIO], dir)))
		return;
	for (; from < reading->out->len; from++)
		reading->out->items[from].not_read = true;
}

void facts_hooks_d(const struct engine_reading *reading)
{
	struct hooks_dirs readers[2];
	size_t from = reading->out->len;

	for (size_t i = 0; i < 2; i++) {
		struct error err = {0};

		if (hooks_dirs_read(reading->root, i, &readers[i], &err) < 0)
			engine_unreadable(reading, "hooks.d", "", err.message);
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
	join_hooks(reading->out, from);
}

static bool spec_names_us(const struct engine_reading *reading, const char *spec, struct json **out)
{
	const struct json *hooks;

	*out = engine_read_json(reading, "containerd", spec);
	hooks = json_get_typed(*out, "hooks", JSON_OBJECT);
	for (size_t i = 0; hooks && i < hooks->object.len; i++) {
		const struct json *stage = hooks->object.members[i].value;

		for (size_t j = 0; stage->type == JSON_ARRAY && j < stage->array.len; j++)
			if (engine_names_hook(stage->array.items[j]))
				return true;
	}
	return false;
}

static void read_spec_hooks(const struct engine_reading *reading, const char *spec,
			    const struct json *hooks)
{
	size_t from = reading->out->len;

	for (size_t i = 0; i < hooks->object.len; i++) {
		const struct json_member *member = &hooks->object.members[i];
		const struct json *stage = member->value;

		for (size_t j = 0; stage->type == JSON_ARRAY && j < stage->array.len; j++) {
			const struct json *hook = stage->array.items[j];
			struct registration *item;

			if (!engine_names_hook(hook))
				continue;
			item = engine_add(reading, "containerd", spec, member->key,
					  json_get_string(hook, "path"));
			if (!item)
				return;
			item->is_hook = true;
			item->has_env = json_get(hook, "env") != NULL;
			item->has_timeout = timed(hook, !strcmp(member->key, "poststart"));
			item->has_create = !strcmp(member->key, "createRuntime") ||
					   !strcmp(member->key, "prestart");
			item->has_poststart = !strcmp(member->key, "poststart");
			item->has_poststop = !strcmp(member->key, "poststop");
		}
	}
	join_hooks(reading->out, from);
}

static bool is_known_file(const struct engine_facts *out, const char *file)
{
	for (size_t i = 0; i < out->len; i++)
		if (!strcmp(out->items[i].file, file) && !out->items[i].replaced_by[0])
			return true;
	return false;
}

void facts_base_spec(const struct engine_reading *reading, const char *file, const char *spec)
{
	cleanup_json struct json *json = NULL;
	struct named_file named;

	facts_named_file(reading->root, spec, &named);
	if (named.missing && strstr(spec, "oomguard")) {
		engine_add(reading, "containerd", file, "base_runtime_spec", spec);
		return;
	}
	/* Two handlers may share it. */
	if (!is_known_file(reading->out, spec) && spec_names_us(reading, spec, &json))
		read_spec_hooks(reading, spec, json_get(json, "hooks"));
}
