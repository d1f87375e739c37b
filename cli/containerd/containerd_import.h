/* SPDX-License-Identifier: Apache-2.0 */
/* What an import of containerd's configuration names. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "error.h"

#define CONTAINERD_FILES_MAX 48
#define CONTAINERD_DROP_IN "oomguard.toml"

struct containerd_imports {
	char *paths[CONTAINERD_FILES_MAX]; /* owned; in the order in which they are loaded */
	size_t len;
	char *drop_in; /* where a file of the name CONTAINERD_DROP_IN is loaded, owned; or NULL */
	bool by_name;  /* the import has a path, no pattern: containerd needs the file */
};

/*
 * All paths are below `prefix`. `parent` is the file that has the import. As in containerd from 1.6
 * on, what is relative is relative to the parent's directory, only '*' makes a pattern of a path,
 * and that fits names with a leading dot too. *out is to be freed in any case.
 */
int containerd_import(const char *prefix, const char *parent, const char *import,
		      struct containerd_imports *out, struct error *err);
void containerd_imports_free(struct containerd_imports *imports);
