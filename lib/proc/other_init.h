/* SPDX-License-Identifier: Apache-2.0 */
/* Programs that want to be PID 1 themselves: never another init above them. */
#pragma once

#include <stdbool.h>

/* `program` is PROGRAM and ARGS, ended by NULL; only its base name (and busybox's word) counts. */
bool other_init_is(char *const program[]);
