/* SPDX-License-Identifier: Apache-2.0 */
/*
 * containerd: a runtime handler of the CRI plugin, by the wrapper or by hooks in a base
 * specification.
 *
 * Where the main file imports a directory, a drop-in of ours is written. Up to containerd 1.7 it
 * would do harm where a file that is loaded has a section of the plugin: the section of an imported
 * file takes the place of the whole one before it (mergeConfig() in services/server/config; since
 * 2.0, which brought version 3 of the file, they are joined). Then the lines are told, or with
 * --edit put behind the file that has the section last.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "config.h"
#include "configure.h"
#include "containerd_back.h"
#include "containerd_found.h"
#include "drop_in.h"
#include "escape.h"
#include "toml_block.h"

#define MAIN_FILE "/etc/containerd/config.toml"
#define VERSION_JOINED 3 /* read by containerd from 2.0 on, which joins sections */

/* The file that lines of ours go behind. */
static const struct containerd_file *target(const struct containerd_found *found)
{
	const struct containerd_file *last = containerd_last(found);

	return last ? last : found->files[0];
}

/* What holds beside ours: up to containerd 1.7 that is what one file says. */
static void look_at_runtimes(const struct containerd_found *found, bool *any, bool *systemd_cgroup)
{
	*any = *systemd_cgroup = false;
	for (size_t i = 0; i < found->len; i++) {
		const struct toml_facts *facts = &found->files[i]->facts;

		if (found->version < VERSION_JOINED && found->files[i] != target(found))
			continue;
		*systemd_cgroup |= facts->systemd_cgroup;
		for (size_t j = 0; j < facts->runtimes_len; j++)
			*any |= facts->runtimes[j].counts;
	}
}

/*
 * The tables of our handler; owned. A first table of a runtime takes the place of the built-in runc
 * (1.6, 1.7), without which the plugin does not start: then that is written down as well.
 */
static char *make_tables(const struct configure *want, const struct containerd_found *found,
			 const char *plugin)
{
	bool base_spec = want->mode == MODE_BASE_SPEC, any, systemd_cgroup;
	cleanup_free char *parent = NULL, *runc = NULL, *options = NULL;
	cleanup_free char *wrapper = configure_wrapper(want), *binary = NULL;
	char *text;

	look_at_runtimes(found, &any, &systemd_cgroup);
	if (!wrapper || asprintf(&binary, "    BinaryName = \"%s\"\n", wrapper) < 0 ||
	    asprintf(&parent, "plugins.\"%s\".containerd.runtimes", plugin) < 0 ||
	    asprintf(&runc, "[%s.runc]\n  runtime_type = \"io.containerd.runc.v2\"\n", parent) <
		0 ||
	    asprintf(&options, "  [%s.%s.options]\n%s%s", parent, want->handler,
		     base_spec ? "" : binary,
		     systemd_cgroup ? "    SystemdCgroup = true\n" : "") < 0)
		return NULL;
	if (asprintf(&text,
		     "%s"
		     "[%s.%s]\n"
		     "  runtime_type = \"io.containerd.runc.v2\"\n"
		     "  pod_annotations = [\"oomguard.io/*\"]\n"
		     "  container_annotations = [\"oomguard.io/*\"]\n"
		     "%s%s",
		     any || !strcmp(want->handler, "runc") ? "" : runc, parent, want->handler,
		     base_spec ? "  base_runtime_spec = \"" OOMGUARD_BASE_SPEC_FILE "\"\n" : "",
		     options) < 0)
		return NULL;
	return text;
}

static int check_open(const struct containerd_file *file, struct error *err)
{
	int r;

	if (!file->facts.closed_line)
		return 0;
	r = error_say(err, EINVAL,
		      "%s:%u: the plugin's runtimes, or what they are in, is an inline table: no "
		      "runtime can be added to it",
		      file->path, file->facts.closed_line);
	return error_hint(err, r, "write it as tables, [a.b.c], first");
}

