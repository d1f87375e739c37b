/* SPDX-License-Identifier: Apache-2.0 */
/* All containers that have state. */
#pragma once

#include "view.h"

struct views {
	struct view **items; /* by id */
	size_t len;
};

/* Into an empty *out, which is to be freed, after a failure (a negative errno) too. */
int views_load(const struct state_root *root, struct views *out);
void views_free(struct views *views);
