/* SPDX-License-Identifier: Apache-2.0 */
/* podman and CRI-O: hooks.d, or a drop-in that names the wrapper as a runtime. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "config.h"
#include "configure.h"
#include "drop_in.h"
#include "hooks_dirs.h"
#include "toml.h"

#define PODMAN_DROP_IN "/etc/containers/containers.conf.d/oomguard.conf"
#define CRIO_DROP_IN "/etc/crio/crio.conf.d/99-oomguard.conf"
#define NAMES_MAX 16

struct engine {
	const char *name;
	enum hooks_reader reader;
	const char *drop_in;
};

/* The runtimes that our drop-in declares. */
struct names {
	const struct engine *engine;
	char *name[NAMES_MAX + 1]; /* owned; NULL at the end */
	size_t len;
};

static const struct engine podman = {"podman", HOOKS_PODMAN, PODMAN_DROP_IN};
static const struct engine crio = {"crio", HOOKS_CRIO, CRIO_DROP_IN};

static int plan_dir(const struct configure *want, const char *dir, struct outcome *out,
		    struct error *err)
{
	cleanup_free char *path = configure_path(want, dir);

	return path ? configure_hooks_d(want, path, out, err)
		    : error_set(err, ENOMEM, "cannot name the directory");
}

/* Wherever they were put: hooks_dir may have been another one then. */
static int take_back(const struct configure *want, const struct hooks_dirs *dirs,
		     struct outcome *out, struct error *err)
{
	int r = plan_dir(want, HOOKS_DIR, out, err);

	for (size_t i = 0; i < dirs->len && r == 0; i++)
		if (strcmp(dirs->dirs[i], HOOKS_DIR) != 0 && dirs->dirs[i][0] == '/')
			r = plan_dir(want, dirs->dirs[i], out, err);
	return r;
}

/* The directory that is read unless hooks_dir leaves it out; then the one that counts most. */
static int put(const struct configure *want, const struct hooks_dirs *dirs, struct outcome *out,
	       struct error *err)
{
	const char *dir = hooks_dirs_has(dirs, HOOKS_DIR) ? HOOKS_DIR : dirs->dirs[dirs->len - 1];
	int r;

	if (dir[0] == '/')
		return plan_dir(want, dir, out, err);
	r = error_say(err, EINVAL, "hooks_dir of %s names \"%s\", which is no absolute path",
		      dirs->file, dir);
	return error_hint(err, r, "choose a directory by --config");
}

/* What is put where nobody looks would guard nothing. */
static int note_unread(const struct configure *want, const struct engine *engine,
		       const struct hooks_dirs *dirs, struct outcome *out, struct error *err)
{
	size_t len = strlen(want->prefix);
	const char *dir = want->config;

	if (!strncmp(dir, want->prefix, len))
		dir += len;
	if (want->remove || hooks_dirs_has(dirs, dir))
		return 0;
	if (asprintf(&out->note, "%s does not read %s unless hooks_dir or --hooks-dir names it",
		     engine->name, dir) < 0) {
		out->note = NULL;
		return error_set(err, ENOMEM, "cannot tell what is read");
	}
	return 0;
}

static int hooks_in(const struct configure *want, const struct engine *engine, struct outcome *out,
		    struct error *err)
{
	struct hooks_dirs dirs = {0};
	int r = configure_hooks_d(want, want->config, out, err);

	/* Whoever names a directory is not kept from it by a file that cannot be followed. */
	if (r == 0 && hooks_dirs_read(want->prefix, engine->reader, &dirs, NULL) == 0)
		r = note_unread(want, engine, &dirs, out, err);
	hooks_dirs_free(&dirs);
	return r;
}

static int hooks(const struct configure *want, const struct engine *engine, struct outcome *out,
		 struct error *err)
{
	struct hooks_dirs dirs = {0};
	int r;

	if (want->config)
		return hooks_in(want, engine, out, err);
	r = hooks_dirs_read(want->prefix, engine->reader, &dirs, err);
	if (r < 0)
		error_hint(err, r, "choose a directory by --config");
	else
		r = want->remove ? take_back(want, &dirs, out, err) : put(want, &dirs, out, err);
	hooks_dirs_free(&dirs);
	return r;
}

/* /etc/x.d/y: /etc */
static char *two_up(const char *path)
{
	const char *name = strrchr(path, '/'), *dir = name;

	while (dir > path && dir[-1] != '/')
		dir--;
	return strndup(path, dir > path ? (size_t)(dir - path) - 1 : 0);
}

static int add_name(struct names *names, const char *name)
{
	for (size_t i = 0; i < names->len; i++)
		if (!strcmp(names->name[i], name))
			return 0;
	if (names->len == NAMES_MAX)
		return -E2BIG;
	names->name[names->len] = strdup(name);
	return names->name[names->len++] ? 0 : -ENOMEM;
}

