/* SPDX-License-Identifier: Apache-2.0 */
/* Members of a config.json that runtimes read in different ways. */
#pragma once

#include <stddef.h>

#include "error.h"
#include "json_edit.h"

/*
 * Is each of these dotted paths written once at most, and spelled like that? runc (Go) takes a name
 * in any case, merges objects that stand twice and lets the last list win; crun knows the one
 * spelling and takes the first. No edit would come to the same for both, and a hook of somebody
 * else could be lost. -EINVAL with a message where one is not.
 */
int spec_names_check(const struct json_edit *edit, const struct json *root,
		     const char *const paths[], size_t len, struct error *err);
