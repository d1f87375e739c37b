/* SPDX-License-Identifier: Apache-2.0 */
/* A profile of a policy document with all that it extends. */
#pragma once

#include "policy_effective.h"

#define POLICY_EXTENDS_MAX 16 /* profiles in one chain */
#define POLICY_DEFAULT_PROFILE "default"

/* Whether it is a string that can name a profile. */
bool policy_profile_name_valid(const struct json *value);

/* Whether the document has that profile; "default" always exists, built in. */
bool policy_profile_exists(const struct json *root, const char *name);

/*
 * Resolves the profile: the built-in values, changed by the chain of `extends` from its far end to
 * the profile itself. `from` (policy_keys_len entries, zeroed; may be NULL) gets the origin of each
 * value that is not built in.
 * -ENOENT for a profile that is not there, -ELOOP for a cycle, -E2BIG for a chain longer than
 * POLICY_EXTENDS_MAX, -EINVAL for a value that is wrong.
 */
int policy_profile_resolve(const struct json *root, const char *name, struct profile *out,
			   struct origin *from, struct error *err);