static int plan_new_drop_in(const struct containerd_found *found, const char *tables,
			    struct outcome *out, struct error *err)
{
	cleanup_free char *lines = NULL;
	int r;

	if (asprintf(&lines, "version = %ld\n\n%s", found->version, tables) < 0)
		lines = NULL;
	r = lines ? drop_in_plan(&out->changes, found->all.drop_in, CONTAINERD_ENGINE, lines, err)
		  : error_set(err, ENOMEM, "cannot make the drop-in");
	/* One of the two is enough. */
	return r < 0 ? r : containerd_remove_drop_ins(found, found->all.drop_in, out, err);
}

/* Behind the file that holds, with a version where it is new. */
static int plan_edit(const struct containerd_found *found, const char *tables, struct outcome *out,
		     struct error *err)
{
	const struct containerd_file *file = target(found);
	char *after;
	bool made = false;
	int r = check_open(file, err);

	if (r == 0)
		r = containerd_keep_edited(file, out, err);
	if (r == 0)
		r = containerd_is_made_by_us(file, &out->changes, &made, err);
	if (r < 0)
		return r;
	after = toml_block_add(file->text ? file->text : CONTAINERD_NEW_FILE, tables);
	if (!after)
		return error_set(err, ENOMEM, "cannot change %s", file->path);
	r = change_plan(&out->changes, file->path, after, strlen(after), made ? NULL : file->text,
			err);
	if (r == 0)
		r = containerd_cut_blocks(found, file, out, err);
	/* One of the two is enough. */
	return r < 0 ? r : containerd_remove_drop_ins(found, NULL, out, err);
}

static int tell_by_hand(const struct containerd_found *found, const char *tables,
			struct outcome *out, struct error *err)
{
	const struct containerd_file *file = target(found);
	const char *why = !found->all.drop_in && file == found->files[0]
			      ? "imports no drop-ins"
			      : "has a section of this plugin, whose place a drop-in would take up "
				"to containerd 1.7";
	char path[PATH_MAX];
	int r = check_open(file, err);

	if (r < 0)
		return r;
	if (asprintf(&out->by_hand,
		     "%s %s.\n"
		     "Add this to it, or call again with --edit:\n\n%s%s",
		     escape_terminal(file->path, path, sizeof(path)), why,
		     found->files[0]->text ? "" : CONTAINERD_NEW_FILE "\n", tables) < 0) {
		out->by_hand = NULL;
		return error_set(err, ENOMEM, "cannot tell what to add");
	}
	return 0;
}

static int plan_new(const struct configure *want, const struct containerd_found *found,
		    struct outcome *out, struct error *err)
{
	const struct containerd_file *last = containerd_last(found);
	bool edit = want->edit, drop_in;
	cleanup_free char *tables = NULL;

	for (size_t i = 0; i < found->len; i++)
		edit |= found->files[i]->had_block;
	drop_in = !edit && found->all.drop_in && (!last || found->version >= VERSION_JOINED);
	tables = make_tables(want, found, (drop_in ? found->files[0] : target(found))->plugin);
	if (!tables)
		return error_set(err, ENOMEM, "cannot make the tables");
	if (edit)
		return plan_edit(found, tables, out, err);
	if (!drop_in)
		return tell_by_hand(found, tables, out, err);
	return plan_new_drop_in(found, tables, out, err);
}

/* The runtime is there without our doing: by hand, as it was told, or it is somebody else's. */
static int plan_beside(const struct configure *want, const struct containerd_found *found,
		       const struct toml_runtime *runtime, const struct containerd_file *in,
		       struct outcome *out, struct error *err)
{
	bool ours =
	    want->mode == MODE_BASE_SPEC ? runtime->names_base_spec : runtime->names_wrapper;
	char *text = NULL;
	size_t len;
	FILE *to;
	int r;

