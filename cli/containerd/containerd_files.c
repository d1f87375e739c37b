/* SPDX-License-Identifier: Apache-2.0 */
#include "containerd_files.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cleanup.h"

/* `len` of them: none has this path. */
static size_t find_path(const struct containerd_files *files, const char *path)
{
	size_t i = 0;

	while (i < files->len && strcmp(files->nodes[i].path, path) != 0)
		i++;
	return i;
}

/* The file among the first `len`. */
static const struct containerd_node *find_inode(const struct containerd_files *files, size_t len,
						const struct stat *st)
{
	for (size_t i = 0; i < len; i++)
		if (files->nodes[i].inode == st->st_ino && files->nodes[i].device == st->st_dev)
			return &files->nodes[i];
	return NULL;
}

/* Adds a file, where it is not there yet: none is loaded twice. */
static int add(struct containerd_files *files, const char *path, struct containerd_node **out,
	       struct error *err)
{
	struct containerd_node *node = &files->nodes[find_path(files, path)];

	if (node == files->nodes + files->len) {
		if (files->len == CONTAINERD_FILES_MAX)
			return error_say(err, E2BIG, "more than %d files are imported",
					 CONTAINERD_FILES_MAX);
		*node = (struct containerd_node){.path = strdup(path)};
		if (!node->path)
			return error_set(err, ENOMEM, "%s", path);
		files->len++;
	}
	*out = node;
	return 0;
}

static int follow(struct containerd_files *files, const char *prefix, const char *from,
		  const struct containerd_import_line *import, struct error *err)
{
	struct containerd_imports named;
	int r = containerd_import(prefix, from, import->name, &named, err);

	/* Up to containerd 1.7 it is relative to where containerd was started. */
	if (r == 0 && import->name[0] != '/' && !named.by_name) {
		files->relative_in = from;
		files->relative_line = import->line;
	}
	for (size_t i = 0; i < named.len && r == 0; i++) {
		struct containerd_node *node;

		r = add(files, named.paths[i], &node, err);
		if (r == 0 && named.by_name) {
			node->named_in = from;
			node->named_line = import->line;
		}
	}
	if (r == 0 && !files->drop_in)
		files->drop_in = take_ptr(named.drop_in);
	containerd_imports_free(&named);
	return r < 0 ? error_wrap(err, r, "%s:%u", from, import->line) : 0;
}

/* Finds a file that was read already, by another name. */
static void find_same(struct containerd_files *files, size_t i)
{
	struct containerd_node *node = &files->nodes[i];
	struct stat st;

	if (stat(node->path, &st) < 0)
		return;
	node->device = st.st_dev;
	node->inode = st.st_ino;
	node->same = find_inode(files, i, &st);
}

int containerd_files_follow(const char *prefix, const char *main_file, containerd_read *read,
			    void *context, struct containerd_files *out, struct error *err)
{
	struct containerd_node *node;
	int r;

	*out = (struct containerd_files){0};
	r = add(out, main_file, &node, err);
	/* It becomes longer on the way: what an imported file imports is loaded after all others.
	 */
	for (size_t i = 0; i < out->len && r == 0; i++) {
		const struct containerd_head *head;

		node = &out->nodes[i];
		find_same(out, i);
		r = read(out, i, context, err);
		head = node->same ? &node->same->head : &node->head;
		for (size_t j = 0; j < head->len && r == 0; j++)
			r = follow(out, prefix, node->path, &head->imports[j], err);
	}
	return r;
}

void containerd_files_free(struct containerd_files *files)
{
	for (size_t i = 0; i < files->len; i++) {
		free(files->nodes[i].path);
		containerd_head_free(&files->nodes[i].head);
	}
	files->len = 0;
	free(take_ptr(files->drop_in));
}

bool containerd_files_has(const struct containerd_files *files, const char *path)
{
	struct stat st;

	return find_path(files, path) < files->len ||
	       (stat(path, &st) == 0 && find_inode(files, files->len, &st));
}
