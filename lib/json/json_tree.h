/* SPDX-License-Identifier: Apache-2.0 */
/* How a JSON tree is built; for json.c and json_merge.c alone. */
#pragma once

#include "json.h"

/* An empty value; NULL when memory is out. */
struct json *json_new(enum json_type type, unsigned line, const char *source);

/* Both take `value` (and `key`) over in any case: on -ENOMEM they are freed. */
int json_append_item(struct json *array, struct json *value);
int json_append_member(struct json *object, char *key, unsigned line, size_t from,
		       struct json *value);
