/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sizes and durations as people write them in the policy, in annotations and on command lines.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

/*
 * "512MiB" and the like: a whole or decimal number with B, KiB, MiB, GiB, TiB, KB, MB, GB or TB
 * (powers of 1000) or nothing (bytes). No sign, no blanks, no exponent. A fraction of a byte is
 * cut. -EINVAL for another form, -ERANGE above UINT64_MAX / 2.
 */
int size_parse(const char *text, uint64_t *bytes);

/* "25%": 0 to 1000, whole or decimal, in thousandths of a percent. -EINVAL, -ERANGE. */
int percent_parse(const char *text, uint32_t *millipercent);

/* "500ms", "10s", "5m", "2h", "1.5s"; "0" needs no unit. -EINVAL, -ERANGE above 366 days. */
int duration_parse(const char *text, uint64_t *ms);

/* Shortest exact-enough form for people: "512 MiB", "1.5 GiB", "812 B". Returns buf. */
const char *size_text(uint64_t bytes, char *buf, size_t cap);

/* The canonical form duration_parse() takes back: "500ms", "10s", "5m". Returns buf. */
const char *duration_text(uint64_t ms, char *buf, size_t cap);

/* For people, in the unit that fits: "850 ms", "12.4 s", "3.5 min", "2 h", "4.1 d". Returns buf. */
const char *span_text(uint64_t ms, char *buf, size_t cap);

/* The canonical form size_parse() takes back: "512MiB", "1000". Returns buf. */
const char *size_canonical(uint64_t bytes, char *buf, size_t cap);
