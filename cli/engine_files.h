/* SPDX-License-Identifier: Apache-2.0 */
/* The configuration files of podman and CRI-O, in the order in which they are read. */
#pragma once

#include <stddef.h>

#include "error.h"

enum hooks_reader { HOOKS_PODMAN, HOOKS_CRIO };

/* Their names as patterns, ended by NULL. */
const char *const *engine_files(enum hooks_reader reader);

/* One file: its path, and how many bytes of that are the root's. Negative ends it. */
typedef int engine_file_visit(const char *text, const char *path, size_t root_len, void *context,
			      struct error *err);

/*
 * Calls `visit` for containers.conf(5), the files for all users, or for crio.conf(5), and their
 * drop-ins: what is later counts more. `root` is put in front of their names.
 */
int engine_files_each(const char *root, enum hooks_reader reader, engine_file_visit *visit,
		      void *context, struct error *err);
