/* SPDX-License-Identifier: Apache-2.0 */
/* Bounds of annotations that are words: which ones a container may ask for. */
#pragma once

#include "policy_keys.h"

/*
 * Reads one word of a list of bounds into `profile`, as if it was all of the key's value: for a
 * list of actions, a list of this one. -EINVAL as policy_key_read().
 */
int policy_bound_read(const struct policy_key *key, const struct json *word,
		      struct profile *profile, struct error *err);

/* Whether the list holds what `asked` has under this key: of a list of actions, every one. */
bool policy_bounds_hold(const struct policy_key *key, const struct json *bounds,
			const struct profile *asked);
