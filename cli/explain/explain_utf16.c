/* SPDX-License-Identifier: Apache-2.0 */
#include "explain_utf16.h"

#include <string.h>

bool utf16_begins(struct utf16 *utf16, const char *text, size_t len)
{
	*utf16 = (struct utf16){0};
	if (len < 2 || (memcmp(text, "\xff\xfe", 2) != 0 && memcmp(text, "\xfe\xff", 2) != 0))
		return false;
	utf16->big_endian = text[0] == '\xfe';
	return true;
}

static size_t put(char *out, uint32_t code)
{
	if (code < 0x80) {
		out[0] = (char)code;
		return 1;
	}
	if (code < 0x800) {
		out[0] = (char)(0xc0 | code >> 6);
		out[1] = (char)(0x80 | (code & 0x3f));
		return 2;
	}
	if (code < 0x10000) {
		out[0] = (char)(0xe0 | code >> 12);
		out[1] = (char)(0x80 | (code >> 6 & 0x3f));
		out[2] = (char)(0x80 | (code & 0x3f));
		return 3;
	}
	out[0] = (char)(0xf0 | code >> 18);
	out[1] = (char)(0x80 | (code >> 12 & 0x3f));
	out[2] = (char)(0x80 | (code >> 6 & 0x3f));
	out[3] = (char)(0x80 | (code & 0x3f));
	return 4;
}

static size_t take_unit(struct utf16 *utf16, uint32_t unit, char *out)
{
	uint32_t high = utf16->high;
	size_t len = 0;

	utf16->high = 0;
	if (high && unit >= 0xdc00 && unit < 0xe000)
		return put(out, 0x10000 + ((high - 0xd800) << 10) + (unit - 0xdc00));
	if (high)
		out[len++] = '?';
	if (unit >= 0xd800 && unit < 0xdc00)
		utf16->high = unit;
	else if (unit >= 0xdc00 && unit < 0xe000)
		out[len++] = '?';
	else
		len += put(out + len, unit);
	return len;
}

size_t utf16_read(struct utf16 *utf16, const char *text, size_t len, char *out)
{
	size_t written = 0;

	for (size_t i = 0; i < len; i++) {
		unsigned char byte = (unsigned char)text[i];
		unsigned first = utf16->half;

		utf16->half = byte;
		utf16->has_half = !utf16->has_half;
		if (utf16->has_half)
			continue;
		written +=
		    take_unit(utf16, utf16->big_endian ? first << 8 | byte : byte << 8 | first,
			      out + written);
	}
	return written;
}
