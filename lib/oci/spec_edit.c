/* SPDX-License-Identifier: Apache-2.0 */
#include "spec_edit.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "config.h"
#include "json_edit.h"
#include "jsonw.h"
#include "oci.h"
#include "spec.h"
#include "spec_edit_init.h"
#include "spec_entry.h"
#include "spec_names.h"

static const char *const stages[] = {"createRuntime", "poststart", "poststop"};
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define STAGES COUNT(stages)

/* One of our entries, as text, and as a tree to be compared. */
struct entry {
	char text[SPEC_ENTRY_MAX];
	struct json *tree;
};

static int wrong_type(const struct json *value, const char *path, const char *allowed,
		      struct error *err)
{
	return error_say(err, EINVAL, "%s:%u: %s: found %s, allowed %s", value->source, value->line,
			 path, json_type_name(value->type), allowed);
}

static int make_entry(const struct spec_hook *hook, const char *stage, struct entry *out,
		      struct error *err)
{
	const struct json_limits limits = {
	    .source = "hook", .max_bytes = sizeof(out->text), .max_depth = 3};
	int len = spec_hook_entry(hook, stage, out->text, sizeof(out->text));

	if (len < 0)
		return error_set(err, -len, "the entry of the hook %s", hook->path);
	return json_parse(out->text, (size_t)len, &limits, &out->tree, err);
}

/* Whatever its arguments are: oomguard has one hook at a stage. */
static bool is_ours(const struct json *item)
{
	const char *path = json_get_string(item, "path");
	const char *slash = path ? strrchr(path, '/') : NULL;

	return slash && !strcmp(slash + 1, OOMGUARD_HOOK_NAME);
}

static void into_list(struct json_edit *edit, const struct json *list, const struct entry *entry)
{
	bool found = false;

	for (size_t i = 0; i < list->array.len; i++) {
		const struct json *item = list->array.items[i];

		if (!is_ours(item))
			continue;
		found = true;
		if (!json_equal(item, entry->tree))
			json_edit_replace(edit, item, entry->text);
	}
	if (!found)
		json_edit_add_item(edit, list, entry->text);
}

static int into_stage(struct json_edit *edit, const struct json *hooks, const char *stage,
		      const struct entry *entry, struct error *err)
{
	const struct json *there = json_get(hooks, stage);
	char list[SPEC_ENTRY_MAX + 3], path[64];

	snprintf(list, sizeof(list), "[%s]", entry->text);
	snprintf(path, sizeof(path), SPEC_CONFIG_HOOKS ".%s", stage);
	if (!there)
		json_edit_add_member(edit, hooks, stage, list);
	else if (there->type == JSON_NULL)
		json_edit_replace(edit, there, list);
	else if (there->type != JSON_ARRAY)
		return wrong_type(there, path, "a list", err);
	else
		into_list(edit, there, entry);
	return 0;
}

/* {"createRuntime":[…],…}; owned, NULL when memory is out. */
static char *whole_hooks(const struct entry entries[STAGES])
{
	char *text;
	int n = asprintf(&text, "{\"%s\":[%s],\"%s\":[%s],\"%s\":[%s]}", stages[0], entries[0].text,
			 stages[1], entries[1].text, stages[2], entries[2].text);

	return n < 0 ? NULL : text;
}

static int into_hooks(struct json_edit *edit, const struct json *root,
		      const struct entry entries[STAGES], struct error *err)
{
	const struct json *hooks = json_get(root, SPEC_CONFIG_HOOKS);
	cleanup_free char *whole = NULL;
	int r = 0;

	if (hooks && hooks->type == JSON_OBJECT) {
		for (size_t i = 0; r == 0 && i < STAGES; i++)
			r = into_stage(edit, hooks, stages[i], &entries[i], err);
		return r;
	}
	if (hooks && hooks->type != JSON_NULL)
		return wrong_type(hooks, SPEC_CONFIG_HOOKS, "an object", err);
	whole = whole_hooks(entries);
	if (!whole)
		return error_set(err, ENOMEM, SPEC_CONFIG_FILE);
	if (hooks)
		json_edit_replace(edit, hooks, whole);
	else
		json_edit_add_member(edit, root, SPEC_CONFIG_HOOKS, whole);
	return 0;
}

static bool changes_resources(const struct spec_changes *changes)
{
	return changes->set_limit || changes->set_swap || changes->enable_oom_killer ||
	       changes->oom_group;
}

