/* SPDX-License-Identifier: Apache-2.0 */
/* How the parts of the policy's check say what is wrong, and where. */
#pragma once

#include "policy_keys.h"
#include "policy_load.h"

#define POLICY_KEY_TEXT 256 /* bytes of a key path in a message */

struct policy_check {
	const struct json *root;
	struct policy_problems *problems;
	size_t errors;
	struct profile scratch; /* values are read into it and forgotten */
};

/* Adds an error about `at`. */
void policy_complain(struct policy_check *check, const struct json *at, const char *key,
		     const char *format, ...) __attribute__((format(printf, 4, 5)));
/* "found WHAT, allowed ALLOWED" */
void policy_complain_value(struct policy_check *check, const struct json *at, const char *key,
			   const char *allowed);
/* "found an unknown key, allowed ALLOWED" */
void policy_complain_unknown(struct policy_check *check, const struct json_member *member,
			     const char *path, const char *allowed);
/* "parent.name", made harmless for a terminal; cut when too long. Returns path. */
const char *policy_key_join(const char *parent, const char *name, char path[POLICY_KEY_TEXT]);
/* Whether it is one; if not, that is complained of. */
bool policy_check_object(struct policy_check *check, const struct json *value, const char *key);
bool policy_check_list(struct policy_check *check, const struct json *value, const char *key,
		       size_t max);
/* Whether this member holds: of a doubled key only the last one does. */
bool policy_member_holds(const struct json *object, size_t i);
