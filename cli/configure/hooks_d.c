/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hooks.d, as podman, CRI-O and buildah read it (oci-hooks(5)). One file a stage: a file gives the
 * same arguments to each of its stages, and the hook has to be told which one it is.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cleanup.h"
#include "config.h"
#include "configure.h"
#include "json.h"
#include "jsonw.h"

#define FILE_MAX_BYTES 4096
#define TIMEOUT_S 10 /* far above the hook's own deadline: what outlives it stops the container */

static const char *const stages[] = {"createRuntime", "poststart", "poststop"};

static int make_text(bool always, const char *stage, char **out, size_t *len)
{
	cleanup_free char *buf = malloc(FILE_MAX_BYTES);
	struct jsonw w;
	int r = buf ? jsonw_init(&w, buf, FILE_MAX_BYTES, true) : -ENOMEM;

	if (r < 0)
		return r;
	jsonw_start(&w);
	jsonw_object(&w);
	jsonw_kv_string(&w, "version", "1.0.0");
	jsonw_key(&w, "hook");
	jsonw_object(&w);
	jsonw_kv_string(&w, "path", OOMGUARD_HOOK_PATH);
	jsonw_key(&w, "args");
	jsonw_array(&w);
	jsonw_string(&w, OOMGUARD_HOOK_NAME);
	jsonw_string(&w, stage);
	jsonw_array_end(&w);
	/* Without `env` it would get the engine's whole environment. */
	jsonw_key(&w, "env");
	jsonw_array(&w);
	jsonw_string(&w, "PATH=/usr/sbin:/usr/bin:/sbin:/bin");
	jsonw_array_end(&w);
	/*
	 * crun waits for a hook with a timeout by SIGCHLD. An init that dies at that moment
	 * swallows the hook's, and crun waits for the whole timeout and fails. The hook's own
	 * deadline holds.
	 */
	if (strcmp(stage, "poststart"))
		jsonw_kv_int(&w, "timeout", TIMEOUT_S);
	jsonw_object_end(&w);
	jsonw_key(&w, "when");
	jsonw_object(&w);
	if (always) {
		jsonw_kv_bool(&w, "always", true);
	} else {
		jsonw_key(&w, "annotations");
		jsonw_object(&w);
		jsonw_kv_string(&w, "^oomguard\\.io/enable$", "^true$");
		jsonw_object_end(&w);
	}
	jsonw_object_end(&w);
	jsonw_key(&w, "stages");
	jsonw_array(&w);
	jsonw_string(&w, stage);
	jsonw_array_end(&w);
	jsonw_object_end(&w);
	r = jsonw_finish(&w);
	jsonw_close(&w);
	if (r < 0)
		return r;
	*len = (size_t)r;
	*out = take_ptr(buf);
	return 0;
}

/* Somebody else's file of that name stays. */
static int need_ours(const char *path, const char *text, size_t len, struct error *err)
{
	struct json_limits limits = {.source = path, .max_bytes = 1 << 20, .max_depth = 32};
	cleanup_json struct json *root = NULL;
	const char *program, *name;
	int r = json_parse(text, len, &limits, &root, err);

	program = r < 0 ? NULL : json_get_string(json_get(root, "hook"), "path");
	name = program ? strrchr(program, '/') : NULL;
	if (name && !strcmp(name + 1, OOMGUARD_HOOK_NAME))
		return 0;
	r = error_say(err, EEXIST, "%s is there, and is not oomguard's", path);
	return error_hint(err, r, "move it away");
}

/* As we write it, for annotated containers or for all. */
static bool is_untouched(const char *stage, const char *text, size_t len)
{
	for (int always = 0; always <= 1; always++) {
		cleanup_free char *made = NULL;
		size_t made_len;

		if (make_text(always, stage, &made, &made_len) == 0 && made_len == len &&
		    !memcmp(made, text, len))
			return true;
	}
	return false;
}

/*
 * What is there goes, whoever edited it: an entry that is left would keep containers from starting
 * once the program is gone. No engine reads the copy, its name does not end in .json.
 */
static int look_at(const char *path, const char *stage, struct outcome *out, struct error *err)
{
	cleanup_free char *text = NULL;
	size_t len;
	int r = change_read(path, &text, &len, err);

	if (r < 0 || !text)
		return r;
	r = need_ours(path, text, len, err);
	if (r < 0 || is_untouched(stage, text, len))
		return r;
	return change_plan_edited(&out->changes, path, text, len, err);
}

static int plan_stage(const struct configure *want, const char *dir, const char *stage,
		      struct outcome *out, struct error *err)
{
	cleanup_free char *path = NULL;
	char *text = NULL;
	size_t len = 0;
	int r;

	if (asprintf(&path, "%s/oomguard-%s.json", dir, stage) < 0) {
		path = NULL;
		return error_set(err, ENOMEM, "cannot name a file");
	}
	r = look_at(path, stage, out, err);
	if (r == 0 && !want->remove) {
		r = make_text(want->always, stage, &text, &len);
		if (r < 0)
			error_set(err, -r, "cannot write %s", path);
	}
	return r < 0 ? r : change_plan(&out->changes, path, text, len, NULL, err);
}

int configure_hooks_d(const struct configure *want, const char *dir, struct outcome *out,
		      struct error *err)
{
	int r = configure_need_program(want, OOMGUARD_HOOK_PATH, err);

	for (size_t i = 0; i < sizeof(stages) / sizeof(stages[0]) && r == 0; i++) {
		size_t before = out->changes.len;

		r = plan_stage(want, dir, stages[i], out, err);
		/* What is left of ours would keep containers from starting: the others go. */
		if (r < 0 && want->remove && out->changes.len == before)
			r = outcome_leave(out, err);
	}
	return r;
}
