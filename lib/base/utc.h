/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Time of day in text. gmtime_r() reads the time zone file and allocates on its first call, which a
 * confined program on its way from an OOM to the action must not do.
 */
#pragma once

#include <stdint.h>

#define UTC_TEXT_MAX 32

/* CLOCK_REALTIME in milliseconds. */
uint64_t utc_now_ms(void);

/* RFC 3339 with milliseconds, "2026-11-22T00:05:12.123Z". Returns buf. No allocation. */
const char *utc_text(uint64_t ms, char buf[static UTC_TEXT_MAX]);

/* The form of utc_text() back. -EINVAL for another one, and before 1970. */
int utc_parse(const char *text, uint64_t *ms);

/* The same for file names, in the same order: "20261122T000512.123Z". Returns buf. */
const char *utc_name(uint64_t ms, char buf[static UTC_TEXT_MAX]);
