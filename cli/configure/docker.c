/* SPDX-License-Identifier: Apache-2.0 */
/* docker: the wrapper among the "runtimes" of daemon.json. All else in it stays as it is. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "config.h"
#include "configure.h"
#include "json.h"
#include "json_edit.h"

#define FILE_NAME "/etc/docker/daemon.json"
#define MAX_DEPTH 64
#define WRAPPER_NAME "oomguard-runc"

struct daemon {
	char *text;
	size_t len;
	struct json *root;
	const struct json *runtimes; /* NULL: none */
	const struct json *ours;     /* the runtime of our handler's name, NULL: none */
};

static void daemon_free(struct daemon *daemon)
{
	json_free(daemon->root);
	free(daemon->text);
}

static bool is_ours(const struct json *runtime)
{
	const char *path = json_get_string(runtime, "path");
	const char *name = path ? strrchr(path, '/') : NULL;

	return name && !strcmp(name + 1, WRAPPER_NAME);
}

/* Takes the text over. What dockerd would not read is not touched. */
static int parse(struct daemon *daemon, char *text, size_t len, const char *path,
		 const struct configure *want, struct error *err)
{
	struct json_limits limits = {.source = path,
				     .max_bytes = CHANGE_FILE_MAX_BYTES,
				     .max_depth = MAX_DEPTH,
				     .invalid_utf8 = true};
	const struct json *runtimes;
	int r;

	*daemon = (struct daemon){.text = text, .len = len};
	r = json_parse(text, len, &limits, &daemon->root, err);
	if (r < 0)
		return r;
	if (daemon->root->type != JSON_OBJECT)
		return error_say(err, EINVAL, "%s: found %s, expected an object", path,
				 json_type_name(daemon->root->type));
	if (json_duplicates(daemon->root, NULL, NULL) > 0)
		return error_say(err, EINVAL, "%s: a key stands twice", path);
	runtimes = json_get(daemon->root, "runtimes");
	if (runtimes && runtimes->type != JSON_OBJECT)
		return error_say(err, EINVAL, "%s: \"runtimes\" is %s, expected an object", path,
				 json_type_name(runtimes->type));
	daemon->runtimes = runtimes;
	daemon->ours = json_get(runtimes, want->handler);
	if (!daemon->ours || is_ours(daemon->ours))
		return 0;
	r = error_say(err, EEXIST, "%s has a runtime \"%s\" that is not oomguard's", path,
		      want->handler);
	return error_hint(err, r, "remove it, or choose another --handler");
}

/* The file with this runtime in it. */
static int put_runtime(const struct daemon *daemon, const char *handler, const char *runtime,
		       char **out, size_t *len)
{
	cleanup_free char *runtimes = NULL;
	struct json_edit edit;
	int r = 0;

	json_edit_init(&edit, daemon->text, daemon->len);
	if (daemon->ours)
		json_edit_replace(&edit, daemon->ours, runtime);
	else if (daemon->runtimes)
		json_edit_add_member(&edit, daemon->runtimes, handler, runtime);
	else if (asprintf(&runtimes, "{\"%s\": %s}", handler, runtime) >= 0)
		json_edit_add_member(&edit, daemon->root, "runtimes", runtimes);
	else
		r = -ENOMEM;
	if (r == 0)
		r = json_edit_apply(&edit, out, len);
	json_edit_free(&edit);
	return r;
}

/* Takes a member out with the comma that goes with it. */
static void cut_member(char *text, size_t *len, const struct json *object, const struct json *value)
{
	const struct json_member *members = object->object.members;
	size_t i = 0, from, to;

	while (members[i].value != value)
		i++;
	from = members[i].from;
	to = value->to;
	if (object->object.len == 1) {
		from = object->from + 1;
		to = object->to - 1;
	} else if (i + 1 < object->object.len) {
		to = members[i + 1].from;
	} else {
		from = members[i - 1].value->to;
	}
	memmove(text + from, text + to, *len - to + 1);
	*len -= to - from;
}

static char *make_runtime(const struct configure *want)
{
	char *text;
	int r = want->profile ? asprintf(&text,
					 "{\"path\": \"" OOMGUARD_WRAPPER_PATH
					 "\", \"runtimeArgs\": [\"--oomguard-profile\", \"%s\"]}",
					 want->profile)
			      : asprintf(&text, "{\"path\": \"" OOMGUARD_WRAPPER_PATH "\"}");

	return r < 0 ? NULL : text;
}

static int plan_new(const struct configure *want, const char *path, const char *runtime,
		    struct outcome *out, struct error *err)
{
	char *text;

