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
#define GOING_MAX 64	/* runtimes of ours that are taken back at once */
#define RESERVED "runc" /* dockerd's own; declared once more, dockerd does not start */

struct daemon {
	const char *text; /* borrowed */
	size_t len;
	struct json *root;
	const struct json *runtimes; /* NULL: none */
	const struct json *ours;     /* the runtime of our handler's name, NULL: none */
};

static void daemon_free(struct daemon *daemon)
{
	json_free(daemon->root);
}

#define cleanup_daemon __attribute__((cleanup(daemon_free)))

static bool is_ours(const struct json *runtime)
{
	const char *path = json_get_string(runtime, "path");

	return path && configure_is_wrapper(path);
}

/* To be taken back: the one that was named, else each of ours. */
static bool goes(const struct configure *want, const struct json_member *member)
{
	return is_ours(member->value) &&
	       (!want->handler_given || !strcmp(member->key, want->handler));
}

/* The n-th that goes; NULL: no more. */
static const struct json_member *going(const struct configure *want, const struct daemon *daemon,
				       size_t n)
{
	for (size_t i = 0; daemon->runtimes && i < daemon->runtimes->object.len; i++)
		if (goes(want, &daemon->runtimes->object.members[i]) && n-- == 0)
			return &daemon->runtimes->object.members[i];
	return NULL;
}

/* Any of ours, whatever its name. */
static bool has_ours(const struct daemon *daemon)
{
	const struct configure any = {.handler_given = false};

	return going(&any, daemon, 0);
}

static bool is_blank(const char *text, size_t len)
{
	return strspn(text, " \t\r\n") == len;
}

/* What dockerd would not read is not touched. */
static int parse(struct daemon *daemon, const char *text, size_t len, const char *path,
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
	cleanup_free char *wrapper = configure_wrapper(want);
	char *text;
	int r = -1;

	if (wrapper && want->profile)
		r = asprintf(
		    &text, "{\"path\": \"%s\", \"runtimeArgs\": [\"--oomguard-profile\", \"%s\"]}",
		    wrapper, want->profile);
	else if (wrapper)
		r = asprintf(&text, "{\"path\": \"%s\"}", wrapper);
	return r < 0 ? NULL : text;
}

/* A file that was not there, or was blank. */
static int make_new(const char *handler, const char *runtime, char **out, size_t *len)
{
	int r = asprintf(out, "{\n  \"runtimes\": {\n    \"%s\": %s\n  }\n}\n", handler, runtime);

	*len = r < 0 ? 0 : (size_t)r;
	return r < 0 ? -ENOMEM : 0;
}

/* The text with this runtime in it, whatever it is without; *out is owned. */
static int put_into(const struct configure *want, const char *text, size_t text_len,
		    const char *path, const char *handler, const char *runtime, char **out,
		    size_t *len, struct error *err)
{
	cleanup_daemon struct daemon daemon = {0};
	int r;

	if (is_blank(text, text_len))
		return make_new(handler, runtime, out, len);
	r = parse(&daemon, text, text_len, path, want, err);
	return r < 0 ? r : put_runtime(&daemon, handler, runtime, out, len);
}

static int plan_in(const struct configure *want, const struct daemon *daemon, const char *path,
		   struct outcome *out, struct error *err)
{
	cleanup_free char *runtime = make_runtime(want);
	char *after = NULL;
	size_t len;
	int r = runtime ? 0 : -ENOMEM;

	if (r == 0)
		r = daemon->root ? put_runtime(daemon, want->handler, runtime, &after, &len)
				 : make_new(want->handler, runtime, &after, &len);
	if (r < 0)
		return error_set(err, -r, "cannot change %s", path);
	/* A copy that has one of ours in it would be no way back; an earlier one still is. */
	return change_plan(&out->changes, path, after, len, has_ours(daemon) ? NULL : daemon->text,
			   err);
}

/*
 * True when the file is what we made of `kept`, and nobody has touched it since: all that goes, put
 * in once more in its order, gives the file.
 */
static bool is_untouched(const struct configure *want, const struct daemon *daemon,
			 const char *kept, size_t kept_len)
{
	cleanup_free char *made = malloc(kept_len + 1);
	const struct json_member *member;
	size_t len = kept_len;
	int r = made ? 0 : -ENOMEM;

	if (r == 0)
		memcpy(made, kept, kept_len + 1);
	for (size_t i = 0; r == 0 && (member = going(want, daemon, i)); i++) {
		const struct json *value = member->value;
		cleanup_free char *before = take_ptr(made);
		cleanup_free char *runtime =
		    strndup(daemon->text + value->from, value->to - value->from);

		r = runtime
			? put_into(want, before, len, "", member->key, runtime, &made, &len, NULL)
			: -ENOMEM;
	}
	return r == 0 && len == daemon->len && !memcmp(made, daemon->text, len);
}

