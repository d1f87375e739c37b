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
#include <fnmatch.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "config.h"
#include "configure.h"
#include "drop_in.h"
#include "toml_block.h"
#include "toml_scan.h"

#define ENGINE "containerd"
#define MAIN_FILE "/etc/containerd/config.toml"
#define DROP_IN_NAME "oomguard.toml"
#define CRI_V2 "io.containerd.grpc.v1.cri"
#define CRI_V3 "io.containerd.cri.v1.runtime"
#define NEW_FILE "version = 2\n"
#define VERSION_JOINED 3 /* read by containerd from 2.0 on, which joins sections */
#define VERSION_MAX 4	 /* its CRI plugin is called as in version 3 */

/* What is loaded, and what of it counts. */
struct found {
	char *main_file;
	char *main_text; /* without our block; NULL: no file */
	char *drop_in;	 /* where ours is imported from; NULL: nowhere */
	char *last;	 /* the file whose section of the plugin holds; NULL: none has one */
	const char *plugin;
	long version;
	bool systemd_cgroup, has_runtime;
	char **with_block; /* the files that have ours already */
	size_t with_block_len;
};

static void found_free(struct found *found)
{
	free(found->main_file);
	free(found->main_text);
	free(found->drop_in);
	free(found->last);
	for (size_t i = 0; i < found->with_block_len; i++)
		free(found->with_block[i]);
	free(found->with_block);
}

/* A file without our block in it. */
struct without {
	char *text;  /* NULL: no file */
	char *whole; /* with the block, where somebody has changed that; else NULL */
	bool had;    /* there was a block */
};

static void without_free(struct without *file)
{
	free(file->text);
	free(file->whole);
}

#define cleanup_without __attribute__((cleanup(without_free)))

static int read_without(const char *path, struct without *out, struct error *err)
{
	bool edited;
	size_t len;
	int r;

	*out = (struct without){0};
	r = change_read(path, &out->text, &len, err);
	if (r < 0 || !out->text)
		return r;
	if (strlen(out->text) != len)
		return error_say(err, EINVAL, "%s holds a NUL", path);
	out->whole = strdup(out->text);
	if (!out->whole)
		return error_set(err, ENOMEM, "cannot read %s", path);
	r = toml_block_cut(out->text, path, &edited, err);
	out->had = r == 0 && strlen(out->text) != len;
	if (!edited)
		free(take_ptr(out->whole));
	return r;
}

static int remember_block(struct found *found, const char *path, struct error *err)
{
	char **list = reallocarray(found->with_block, found->with_block_len + 1, sizeof(*list));

	if (list)
		found->with_block = list;
	if (!list || !(list[found->with_block_len] = strdup(path)))
		return error_set(err, ENOMEM, "%s", path);
	found->with_block_len++;
	return 0;
}

/* One file that is loaded. `facts` may have imports. */
static int look_at(struct found *found, const struct configure *want, const char *path,
		   const char *text, struct toml_facts *facts, struct error *err)
{
	int r = toml_scan(text, path, found->plugin, want->handler, facts, err);

	if (r < 0)
		return r;
	if (!want->remove && facts->has_handler) {
		r = error_say(err, EEXIST, "%s has a runtime \"%s\" already", path, want->handler);
		return error_hint(err, r, "remove it, or choose another --handler");
	}
	if (!want->remove && facts->closed && facts->has_plugin)
		return error_say(err, EINVAL,
				 "%s has the plugin's runtimes in an inline table: no runtime can "
				 "be added to it",
				 path);
	found->systemd_cgroup |= facts->systemd_cgroup;
	found->has_runtime |= facts->has_other_runtime;
	if (!facts->has_plugin)
		return 0;
	free(found->last);
	found->last = strdup(path);
	return found->last ? 0 : error_set(err, ENOMEM, "%s", path);
}

static bool is_ours(const char *path)
{
	const char *name = strrchr(path, '/');

	return name && !strcmp(name + 1, DROP_IN_NAME);
}

/* What an import names, below the prefix. */
static int look_at_import(struct found *found, const struct configure *want, const char *import,
			  struct error *err)
{
	cleanup_free char *pattern = configure_path(want, import);
	const char *name = strrchr(import, '/');
	glob_t files = {0};
	int r = 0;

