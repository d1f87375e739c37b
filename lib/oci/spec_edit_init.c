/* SPDX-License-Identifier: Apache-2.0 */
#include "spec_edit_init.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "jsonw.h"
#include "spec.h"

#define INIT_NAME "oomguard-init"
#define IN_ROOT "/." INIT_NAME
#define IN_DEV "/dev/." INIT_NAME
#define MOUNT_MAX (4 * PATH_MAX)

static const char *text_of(const struct json *value)
{
	return value && value->type == JSON_STRING ? value->text : "";
}

/*
 * Where the file is mounted. On the tmpfs that /dev mostly is nothing of the image is touched, and
 * it can be made there in any case; what stands last in `mounts` is what is seen.
 */
static const char *place_of(const struct json *root)
{
	const struct json *mounts = json_get_typed(root, SPEC_CONFIG_MOUNTS, JSON_ARRAY);
	const char *place = IN_ROOT;

	for (size_t i = 0; mounts && i < mounts->array.len; i++) {
		const struct json *mount = mounts->array.items[i];

		if (strcmp(text_of(json_get(mount, "destination")), "/dev"))
			continue;
		place = strcmp(text_of(json_get(mount, "type")), "tmpfs") ? IN_ROOT : IN_DEV;
	}
	return place;
}

/* The words in front of the container's own, as text of a list without its brackets. */
static int make_words(const char *place, const char *score, char *buf, size_t cap)
{
	int n = score[0]
		    ? snprintf(buf, cap, "\"%s\",\"--workload-score\",\"%s\",\"--\"", place, score)
		    : snprintf(buf, cap, "\"%s\",\"--\"", place);

	return n < 0 || (size_t)n >= cap ? -ENOBUFS : 0;
}

/* The number of words that an earlier edit put in front, "--" included; 0: none. */
static size_t words_of_ours(const struct json *args)
{
	const char *first = text_of(args->array.items[0]);

	if (strcmp(first, IN_ROOT) && strcmp(first, IN_DEV))
		return 0;
	for (size_t i = 1; i < args->array.len && i < 4; i++)
		if (!strcmp(text_of(args->array.items[i]), "--"))
			return i + 1;
	return 0;
}

/* The same words as those of an earlier edit? */
static bool same_words(const struct json *args, size_t len, const char *place, const char *score)
{
	if (strcmp(text_of(args->array.items[0]), place))
		return false;
	if (!score[0])
		return len == 2;
	return len == 4 && !strcmp(text_of(args->array.items[1]), "--workload-score") &&
	       !strcmp(text_of(args->array.items[2]), score);
}

static int edit_args(struct json_edit *edit, const struct json *args, const char *place,
		     const char *score)
{
	size_t ours = words_of_ours(args);
	char words[128];
	int r = make_words(place, score, words, sizeof(words));

	if (r < 0)
		return r;
	if (ours && !same_words(args, ours, place, score))
		json_edit_replace_items(edit, args->array.items[0], args->array.items[ours - 1],
					words);
	else if (!ours)
		json_edit_insert_before(edit, args->array.items[0], words);
	return 0;
}

static int make_mount(const char *source, const char *place, char *buf, size_t cap)
{
	static const char *const options[] = {"bind", "ro", "nosuid", "nodev"};
	struct jsonw w;
	int len = jsonw_init(&w, buf, cap, false);

	if (len < 0)
		return len;
	jsonw_object(&w);
	jsonw_kv_string(&w, "destination", place);
	jsonw_kv_string(&w, "type", "bind");
	jsonw_kv_string(&w, "source", source);
	jsonw_key(&w, "options");
	jsonw_array(&w);
	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
		jsonw_string(&w, options[i]);
	jsonw_array_end(&w);
	jsonw_object_end(&w);
	len = jsonw_finish(&w);
	jsonw_close(&w);
	if (len > 0)
		buf[--len] = '\0'; /* the newline */
	return len < 0 ? len : 0;
}

static const struct json *mount_at(const struct json *mounts, const char *place)
{
	for (size_t i = mounts->array.len; i > 0; i--)
		if (!strcmp(text_of(json_get(mounts->array.items[i - 1], "destination")), place))
			return mounts->array.items[i - 1];
	return NULL;
}

static void edit_mount(struct json_edit *edit, const struct json *mounts, const char *mount,
		       const char *place, const char *source)
{
	const struct json *there = mount_at(mounts, place);

	if (!there)
		json_edit_add_item(edit, mounts, mount);
	else if (strcmp(text_of(json_get(there, "source")), source))
		json_edit_replace(edit, there, mount);
}

static int wrong_type(const struct json *value, const char *path, struct error *err)
{
	return error_say(err, EINVAL, "%s:%u: %s: found %s, allowed a list", value->source,
			 value->line, path, json_type_name(value->type));
}

static int edit_mounts(struct json_edit *edit, const struct json *root, const char *place,
		       const char *source, struct error *err)
{
	const struct json *mounts = json_get(root, SPEC_CONFIG_MOUNTS);
	char mount[MOUNT_MAX], list[MOUNT_MAX + 3];
	int r = make_mount(source, place, mount, sizeof(mount));

	if (r < 0)
		return error_set(err, -r, "the mount of " INIT_NAME);
	snprintf(list, sizeof(list), "[%s]", mount);
	if (!mounts)
		json_edit_add_member(edit, root, SPEC_CONFIG_MOUNTS, list);
	else if (mounts->type == JSON_NULL)
		json_edit_replace(edit, mounts, list);
	else if (mounts->type != JSON_ARRAY)
		return wrong_type(mounts, SPEC_CONFIG_MOUNTS, err);
	else
		edit_mount(edit, mounts, mount, place, source);
	return 0;
}

int spec_edit_init(struct json_edit *edit, const struct json *root,
		   const struct spec_changes *changes, struct error *err)
{
	const struct json *args = json_path(root, SPEC_CONFIG_ARGS);
	const char *place = place_of(root);
	int r;

	if (!args || args->type == JSON_NULL || (args->type == JSON_ARRAY && !args->array.len))
		return 0;
	if (args->type != JSON_ARRAY)
		return wrong_type(args, SPEC_CONFIG_ARGS, err);
	r = edit_args(edit, args, place, changes->init_score);
	if (r < 0)
		return error_set(err, -r, SPEC_CONFIG_ARGS);
	return edit_mounts(edit, root, place, changes->init, err);
}
