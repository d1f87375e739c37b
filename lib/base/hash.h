/* SPDX-License-Identifier: Apache-2.0 */
/* FNV-1a, 64 bit, for short keys in file names; no defence against made-up collisions. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define HASH_START UINT64_C(0xcbf29ce484222325)

/* Adds len bytes to a running hash that began as HASH_START. */
uint64_t hash_bytes(uint64_t hash, const void *bytes, size_t len);
/* Adds a string with its NUL, so that ("ab","c") and ("a","bc") differ. NULL counts as "". */
uint64_t hash_string(uint64_t hash, const char *text);
