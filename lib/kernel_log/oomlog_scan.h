/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Looks through text for the words with which a report, or what is left of one, can begin. A log is
 * mostly of other things, so this decides how fast it is read.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define SCAN_TABLE 16384

/* How far the window may jump, by the last two bytes in it (Wu and Manber, 1994). */
struct oomlog_scan {
	uint8_t jump[SCAN_TABLE];
};

void oomlog_scan_init(struct oomlog_scan *scan);

/* The first place in text[0..len) where one of the words stands, NULL: none. */
const char *oomlog_scan_find(const struct oomlog_scan *scan, const char *text, size_t len);