	if (asprintf(&text, "{\n  \"runtimes\": {\n    \"%s\": %s\n  }\n}\n", want->handler,
		     runtime) < 0)
		return error_set(err, ENOMEM, "cannot make %s", path);
	return change_plan(&out->changes, path, text, strlen(text), NULL, err);
}

static int plan_in(const struct configure *want, const struct daemon *daemon, const char *path,
		   const char *runtime, struct outcome *out, struct error *err)
{
	char *after = NULL;
	size_t len;
	int r = put_runtime(daemon, want->handler, runtime, &after, &len);

	if (r < 0)
		return error_set(err, -r, "cannot change %s", path);
	/* A copy that has ours in it would be no way back; an earlier one still is. */
	return change_plan(&out->changes, path, after, len, daemon->ours ? NULL : daemon->text,
			   err);
}

/* True when the file is what we made of the copy, and nobody has touched it since. */
static bool is_untouched(const struct configure *want, const struct daemon *daemon,
			 const char *kept, size_t kept_len)
{
	cleanup_free char *runtime = NULL, *made = NULL, *copy = malloc(kept_len + 1);
	struct daemon before = {0};
	size_t len;
	bool same = false;

	runtime = strndup(daemon->text + daemon->ours->from, daemon->ours->to - daemon->ours->from);
	if (!copy || !runtime)
		return false;
	memcpy(copy, kept, kept_len + 1);
	if (parse(&before, take_ptr(copy), kept_len, "", want, NULL) == 0 &&
	    put_runtime(&before, want->handler, runtime, &made, &len) == 0)
		same = len == daemon->len && !memcmp(made, daemon->text, len);
	daemon_free(&before);
	return same;
}

static int plan_back(const struct configure *want, const struct daemon *daemon, const char *path,
		     struct outcome *out, struct error *err)
{
	cleanup_free char *kept = NULL;
	size_t kept_len, len = daemon->len;
	char *after;
	int r = change_read_backup(&out->changes, path, &kept, &kept_len, err);

	if (r < 0)
		return r;
	if (kept && is_untouched(want, daemon, kept, kept_len))
		return change_plan_back(&out->changes, path, take_ptr(kept), kept_len, err);
	/* One that we made, with nothing else in it. */
	if (!kept && daemon->root->object.len == 1 && daemon->runtimes->object.len == 1)
		return change_plan(&out->changes, path, NULL, 0, NULL, err);
	after = malloc(len + 1);
	if (!after)
		return error_set(err, ENOMEM, "cannot change %s", path);
	memcpy(after, daemon->text, len + 1);
	if (daemon->runtimes->object.len == 1)
		cut_member(after, &len, daemon->root, daemon->runtimes);
	else
		cut_member(after, &len, daemon->runtimes, daemon->ours);
	return change_plan_back(&out->changes, path, after, len, err);
}

static int plan(const struct configure *want, const char *path, struct outcome *out,
		struct error *err)
{
	cleanup_free char *runtime = make_runtime(want);
	struct daemon daemon = {0};
	char *text;
	size_t len;
	int r = change_read(path, &text, &len, err);

	if (r < 0 || !runtime) {
		free(text);
		return r < 0 ? r : error_set(err, ENOMEM, "cannot change %s", path);
	}
	/* dockerd takes an empty file for one without settings. */
	if (!text || len == 0) {
		free(text);
		return want->remove ? 0 : plan_new(want, path, runtime, out, err);
	}
	r = parse(&daemon, text, len, path, want, err);
	if (r == 0 && !want->remove)
		r = plan_in(want, &daemon, path, runtime, out, err);
	else if (r == 0 && daemon.ours)
		r = plan_back(want, &daemon, path, out, err);
	daemon_free(&daemon);
	return r;
}

int configure_docker(const struct configure *want, struct outcome *out, struct error *err)
{
	cleanup_free char *path =
	    want->config ? strdup(want->config) : configure_path(want, FILE_NAME);
	int r = path ? 0 : error_set(err, ENOMEM, "cannot name the file");

	out->unit = "docker.service";
	out->action = "reload";
	snprintf(out->needs, sizeof(out->needs), "docker reads it when it is reloaded");
	if (r == 0 && (want->mode == MODE_HOOKS || want->always))
		r = error_say(err, EINVAL,
			      "docker has no hooks.d: --mode wrapper, without --always");
	if (r == 0)
		r = configure_need_program(want, OOMGUARD_WRAPPER_PATH, err);
	return r < 0 ? r : plan(want, path, out, err);
}
