/* SPDX-License-Identifier: Apache-2.0 */
/* Where podman, buildah and CRI-O look for hooks, as their configuration says. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "engine_files.h"
#include "error.h"

/*
 * oci-hooks(5): the one that is read unless something else is said. podman reads HOOKS_DIR_OVERRIDE
 * too, CRI-O does not.
 */
#define HOOKS_DIR "/usr/share/containers/oci/hooks.d"
#define HOOKS_DIR_OVERRIDE "/etc/containers/oci/hooks.d"

#define HOOKS_DIRS_MAX 16

struct hooks_dirs {
	enum hooks_reader reader;
	char *dirs[HOOKS_DIRS_MAX]; /* owned, without '/' at the end; what is later counts more */
	size_t len;		    /* 0: nothing is said */
	char *file;		    /* owned: which file says so, without the root; or NULL */
};

/*
 * hooks_dir of containers.conf(5), the files for all users, or of crio.conf(5). `root` is put in
 * front of their names. -EINVAL, with file and line: what cannot be followed. *out is to be freed
 * in any case.
 */
int hooks_dirs_read(const char *root, enum hooks_reader reader, struct hooks_dirs *out,
		    struct error *err);

/* Are hooks of this directory run? */
bool hooks_dirs_has(const struct hooks_dirs *dirs, const char *dir);

void hooks_dirs_free(struct hooks_dirs *dirs);
