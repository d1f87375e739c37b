/* SPDX-License-Identifier: Apache-2.0 */
#include "oci.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "config.h"
#include "read_all.h"

/* As liberal as runc (trailing data, odd bytes in strings) and crun (comments) together. */
static int parse(const char *text, size_t len, const char *source, size_t max_bytes,
		 struct json **out, struct error *err)
{
	const struct json_limits limits = {
	    .source = source,
	    .max_bytes = max_bytes,
	    .max_depth = OCI_MAX_DEPTH,
	    .trailing_data = true,
	    .invalid_utf8 = true,
	    .comments = true,
	};
	int r = json_parse(text, len, &limits, out, err);

	if (r < 0)
		return r;
	if ((*out)->type == JSON_OBJECT)
		return 0;
	r = error_say(err, EINVAL, "%s: found %s, allowed is an object", source,
		      json_type_name((*out)->type));
	json_free(*out);
	*out = NULL;
	return r;
}

/* The id names a directory below the runtime's root, so it must be one path component. */
static bool id_is_sound(const char *id)
{
	size_t len = strlen(id);

	return len > 0 && len <= OCI_ID_MAX && !strchr(id, '/') && strcmp(id, ".") &&
	       strcmp(id, "..");
}

static pid_t pid_of(const struct json *root)
{
	int64_t pid;

	if (json_int64(json_get(root, SPEC_STATE_PID), &pid) < 0 || pid < 0 || pid > INT_MAX)
		return 0;
	return (pid_t)pid;
}

static int copy_text(char **field, const char *text)
{
	*field = strdup(text ? text : "");
	return *field ? 0 : -ENOMEM;
}

static int fill_state(const struct json *root, struct oci_state *out, struct error *err)
{
	const char *id = json_get_string(root, SPEC_STATE_ID);
	const char *bundle = json_get_string(root, SPEC_STATE_BUNDLE);
	const struct json *annotations;

	if (!id)
		return error_say(err, EINVAL, "container state: it has no id");
	if (!id_is_sound(id))
		return error_say(err, EINVAL, "container state: the id cannot name a container");
	if (bundle && bundle[0] != '/')
		bundle = NULL;
	out->pid = pid_of(root);
	annotations = json_get_typed(root, SPEC_STATE_ANNOTATIONS, JSON_OBJECT);
	if (annotations)
		out->annotations = json_copy(annotations);
	if (copy_text(&out->id, id) < 0 || copy_text(&out->bundle, bundle) < 0 ||
	    copy_text(&out->status, json_get_string(root, SPEC_STATE_STATUS)) < 0 ||
	    (annotations && !out->annotations))
		return error_set(err, ENOMEM, "container state");
	return 0;
}

/* hooks.poststop holds an entry that runs our hook for that stage. */
static bool has_our_poststop(const struct json *root)
{
	const struct json *hooks = json_get_typed(root, SPEC_CONFIG_HOOKS, JSON_OBJECT);
	const struct json *list = json_get_typed(hooks, "poststop", JSON_ARRAY);

	for (size_t i = 0; list && i < list->array.len; i++) {
		const struct json *hook = list->array.items[i];
		const struct json *args = json_get_typed(hook, "args", JSON_ARRAY);
		const char *path = json_get_string(hook, "path");
		const char *slash = path ? strrchr(path, '/') : NULL;

		if (!slash || strcmp(slash + 1, OOMGUARD_HOOK_NAME))
			continue;
		for (size_t j = 0; args && j < args->array.len; j++) {
			const struct json *arg = args->array.items[j];

			if (arg->type == JSON_STRING && !strcmp(arg->text, "poststop"))
				return true;
		}
	}
	return false;
}

static bool is_true(const struct json *root, const char *dotted)
{
	const struct json *value = json_path(root, dotted);

	return value && value->type == JSON_BOOL && value->boolean;
}

/* Only their number matters here. */
static void ignore_duplicate(void *context, const char *path, const struct json_member *member)
{
}

static void fill_config(struct oci_config *out)
{
	const struct json *root = out->root;
	int64_t limit, score;

	out->annotations = json_get_typed(root, SPEC_CONFIG_ANNOTATIONS, JSON_OBJECT);
	out->terminal = is_true(root, SPEC_CONFIG_TERMINAL);
	out->disable_oom_killer = is_true(root, SPEC_CONFIG_DISABLE_OOM_KILLER);
	/* runc takes 0 for "not set" and -1 for "no limit". */
	if (json_int64(json_path(root, SPEC_CONFIG_MEMORY_LIMIT), &limit) == 0 && limit > 0) {
		out->has_limit = true;
		out->limit_bytes = (uint64_t)limit;
	}
	/* What is out of range the runtime will have refused. */
	if (json_int64(json_path(root, SPEC_CONFIG_SCORE), &score) == 0 && score >= -1000 &&
	    score <= 1000) {
		out->has_score = true;
		out->score = (int)score;
	}
	out->has_poststop_hook = has_our_poststop(root);
	out->duplicate_keys = json_duplicates(root, ignore_duplicate, NULL);
}

int oci_state_parse(const char *text, size_t len, struct oci_state *out, struct error *err)
{
	cleanup_json struct json *root = NULL;
	int r;

	*out = (struct oci_state){0};
	r = parse(text, len, "container state", OCI_STATE_MAX_BYTES, &root, err);
	if (r < 0)
		return r;
	r = fill_state(root, out, err);
	if (r < 0)
		oci_state_free(out);
	return r;
}

int oci_state_read(int fd, struct oci_state *out, struct error *err)
{
	cleanup_free char *text = NULL;
	size_t len;
	int r;

	*out = (struct oci_state){0};
	r = read_all(fd, OCI_STATE_MAX_BYTES, &text, &len);
	if (r < 0)
		return error_set(err, -r, "read the container state from standard input");
	if (len == 0)
		return error_say(err, EINVAL, "container state: standard input is empty");
	return oci_state_parse(text, len, out, err);
}

void oci_state_free(struct oci_state *state)
{
	free(state->id);
	free(state->bundle);
	free(state->status);
	json_free(state->annotations);
	*state = (struct oci_state){0};
}

int oci_config_parse(const char *text, size_t len, const char *source, struct oci_config *out,
		     struct error *err)
{
	int r;

	*out = (struct oci_config){0};
	r = parse(text, len, source, OCI_CONFIG_MAX_BYTES, &out->root, err);
	if (r < 0)
		return r;
	fill_config(out);
	return 0;
}

int oci_config_read(const char *bundle, struct oci_config *out, struct error *err)
{
	cleanup_close int dir = open(bundle, O_PATH | O_DIRECTORY | O_CLOEXEC);
	cleanup_free char *text = NULL;
	size_t len;
	int r;

	*out = (struct oci_config){0};
	if (dir < 0)
		return error_set(err, errno, "open the bundle %s", bundle);
	r = read_all_at(dir, SPEC_CONFIG_FILE, OCI_CONFIG_MAX_BYTES, &text, &len);
	if (r == -E2BIG)
		return error_say(err, E2BIG, "%s/" SPEC_CONFIG_FILE " is longer than %d bytes",
				 bundle, OCI_CONFIG_MAX_BYTES);
	if (r < 0)
		return error_set(err, -r, "read %s/" SPEC_CONFIG_FILE, bundle);
	return oci_config_parse(text, len, SPEC_CONFIG_FILE, out, err);
}

void oci_config_free(struct oci_config *config)
{
	json_free(config->root);
	*config = (struct oci_config){0};
}
