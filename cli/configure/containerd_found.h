/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is there of containerd's configuration: the files that it loads, in its order, and of each
 * what is ours and what the rest says. Nothing is decided here.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "containerd_files.h"
#include "error.h"
#include "toml_scan.h"

struct containerd_file {
	const char *path;
	const struct containerd_node *node; /* NULL: a drop-in of ours that nothing imports */
	bool whole_ours;		    /* a drop-in of ours; of it only `handler` is told */
	bool had_block;			    /* our lines are in it */
	char *handler;	    /* what ours in it registers; NULL: nothing, or that cannot be read */
	char *text;	    /* without our lines; NULL: no file */
	char *edited;	    /* with them, where somebody has changed them; else NULL */
	const char *plugin; /* the CRI plugin's name in this file's version */
	struct toml_facts facts;	    /* of what is not ours */
	const struct containerd_file *same; /* it is this one, by another name, and is told there */
};

struct containerd_found {
	struct containerd_files all; /* that are loaded */
	/* Owned: the same in the same order, and a stray drop-in of ours. */
	struct containerd_file *files[CONTAINERD_FILES_MAX + 1];
	size_t len;
	long version; /* the main file's */
	char *stray;  /* where that drop-in would be, owned */
};

/* *out is to be freed in any case. The main file is below the prefix, or somewhere else. */
int containerd_find(const char *prefix, const char *main_file, struct containerd_found *out,
		    struct error *err);
void containerd_found_free(struct containerd_found *found);

/* It has something of ours. */
bool containerd_has_ours(const struct containerd_file *file);

/* The file whose section of the plugin is the last one; NULL: none has one. */
const struct containerd_file *containerd_last(const struct containerd_found *found);

/* A runtime of this name that counts and is not ours, or NULL; *in is its file. */
const struct toml_runtime *containerd_runtime(const struct containerd_found *found,
					      const char *name, const struct containerd_file **in);