static int visit(const struct toml_entry *entry, void *context, struct error *err)
{
	struct names *names = context;
	const struct toml_path *path = entry->path;
	bool is_podman = names->engine->reader == HOOKS_PODMAN;

	if (is_podman ? !toml_is(path, "engine", "runtimes", NULL)
		      : !toml_is(path, "crio", "runtime", "runtimes", NULL))
		return 0;
	return add_name(names, path->key[path->len - 1]);
}

static void names_free(struct names *names)
{
	for (size_t i = 0; i < names->len; i++)
		free(names->name[i]);
}

#define cleanup_names __attribute__((cleanup(names_free)))

/* What cannot be followed declares nothing to the engine either. */
static int names_read(struct names *names, const char *path, struct error *err)
{
	cleanup_free char *text = NULL;
	size_t len;
	int r = change_read(path, &text, &len, err);

	if (r == 0 && text)
		toml_walk(text, path, visit, names, NULL);
	return r;
}

static bool names_have(const struct names *names, const char *name)
{
	for (size_t i = 0; i < names->len; i++)
		if (!strcmp(names->name[i], name))
			return true;
	return false;
}

static int plan_drop_in(const struct configure *want, const struct engine *engine, const char *path,
			const char *lines, struct outcome *out, struct error *err)
{
	cleanup_names struct names names = {.engine = engine};
	int r = names_read(&names, path, err);

	if (r < 0)
		return r;
	if (names.len > 0 && !names_have(&names, want->handler) && !want->remove) {
		r = error_say(err, EEXIST, "%s has the runtime \"%s\": a second one has no place",
			      path, names.name[0]);
		return error_hint(err, r, "take it back first: --mode wrapper --remove");
	}
	if (want->remove && want->handler_given && !names_have(&names, want->handler))
		return 0;
	r = drop_in_plan(&out->changes, path, engine->name, want->remove ? NULL : lines, err);
	if (r == 0 && want->remove)
		r = configure_not_default(want, engine->reader, path, names.name, err);
	return r;
}

static char *make_lines(const struct configure *want, const struct engine *engine,
			const char *wrapper)
{
	char *text;
	int r;

	if (engine->reader == HOOKS_PODMAN)
		r = asprintf(&text,
			     "[engine.runtimes]\n"
			     "%s = [\"%s\"]\n",
			     want->handler, wrapper);
	else
		r = asprintf(&text,
			     "[crio.runtime.runtimes.%s]\n"
			     "runtime_path = \"%s\"\n"
			     "runtime_type = \"oci\"\n"
			     "runtime_root = \"/run/%s\"\n",
			     want->handler, wrapper, want->runtime);
	return r < 0 ? NULL : text;
}

/* CRI-O reads every file of the directory, podman those in .conf: copies are kept above it. */
static int drop_in(const struct configure *want, const struct engine *engine, struct outcome *out,
		   struct error *err)
{
	cleanup_free char *wrapper = configure_wrapper(want);
	cleanup_free char *lines = wrapper ? make_lines(want, engine, wrapper) : NULL;
	cleanup_free char *path =
	    want->config ? strdup(want->config) : configure_path(want, engine->drop_in);
	int r;

	out->changes.copies_dir = path ? two_up(path) : NULL;
	if (!out->changes.copies_dir || !lines)
		return error_set(err, ENOMEM, "cannot make the drop-in");
	r = configure_need_wrapper(want, err);
	return r < 0 ? r : plan_drop_in(want, engine, path, lines, out, err);
}

/* Which of the two ways is meant? Taken back are both, unless something says which. */
static bool means(const struct configure *want, enum configure_mode mode)
{
	if (want->mode != MODE_USUAL)
		return want->mode == mode;
	if (!want->remove || want->always || want->config)
		return mode == MODE_HOOKS;
	return mode == MODE_WRAPPER || !want->handler_given;
}

static int plan(const struct configure *want, const struct engine *engine, struct outcome *out,
		struct error *err)
{
	int r = means(want, MODE_HOOKS) ? hooks(want, engine, out, err) : 0;

	return r == 0 && means(want, MODE_WRAPPER) ? drop_in(want, engine, out, err) : r;
}

int configure_podman(const struct configure *want, struct outcome *out, struct error *err)
{
	return plan(want, &podman, out, err);
}

int configure_crio(const struct configure *want, struct outcome *out, struct error *err)
{
	out->unit = "crio.service";
	out->action = "restart";
	snprintf(out->needs, sizeof(out->needs), "CRI-O reads it when it is restarted");
	return plan(want, &crio, out, err);
}