/* What is not to be changed may stand there in any way. */
static int check_names(const struct json_edit *edit, const struct json *root,
		       const struct spec_changes *changes, struct error *err)
{
	static const char *const hooks[] = {SPEC_CONFIG_HOOKS, SPEC_CONFIG_HOOKS ".createRuntime",
					    SPEC_CONFIG_HOOKS ".poststart",
					    SPEC_CONFIG_HOOKS ".poststop"};
	static const char *const resources[] = {"linux",
						"linux.resources",
						"linux.resources.unified",
						"linux.resources.memory",
						SPEC_CONFIG_MEMORY_LIMIT,
						"linux.resources.memory.swap",
						SPEC_CONFIG_DISABLE_OOM_KILLER};
	static const char *const init[] = {"process", SPEC_CONFIG_ARGS, SPEC_CONFIG_MOUNTS};
	int r = spec_names_check(edit, root, hooks, COUNT(hooks), err);

	if (r == 0 && changes_resources(changes))
		r = spec_names_check(edit, root, resources, COUNT(resources), err);
	if (r == 0 && changes->init)
		r = spec_names_check(edit, root, init, COUNT(init), err);
	return r;
}

static int edit_hooks(struct json_edit *edit, const struct json *root, const struct spec_hook *hook,
		      struct error *err)
{
	/* Not zeroed: that would touch the parts, many times larger, that no text fills. */
	struct entry *entries = malloc(STAGES * sizeof(*entries));
	int r = entries ? 0 : error_set(err, ENOMEM, SPEC_CONFIG_FILE);

	for (size_t i = 0; entries && i < STAGES; i++)
		entries[i].tree = NULL;
	for (size_t i = 0; r == 0 && i < STAGES; i++)
		r = make_entry(hook, stages[i], &entries[i], err);
	if (r == 0)
		r = into_hooks(edit, root, entries, err);
	for (size_t i = 0; entries && i < STAGES; i++)
		json_free(entries[i].tree);
	free(entries);
	return r;
}

static void write_memory(const struct spec_changes *changes, struct jsonw *w)
{
	if (!changes->set_limit && !changes->set_swap && !changes->enable_oom_killer)
		return;
	jsonw_key(w, "memory");
	jsonw_object(w);
	if (changes->set_limit)
		jsonw_kv_uint(w, "limit", changes->limit);
	if (changes->set_swap)
		jsonw_kv_uint(w, "swap", changes->swap);
	if (changes->enable_oom_killer)
		jsonw_kv_bool(w, "disableOOMKiller", false);
	jsonw_object_end(w);
}

/* {"linux":{"resources":…}} as text; returns its length. */
static int resources_patch(const struct spec_changes *changes, char *buf, size_t cap)
{
	struct jsonw w;
	int len = jsonw_init(&w, buf, cap, false);

	if (len < 0)
		return len;
	jsonw_object(&w);
	jsonw_key(&w, "linux");
	jsonw_object(&w);
	jsonw_key(&w, "resources");
	jsonw_object(&w);
	write_memory(changes, &w);
	if (changes->oom_group) {
		jsonw_key(&w, "unified");
		jsonw_object(&w);
		jsonw_kv_string(&w, "memory.oom.group", changes->oom_group);
		jsonw_object_end(&w);
	}
	jsonw_object_end(&w);
	jsonw_object_end(&w);
	jsonw_object_end(&w);
	len = jsonw_finish(&w);
	jsonw_close(&w);
	return len;
}

static int edit_resources(struct json_edit *edit, const struct json *root,
			  const struct spec_changes *changes, struct error *err)
{
	const struct json_limits limits = {.source = "settings", .max_bytes = 1024, .max_depth = 4};
	cleanup_json struct json *patch = NULL;
	char text[1024];
	int r;

	if (!changes_resources(changes))
		return 0;
	r = resources_patch(changes, text, sizeof(text));
	if (r < 0)
		return error_set(err, -r, "settings for " SPEC_CONFIG_FILE);
	r = json_parse(text, (size_t)r, &limits, &patch, err);
	return r < 0 ? r : json_edit_merge(edit, root, patch, text, "", err);
}

static int finish(const struct json_edit *edit, char **out, size_t *out_len, struct error *err)
{
	int r;

	if (edit->splices_len == 0 && !edit->failed)
		return 0;
	r = json_edit_apply(edit, out, out_len);
	if (r < 0)
		return error_set(err, -r, SPEC_CONFIG_FILE);
	if (*out_len <= OCI_CONFIG_MAX_BYTES)
		return 1;
	free(*out);
	*out = NULL;
	return error_say(err, E2BIG, SPEC_CONFIG_FILE ": with what is put in longer than %d bytes",
			 OCI_CONFIG_MAX_BYTES);
}

int spec_edit(const struct json *root, const char *text, size_t len, const struct spec_hook *hook,
	      const struct spec_changes *changes, char **out, size_t *out_len, struct error *err)
{
	struct json_edit edit;
	int r;

	*out = NULL;
	json_edit_init(&edit, text, len);
	r = check_names(&edit, root, changes, err);
	if (r == 0)
		r = edit_hooks(&edit, root, hook, err);
	if (r == 0)
		r = edit_resources(&edit, root, changes, err);
	if (r == 0 && changes->init)
		r = spec_edit_init(&edit, root, changes, err);
	if (r == 0)
		r = finish(&edit, out, out_len, err);
	json_edit_free(&edit);
	return r;
}
