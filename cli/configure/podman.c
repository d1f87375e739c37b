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

#define PODMAN_DROP_IN "/etc/containers/containers.conf.d/oomguard.conf"
#define CRIO_DROP_IN "/etc/crio/crio.conf.d/99-oomguard.conf"

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
		if (strcmp(dirs->dirs[i], HOOKS_DIR) != 0)
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

static int hooks(const struct configure *want, enum hooks_reader reader, struct outcome *out,
		 struct error *err)
{
	struct hooks_dirs dirs = {0};
	int r;

	if (want->config)
		return configure_hooks_d(want, want->config, out, err);
	r = hooks_dirs_read(want->prefix, reader, &dirs, err);
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

/* `lines` is owned by the call. CRI-O reads every file of the directory, podman those in .conf. */
static int drop_in(const struct configure *want, const char *engine, const char *usual, char *lines,
		   struct outcome *out, struct error *err)
{
	cleanup_free char *own = lines;
	cleanup_free char *path = want->config ? strdup(want->config) : configure_path(want, usual);
	int r;

	out->changes.copies_dir = path ? two_up(path) : NULL;
	if (!out->changes.copies_dir || !own)
		return error_set(err, ENOMEM, "cannot make the drop-in");
	r = configure_need_program(want, OOMGUARD_WRAPPER_PATH, err);
	return r < 0 ? r
		     : drop_in_plan(&out->changes, path, engine, want->remove ? NULL : own, err);
}

int configure_podman(const struct configure *want, struct outcome *out, struct error *err)
{
	char *text;
	int r;

	if (want->mode != MODE_WRAPPER)
		return hooks(want, HOOKS_PODMAN, out, err);
	r = asprintf(&text,
		     "[engine.runtimes]\n"
		     "%s = [\"" OOMGUARD_WRAPPER_PATH "\"]\n",
		     want->handler);
	return drop_in(want, "podman", PODMAN_DROP_IN, r < 0 ? NULL : text, out, err);
}

int configure_crio(const struct configure *want, struct outcome *out, struct error *err)
{
	char *text;
	int r;

	out->unit = "crio.service";
	out->action = "restart";
	snprintf(out->needs, sizeof(out->needs), "CRI-O reads it when it is restarted");
	if (want->mode != MODE_WRAPPER)
		return hooks(want, HOOKS_CRIO, out, err);
	r = asprintf(&text,
		     "[crio.runtime.runtimes.%s]\n"
		     "runtime_path = \"" OOMGUARD_WRAPPER_PATH "\"\n"
		     "runtime_type = \"oci\"\n"
		     "runtime_root = \"/run/runc\"\n",
		     want->handler);
	return drop_in(want, "crio", CRIO_DROP_IN, r < 0 ? NULL : text, out, err);
}
