/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a container's annotations ask for. They are requests by an untrusted tenant: only names that
 * the host allows count, and only within its bounds.
 */
#pragma once

#include "policy_effective.h"

#define POLICY_ANNOTATION_PREFIX "oomguard.io/"

/* Whether it is a name behind the prefix: that of a key, "profile" or "disable". */
bool policy_annotation_known(const char *name);
/* All of them, for messages. Returns buf. */
const char *policy_annotation_names(char *buf, size_t cap);

/* The profile that is asked for and may be had, or NULL. Its annotation's key in *key. */
const char *policy_annotated_profile(const struct json *root, const struct identity *id,
				     struct effective_policy *out, const char **key);

/* Changes out->profile, out->from and out->disabled, and fills out->refused. */
void policy_apply_annotations(const struct json *root, const struct identity *id,
			      struct effective_policy *out);