	for (size_t i = 0; i < found->len; i++)
		ours &= !containerd_has_ours(found->files[i]);
	if (!ours) {
		r = error_say(err, EEXIST, "%s:%u: there is a runtime \"%s\" already", in->path,
			      runtime->first, want->handler);
		return error_hint(err, r, "remove it, or choose another --handler");
	}
	if (found->version < VERSION_JOINED && in != target(found)) {
		r = error_say(err, EEXIST,
			      "%s:%u: runtime \"%s\" is not in force up to containerd 1.7: the "
			      "section of the plugin in %s takes the place of this one",
			      in->path, runtime->first, want->handler, target(found)->path);
		return error_hint(err, r, "move it there");
	}
	to = open_memstream(&text, &len);
	if (to) {
		containerd_tell_runtime(to, in, runtime);
		fputs(" is registered by hand", to);
		fclose(to);
	}
	out->note = text;
	return text ? 0 : error_set(err, ENOMEM, "cannot tell what is there");
}

static int plan(const struct configure *want, const struct containerd_found *found,
		struct outcome *out, struct error *err)
{
	const struct containerd_file *in;
	const struct toml_runtime *runtime = containerd_runtime(found, want->handler, &in);
	int r;

	if (found->version == 2 && found->all.relative_in) {
		r = error_say(err, EINVAL,
			      "%s:%u: where a relative import with a '*' is looked for differs "
			      "between versions of containerd",
			      found->all.relative_in, found->all.relative_line);
		return error_hint(err, r, "write the whole path");
	}
	return runtime ? plan_beside(want, found, runtime, in, out, err)
		       : plan_new(want, found, out, err);
}

/* There is one handler at a time. */
static int check_handler(const struct configure *want, const struct containerd_found *found,
			 struct error *err)
{
	if (want->remove && !want->handler_given)
		return 0;
	for (size_t i = 0; i < found->len; i++) {
		const struct containerd_file *file = found->files[i];
		int r;

		if (!file->handler || !strcmp(file->handler, want->handler) ||
		    (!want->remove && !file->node))
			continue;
		r = error_say(err, EEXIST, "%s: handler \"%s\" is registered, not \"%s\"",
			      file->path, file->handler, want->handler);
		return error_hint(err, r, "%s",
				  want->remove ? "leave --handler out, or name that one"
					       : "take it back first: oomguard configure "
						 "containerd --remove");
	}
	return 0;
}

/* Beside the main file: an import may well name every file of its directory. */
static int keep_copies(const struct containerd_found *found, struct outcome *out, struct error *err)
{
	const char *path = found->files[0]->path;

	out->changes.copies_dir = strndup(path, (size_t)(strrchr(path, '/') - path));
	return out->changes.copies_dir ? 0 : error_set(err, ENOMEM, "cannot name the directory");
}

int configure_containerd(const struct configure *want, struct outcome *out, struct error *err)
{
	bool base_spec = want->mode == MODE_BASE_SPEC;
	cleanup_free char *main_file = NULL;
	struct containerd_found found = {0};
	int r = 0;

	out->unit = "containerd.service";
	out->action = "restart";
	snprintf(out->needs, sizeof(out->needs), "containerd reads it when it is restarted");
	if (want->mode == MODE_HOOKS || want->always)
		r = error_say(err, EINVAL,
			      "containerd has no hooks.d: only --mode wrapper or "
			      "base-spec, without --always");
	if (r == 0)
		r = base_spec ? configure_need_program(want, OOMGUARD_HOOK_PATH, err)
			      : configure_need_wrapper(want, err);
	main_file = want->config ? strdup(want->config) : configure_path(want, MAIN_FILE);
	if (r == 0 && !main_file)
		r = error_set(err, ENOMEM, "cannot name the file");
	if (r == 0)
		r = containerd_find(want->prefix, main_file, &found, err);
	if (r == 0)
		r = check_handler(want, &found, err);
	if (r == 0)
		r = keep_copies(&found, out, err);
	/* The file is there before it is named, and as long as it is. */
	if (r == 0 && base_spec && !want->remove)
		r = configure_base_spec(want, out, err);
	if (r == 0)
		r = want->remove ? containerd_take_back(want, &found, out, err)
				 : plan(want, &found, out, err);
	containerd_found_free(&found);
	return r;
}
