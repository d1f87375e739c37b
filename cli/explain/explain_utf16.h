/* SPDX-License-Identifier: Apache-2.0 */
/* Logs that were saved as UTF-16, as PowerShell's ">" does, are read as UTF-8. Pure. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define UTF16_GROWS 3 /* bytes that one byte becomes at most, with what was held back */

struct utf16 {
	bool big_endian;
	bool has_half; /* the first byte of a unit was seen */
	unsigned char half;
	uint32_t high; /* the first unit of a pair; 0: none */
};

/* False: no byte order mark of UTF-16 is there. */
bool utf16_begins(struct utf16 *utf16, const char *text, size_t len);

/*
 * Turns the next bytes into UTF-8. `out` has room for UTF16_GROWS * (len + 1) bytes. A unit without
 * its other half becomes "?". Returns how many bytes were written.
 */
size_t utf16_read(struct utf16 *utf16, const char *text, size_t len, char *out);
