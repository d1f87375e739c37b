/* SPDX-License-Identifier: Apache-2.0 */
/* What a file of containerd's configuration says of itself: its version, and what it imports. */
#pragma once

#include <stddef.h>

#include "error.h"

#define CONTAINERD_IMPORTS_MAX 32

struct containerd_import_line {
	char *name; /* owned; a path or a pattern */
	unsigned line;
};

struct containerd_head {
	long version; /* 0: none */
	struct containerd_import_line imports[CONTAINERD_IMPORTS_MAX];
	size_t len;
};

/*
 * `source` is for messages. *out is to be freed in any case; of a text that is not understood it
 * has what stands before that.
 */
int containerd_head_read(const char *text, const char *source, struct containerd_head *out,
			 struct error *err);
void containerd_head_free(struct containerd_head *head);