	/* A relative one is relative to what differs between versions of containerd. */
	if (!pattern || import[0] != '/')
		return pattern ? 0 : error_set(err, ENOMEM, "%s", import);
	if (!found->drop_in && fnmatch(name + 1, DROP_IN_NAME, 0) == 0) {
		if (asprintf(&found->drop_in, "%s%.*s/" DROP_IN_NAME, want->prefix,
			     (int)(name - import), import) < 0)
			found->drop_in = NULL;
		if (!found->drop_in)
			return error_set(err, ENOMEM, "%s", import);
	}
	if (glob(pattern, 0, NULL, &files) != 0)
		return 0;
	for (size_t i = 0; i < files.gl_pathc && r == 0; i++) {
		cleanup_without struct without file = {0};
		struct toml_facts facts = {0};

		if (is_ours(files.gl_pathv[i]))
			continue;
		r = read_without(files.gl_pathv[i], &file, err);
		if (r == 0 && file.had)
			r = remember_block(found, files.gl_pathv[i], err);
		if (r == 0 && file.text)
			r = look_at(found, want, files.gl_pathv[i], file.text, &facts, err);
		toml_facts_free(&facts);
	}
	globfree(&files);
	return r;
}

static int plugin_of(long version, const char *path, const char **out, struct error *err)
{
	int r;

	if (version == 2 || (version >= 3 && version <= VERSION_MAX)) {
		*out = version == 2 ? CRI_V2 : CRI_V3;
		return 0;
	}
	r = error_say(err, EINVAL, "%s is of version %ld, understood are 2 to %d", path,
		      version ? version : 1, VERSION_MAX);
	return error_hint(err, r, "`containerd config migrate` prints it in a newer version");
}

static int find(const struct configure *want, struct found *found, struct error *err)
{
	cleanup_without struct without file = {0};
	struct toml_facts facts = {0};
	int r;

	found->main_file = want->config ? strdup(want->config) : configure_path(want, MAIN_FILE);
	if (!found->main_file)
		return error_set(err, ENOMEM, "cannot name the file");
	r = read_without(found->main_file, &file, err);
	if (r < 0)
		return r;
	if (file.had)
		r = remember_block(found, found->main_file, err);
	if (r < 0)
		return r;
	found->main_text = take_ptr(file.text);
	found->version = 2;
	found->plugin = CRI_V2;
	if (!found->main_text)
		return 0;
	r = toml_scan(found->main_text, found->main_file, NULL, NULL, &facts, err);
	found->version = facts.version;
	toml_facts_free(&facts);
	if (r == 0)
		r = plugin_of(found->version, found->main_file, &found->plugin, err);
	if (r == 0)
		r = look_at(found, want, found->main_file, found->main_text, &facts, err);
	for (size_t i = 0; i < facts.imports_len && r == 0; i++)
		r = look_at_import(found, want, facts.imports[i], err);
	toml_facts_free(&facts);
	return r;
}

/*
 * The tables of our handler; owned. A first table of a runtime takes the place of the built-in runc
 * (1.6, 1.7), without which the plugin does not start: then that is written down as well.
 */
static char *make_tables(const struct configure *want, const struct found *found)
{
	bool base_spec = want->mode == MODE_BASE_SPEC;
	cleanup_free char *parent = NULL, *runc = NULL, *options = NULL;
	char *text;

	if (asprintf(&parent, "plugins.\"%s\".containerd.runtimes", found->plugin) < 0 ||
	    asprintf(&runc, "[%s.runc]\n  runtime_type = \"io.containerd.runc.v2\"\n", parent) <
		0 ||
	    asprintf(&options, "  [%s.%s.options]\n%s%s", parent, want->handler,
		     base_spec ? "" : "    BinaryName = \"" OOMGUARD_WRAPPER_PATH "\"\n",
		     found->systemd_cgroup ? "    SystemdCgroup = true\n" : "") < 0)
		return NULL;
	if (asprintf(&text,
		     "%s"
		     "[%s.%s]\n"
		     "  runtime_type = \"io.containerd.runc.v2\"\n"
		     "  pod_annotations = [\"oomguard.io/*\"]\n"
		     "  container_annotations = [\"oomguard.io/*\"]\n"
		     "%s%s",
		     found->has_runtime || !strcmp(want->handler, "runc") ? "" : runc, parent,
		     want->handler,
		     base_spec ? "  base_runtime_spec = \"" OOMGUARD_BASE_SPEC_FILE "\"\n" : "",
		     options) < 0)
		return NULL;
	return text;
}

/* Reads a file whose block is to go. */
static int take_block(const char *path, struct without *file, struct outcome *out,
		      struct error *err)
{
	int r = read_without(path, file, err);

	if (r < 0 || !file->whole)
		return r;
	return change_plan_edited(&out->changes, path, file->whole, strlen(file->whole), err);
}

static int plan_new_drop_in(const struct found *found, const char *tables, struct outcome *out,
			    struct error *err)
{
	cleanup_free char *lines = NULL;

	if (asprintf(&lines, "version = %ld\n\n%s", found->version, tables) < 0)
		lines = NULL;
	return lines ? drop_in_plan(&out->changes, found->drop_in, ENGINE, lines, err)
		     : error_set(err, ENOMEM, "cannot make the drop-in");
}

