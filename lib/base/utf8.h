/* SPDX-License-Identifier: Apache-2.0 */
/* UTF-8 one character at a time, strictly: no overlong forms, no surrogates, none above U+10FFFF.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define UTF8_REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */

/* The bytes of the character at `text`, 1 to 4, or 0 when there is none within `len` bytes. */
static inline size_t utf8_decode(const char *text, size_t len, uint32_t *character)
{
	static const uint32_t lowest[] = {0, 0, 0x80, 0x800, 0x10000};
	const unsigned char *bytes = (const unsigned char *)text;
	size_t i, need;
	uint32_t value;

	if (len == 0)
		return 0;
	if (bytes[0] < 0x80) {
		*character = bytes[0];
		return 1;
	}
	need = bytes[0] >= 0xf0 ? 4 : bytes[0] >= 0xe0 ? 3 : 2;
	if (bytes[0] < 0xc2 || bytes[0] > 0xf4 || need > len)
		return 0;
	value = bytes[0] & (0x7f >> need);
	for (i = 1; i < need; i++) {
		if ((bytes[i] & 0xc0) != 0x80)
			return 0;
		value = value << 6 | (bytes[i] & 0x3f);
	}
	if (value < lowest[need] || value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff))
		return 0;
	*character = value;
	return need;
}

/* Is all of it UTF-8? */
static inline bool utf8_valid(const char *text)
{
	size_t len = strlen(text), at = 0, n;
	uint32_t character;

	while (at < len) {
		n = utf8_decode(text + at, len - at, &character);
		if (n == 0)
			return false;
		at += n;
	}
	return true;
}

/* Characters that change the order or the lines of the text around them. */
static inline bool utf8_reorders(uint32_t c)
{
	return c == 0x61c || c == 0x200e || c == 0x200f || (c >= 0x2028 && c <= 0x202e) ||
	       (c >= 0x2066 && c <= 0x2069);
}
