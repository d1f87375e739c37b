/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stddef.h>

/* Writes all of it; interrupted and short writes go on. 0, or a negative errno. */
int write_all(int fd, const char *text, size_t len);