/* Takes all out of the text that goes. */
static int cut(const struct configure *want, char *text, size_t *len, const char *path,
	       struct error *err)
{
	for (;;) {
		cleanup_daemon struct daemon daemon = {0};
		const struct json_member *member;
		int r = parse(&daemon, text, *len, path, want, err);

		member = r < 0 ? NULL : going(want, &daemon, 0);
		if (!member)
			return r;
		if (daemon.runtimes->object.len == 1)
			cut_member(text, len, daemon.root, daemon.runtimes);
		else
			cut_member(text, len, daemon.runtimes, member->value);
	}
}

static int plan_back(const struct configure *want, const struct daemon *daemon, const char *path,
		     struct outcome *out, struct error *err)
{
	cleanup_free char *kept = NULL, *after = NULL;
	size_t kept_len, len = daemon->len;
	int r = change_read_backup(&out->changes, path, &kept, &kept_len, err);

	if (r < 0)
		return r;
	if (kept && is_untouched(want, daemon, kept, kept_len))
		return change_plan_back(&out->changes, path, take_ptr(kept), kept_len, err);
	/* One that we made, with nothing else in it. */
	if (!kept && daemon->root->object.len == 1 &&
	    going(want, daemon, daemon->runtimes->object.len - 1))
		return change_plan(&out->changes, path, NULL, 0, NULL, err);
	after = malloc(len + 1);
	if (!after)
		return error_set(err, ENOMEM, "cannot change %s", path);
	memcpy(after, daemon->text, len + 1);
	r = cut(want, after, &len, path, err);
	return r < 0 ? r : change_plan_back(&out->changes, path, take_ptr(after), len, err);
}

/* Without its default runtime dockerd does not start. */
static int need_not_default(const struct configure *want, const struct daemon *daemon,
			    const char *path, struct error *err)
{
	const char *name = json_get_string(daemon->root, "default-runtime");
	const struct json_member *member;

	for (size_t i = 0; name && (member = going(want, daemon, i)); i++) {
		int r;

		if (strcmp(member->key, name) != 0)
			continue;
		r = error_say(err, EBUSY, "%s: \"default-runtime\" is \"%s\", which would be gone",
			      path, name);
		return error_hint(err, r, "set it to another runtime first; nothing is changed");
	}
	return 0;
}

/* Which ones: without --handler it may be more than the reader thought of. */
static int tell_gone(const struct configure *want, const struct daemon *daemon, struct outcome *out,
		     struct error *err)
{
	const struct json_member *member;
	cleanup_free char *names = NULL;
	size_t len;
	FILE *memory = open_memstream(&names, &len);

	if (!memory)
		return error_set(err, ENOMEM, "cannot tell what goes");
	for (size_t i = 0; (member = going(want, daemon, i)); i++)
		fprintf(memory, "%s%s", i ? ", " : "taken back: ", member->key);
	if (fclose(memory) != 0)
		return error_set(err, ENOMEM, "cannot tell what goes");
	out->note = take_ptr(names);
	return 0;
}

static int plan(const struct configure *want, const char *path, struct outcome *out,
		struct error *err)
{
	cleanup_daemon struct daemon daemon = {0};
	cleanup_free char *text = NULL;
	size_t len;
	int r = change_read(path, &text, &len, err);

	if (r == 0 && text && !is_blank(text, len))
		r = parse(&daemon, text, len, path, want, err);
	else
		daemon.text = text;
	if (r < 0)
		return r;
	if (!want->remove)
		return plan_in(want, &daemon, path, out, err);
	if (!going(want, &daemon, 0))
		return 0;
	if (going(want, &daemon, GOING_MAX))
		return error_say(err, E2BIG, "%s: more than %d runtimes are oomguard's", path,
				 GOING_MAX);
	r = need_not_default(want, &daemon, path, err);
	if (r == 0)
		r = plan_back(want, &daemon, path, out, err);
	return r < 0 ? r : tell_gone(want, &daemon, out, err);
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
	if (r == 0 && !want->remove && !strcmp(want->handler, RESERVED)) {
		r = error_say(err, EINVAL, "dockerd keeps the name \"" RESERVED "\" for its own");
		error_hint(err, r, "choose another --handler");
	}
	if (r == 0)
		r = configure_need_wrapper(want, err);
	return r < 0 ? r : plan(want, path, out, err);
}