static int cut_block(const char *path, struct outcome *out, struct error *err)
{
	cleanup_without struct without file = {0};
	int r = take_block(path, &file, out, err);
	size_t len;

	if (r < 0)
		return r;
	/* A file that we made is ours as a whole. */
	if (file.had && !strcmp(file.text, NEW_FILE))
		free(take_ptr(file.text));
	len = file.text ? strlen(file.text) : 0;
	return change_plan_back(&out->changes, path, take_ptr(file.text), len, err);
}

/* Ours wherever it is, but in one file: which section holds may have changed since it was put. */
static int cut_blocks(const struct found *found, const char *but, struct outcome *out,
		      struct error *err)
{
	int r = 0;

	for (size_t i = 0; i < found->with_block_len && r == 0; i++)
		if (!but || strcmp(found->with_block[i], but) != 0)
			r = cut_block(found->with_block[i], out, err);
	return r;
}

/* Behind the file that holds, with a version where it is new. */
static int plan_edit(const struct found *found, const char *tables, struct outcome *out,
		     struct error *err)
{
	const char *path = found->last ? found->last : found->main_file;
	cleanup_without struct without file = {0};
	char *after = NULL;
	int r = take_block(path, &file, out, err);

	if (r < 0)
		return r;
	after = toml_block_add(file.text ? file.text : NEW_FILE, tables);
	if (!after)
		return error_set(err, ENOMEM, "cannot change %s", path);
	r = change_plan(&out->changes, path, after, strlen(after), file.text, err);
	if (r == 0)
		r = cut_blocks(found, path, out, err);
	/* One of the two is enough. */
	if (r == 0 && found->drop_in)
		r = drop_in_plan(&out->changes, found->drop_in, ENGINE, NULL, err);
	return r;
}

static int tell_by_hand(const struct found *found, const char *tables, struct outcome *out,
			struct error *err)
{
	const char *file = found->last ? found->last : found->main_file;
	const char *why = !found->drop_in && !strcmp(file, found->main_file)
			      ? "imports no drop-ins"
			      : "has a section of this plugin, whose place a drop-in would take up "
				"to containerd 1.7";

	if (asprintf(&out->by_hand,
		     "%s %s.\n"
		     "Add this to it, or call again with --edit:\n\n%s%s",
		     file, why, found->main_text ? "" : "version = 2\n\n", tables) < 0) {
		out->by_hand = NULL;
		return error_set(err, ENOMEM, "cannot tell what to add");
	}
	return 0;
}

static int plan_removal(const struct found *found, struct outcome *out, struct error *err)
{
	int r = found->drop_in ? drop_in_plan(&out->changes, found->drop_in, ENGINE, NULL, err) : 0;

	return r < 0 ? r : cut_blocks(found, NULL, out, err);
}

static int plan(const struct configure *want, const struct found *found, struct outcome *out,
		struct error *err)
{
	cleanup_free char *tables = make_tables(want, found);

	if (!tables)
		return error_set(err, ENOMEM, "cannot make the tables");
	if (want->remove)
		return plan_removal(found, out, err);
	if (want->edit || found->with_block_len > 0)
		return plan_edit(found, tables, out, err);
	if (found->drop_in && (!found->last || found->version >= VERSION_JOINED))
		return plan_new_drop_in(found, tables, out, err);
	return tell_by_hand(found, tables, out, err);
}

/* Beside the main file: an import may well name every file of its directory. */
static int keep_copies(const struct found *found, struct outcome *out, struct error *err)
{
	const char *name = strrchr(found->main_file, '/');

	out->changes.copies_dir = strndup(found->main_file, (size_t)(name - found->main_file));
	return out->changes.copies_dir ? 0 : error_set(err, ENOMEM, "cannot name the directory");
}

int configure_containerd(const struct configure *want, struct outcome *out, struct error *err)
{
	bool base_spec = want->mode == MODE_BASE_SPEC;
	struct found found = {0};
	int r = 0;

	out->unit = "containerd.service";
	out->action = "restart";
	snprintf(out->needs, sizeof(out->needs), "containerd reads it when it is restarted");
	if (want->mode == MODE_HOOKS || want->always)
		r = error_say(err, EINVAL,
			      "containerd has no hooks.d: only --mode wrapper or "
			      "base-spec, without --always");
	if (r == 0)
		r = configure_need_program(
		    want, base_spec ? OOMGUARD_HOOK_PATH : OOMGUARD_WRAPPER_PATH, err);
	if (r == 0)
		r = find(want, &found, err);
	if (r == 0)
		r = keep_copies(&found, out, err);
	/* The file is there before it is named, and as long as it is. */
	if (r == 0 && base_spec && !want->remove)
		r = configure_base_spec(want, out, err);
	if (r == 0)
		r = plan(want, &found, out, err);
	if (r == 0 && want->remove)
		r = configure_base_spec(want, out, err);
	found_free(&found);
	return r;
}
