/* SPDX-License-Identifier: Apache-2.0 */
/* containerd's main file and what it imports: handlers of ours, and base specifications. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "containerd_files.h"
#include "engine_runtimes.h"

#define ENGINE "containerd"
#define MAIN_FILE "/etc/containerd/config.toml"
#define VERSION_JOINED 3 /* read by containerd from 2.0 on, which joins sections */

struct containerd {
	const struct engine_reading *reading;
	struct containerd_files files;
	char
	    *texts[CONTAINERD_FILES_MAX]; /* owned; NULL: it is not there, or the same as another */
	bool has_section[CONTAINERD_FILES_MAX]; /* of the CRI plugin */
	const char *file;			/* the one that is read, without the root */
	bool in_force;				/* it is */
	struct engine_runtimes runtimes;	/* of the files that are in force */
};

static bool is_plugin(const struct toml_path *path)
{
	return path->len > 1 && !strcmp(path->key[0], "plugins") &&
	       (!strcmp(path->key[1], "io.containerd.grpc.v1.cri") || !strcmp(path->key[1], "cri"));
}

static int visit_section(const struct toml_entry *entry, void *context, struct error *err)
{
	*(bool *)context |= is_plugin(entry->path);
	return 0;
}

static int visit_spec(const struct toml_entry *entry, void *context, struct error *err)
{
	const struct containerd *all = context;

	if (entry->kind == TOML_TEXT && entry->value &&
	    !strcmp(engine_key(entry->path, 0), "base_runtime_spec"))
		facts_base_spec(all->reading, all->file, entry->value);
	return 0;
}

/* plugins.PLUGIN.containerd: default_runtime_name, and a table for each handler. */
static void note_runtimes(struct containerd *all, const struct toml_entry *entry)
{
	const struct toml_path *path = entry->path;

	if (path->len < 4 || strcmp(path->key[0], "plugins") || strcmp(path->key[2], "containerd"))
		return;
	if (path->len == 4 && !strcmp(path->key[3], "default_runtime_name") &&
	    entry->kind == TOML_TEXT)
		engine_runtimes_choose(&all->runtimes, all->file, entry->value);
	if (path->len > 4 && !strcmp(path->key[3], "runtimes"))
		engine_runtimes_add(&all->runtimes, path->key[4]);
}

/* What is in force, and BinaryName of a runc handler. */
static int visit_runtime(const struct toml_entry *entry, void *context, struct error *err)
{
	struct containerd *all = context;

	if (all->in_force)
		note_runtimes(all, entry);
	if (entry->kind == TOML_TEXT && !strcmp(engine_key(entry->path, 0), "BinaryName") &&
	    engine_names_wrapper(entry->value))
		engine_add(all->reading, ENGINE, all->file, engine_key(entry->path, 2),
			   entry->value);
	return 0;
}

static const char *without_root(const struct containerd *all, const char *path)
{
	return path + strlen(all->reading->root);
}

/* What is not understood is told, and the file is followed as far as it is. */
static int read_file(struct containerd_files *files, size_t i, void *context, struct error *err)
{
	struct containerd *all = context;
	struct containerd_node *node = &files->nodes[i];
	const char *file = without_root(all, node->path);
	struct error wrong = {0}, also = {0};
	char *text;
	int r;

	if (node->same)
		return 0;
	text = all->texts[i] = engine_read_text(all->reading, ENGINE, file);
	if (!text)
		return 0;
	r = containerd_head_read(text, file, &node->head, &wrong);
	if (toml_walk(text, file, visit_section, &all->has_section[i], &also) < 0 && r == 0)
		wrong = also;
	if (wrong.code)
		engine_unreadable(all->reading, ENGINE, file, wrong.message);
	return 0;
}

/*
 * Up to containerd 1.7 a file's section of the plugin takes the place of the whole one before it:
 * the last file with one. NULL: all are in force.
 */
