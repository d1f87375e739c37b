/* SPDX-License-Identifier: Apache-2.0 */
/* The processes of a record as a tree of parents and children. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "json.h"

#define TREE_DEPTH_MAX 32 /* deeper ones are shown at this depth */

struct tree_row {
	const struct json *process; /* borrowed */
	unsigned depth;		    /* 0: its parent is not in the list */
	bool last;		    /* of its parent's children */
	unsigned open;		    /* bit N: a line goes on at depth N, beside this row */
};

/*
 * The rows in the order they are drawn, owned by the caller; each process is there once, also where
 * pids make a circle. -ENOMEM.
 */
int tree_make(const struct json *list, struct tree_row **rows, size_t *len);

/* The lines in front of the name, with box characters: "│  └─ ". Returns buf. */
const char *tree_branch(const struct tree_row *row, char *buf, size_t cap);
