/* SPDX-License-Identifier: Apache-2.0 */
/* The files of its configuration that containerd loads, in its order. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "containerd_head.h"
#include "containerd_import.h"
#include "error.h"

struct containerd_node {
	char *path; /* owned */
	dev_t device;
	ino_t inode;
	const struct containerd_node *same; /* it is this one, by another name, and is told there */
	const char *named_in;		    /* the file that imports it by its name; NULL: none */
	unsigned named_line;
	struct containerd_head head; /* of a file that `same` names it is empty */
};

struct containerd_files {
	struct containerd_node nodes[CONTAINERD_FILES_MAX]; /* the first is the main file */
	size_t len;
	char *drop_in; /* where a drop-in of ours would be loaded from, owned; NULL: nowhere */
	/* The last relative pattern, for which versions of containerd look in different places. */
	const char *relative_in; /* NULL: there is none */
	unsigned relative_line;
};

/*
 * Reads file `i` and fills its head; one that is not there has an empty head. It is called too for
 * a file that is `same` as another one, of which nothing is to be read. Negative ends it all.
 */
typedef int containerd_read(struct containerd_files *files, size_t i, void *context,
			    struct error *err);

/*
 * Follows the imports from the main file, which is below the prefix, or somewhere else. *out is to
 * be freed in any case, and stays where it is. -E2BIG when there are too many.
 */
int containerd_files_follow(const char *prefix, const char *main_file, containerd_read *read,
			    void *context, struct containerd_files *out, struct error *err);
void containerd_files_free(struct containerd_files *files);

/* A file that is loaded has this path, or is the same one. */
bool containerd_files_has(const struct containerd_files *files, const char *path);