static const struct containerd_node *find_holder(const struct containerd *all)
{
	const struct containerd_files *files = &all->files;
	const struct containerd_node *node, *itself;

	if (files->len == 0 || files->nodes[0].head.version >= VERSION_JOINED)
		return NULL;
	for (size_t i = files->len; i-- > 0;) {
		node = &files->nodes[i];
		itself = node->same ? node->same : node;
		if (all->has_section[itself - files->nodes])
			return itself;
	}
	return NULL;
}

/* Shows the files to `visit`, those that are in force or the others. */
static void walk(struct containerd *all, const struct containerd_node *holder, bool in_force,
		 toml_visit *visit)
{
	struct engine_facts *out = all->reading->out;

	for (size_t i = 0; i < all->files.len; i++) {
		const struct containerd_node *node = &all->files.nodes[i];
		size_t from = out->len;

		all->in_force = !holder || node == holder || !all->has_section[i];
		if (!all->texts[i] || all->in_force != in_force)
			continue;
		all->file = without_root(all, node->path);
		toml_walk(all->texts[i], all->file, visit, all, NULL);
		for (; from < out->len && !in_force; from++)
			snprintf(out->items[from].replaced_by, PATH_MAX, "%s",
				 without_root(all, holder->path));
	}
}

/* A drop-in of ours that nothing imports. */
static void read_stray(void *context, const char *file)
{
	struct containerd *all = context;
	struct engine_facts *out = all->reading->out;
	cleanup_free char *path = NULL, *text = NULL;
	struct error err = {0};
	size_t from = out->len;

	if (asprintf(&path, "%s%s", all->reading->root, file) < 0) {
		path = NULL;
		return;
	}
	if (containerd_files_has(&all->files, path))
		return;
	all->file = file;
	all->in_force = false;
	text = engine_read_text(all->reading, ENGINE, file);
	if (text && toml_walk(text, file, visit_spec, all, &err) < 0)
		engine_unreadable(all->reading, ENGINE, file, err.message);
	if (text)
		toml_walk(text, file, visit_runtime, all, NULL);
	for (; from < out->len; from++)
		out->items[from].not_read = true;
}

/* Without a file that is imported by its name containerd does not start. */
static void look_for_missing(const struct containerd *all)
{
	for (size_t i = 0; i < all->files.len; i++) {
		const struct containerd_node *node = &all->files.nodes[i];
		const char *file = without_root(all, node->path);
		struct named_file named;
		char why[768];

		if (!node->named_in)
			continue;
		facts_named_file(all->reading->root, file, &named);
		if (named.missing != ENOENT)
			continue;
		snprintf(why, sizeof(why), "%.300s: %.300s:%u imports it, and it is not there",
			 file, without_root(all, node->named_in), node->named_line);
		engine_unreadable(all->reading, ENGINE, file, why);
	}
}

static void follow(struct containerd *all)
{
	cleanup_free char *main_file = NULL;
	struct error err = {0};

	if (asprintf(&main_file, "%s" MAIN_FILE, all->reading->root) < 0) {
		main_file = NULL;
		return;
	}
	if (containerd_files_follow(all->reading->root, main_file, read_file, all, &all->files,
				    &err) < 0)
		engine_unreadable(all->reading, ENGINE, MAIN_FILE, err.message);
	look_for_missing(all);
}

void facts_containerd(const struct engine_reading *reading)
{
	static const char *const own[] = {"runc", NULL};
	cleanup_free struct containerd *all = calloc(1, sizeof(*all));
	const struct containerd_node *holder;

	if (!all)
		return;
	all->reading = reading;
	follow(all);
	holder = find_holder(all);
	/* Of files that share a specification those are told that are in force. */
	walk(all, holder, true, visit_spec);
	walk(all, holder, false, visit_spec);
	walk(all, holder, false, visit_runtime);
	walk(all, holder, true, visit_runtime);
	engine_runtimes_judge(&all->runtimes, reading, ENGINE, own);
	engine_each_file(reading, "/etc/containerd/conf.d/*oomguard*.toml", read_stray, all);
	for (size_t i = 0; i < CONTAINERD_FILES_MAX; i++)
		free(all->texts[i]);
	containerd_files_free(&all->files);
}
