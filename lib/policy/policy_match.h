/* SPDX-License-Identifier: Apache-2.0 */
/* Rules: which profile a container gets by what it is. */
#pragma once

#include "identity.h"
#include "json.h"

/* The names of the fields a rule can match, beside "annotations"; ends with NULL. */
extern const char *const policy_match_fields[];

/*
 * The first rule of a checked list whose conditions all hold, its index in *index; NULL when none
 * does. A field nobody told is the empty text; an annotation that is not there never matches.
 */
const struct json *policy_match(const struct json *rules, const struct identity *id, size_t *index);
