/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of the policy's check share; policy_check() itself is in policy_load.h. */
#pragma once

#include "policy_keys.h"
#include "policy_load.h"

#define POLICY_KEY_TEXT 256  /* bytes of a key path in a message */
#define POLICY_RULES_MAX 256 /* rules of one policy */

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
/* "parent.name", made harmless for a terminal; cut when too long. Returns path. */
const char *policy_key_join(const char *parent, const char *name, char path[POLICY_KEY_TEXT]);
bool policy_check_object(struct policy_check *check, const struct json *value, const char *key);
bool policy_check_list(struct policy_check *check, const struct json *value, const char *key,
		       size_t max);
/* Whether this member holds: of a doubled key only the last one does. */
bool policy_member_holds(const struct json *object, size_t i);
bool policy_profile_name_valid(const struct json *value);

/* The parts beside profiles and rules. */
void policy_check_runtimes(struct policy_check *check, const struct json *runtimes);
void policy_check_host(struct policy_check *check, const struct json *host);
void policy_check_annotations(struct policy_check *check, const struct json *annotations);
