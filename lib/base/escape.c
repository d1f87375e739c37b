/* SPDX-License-Identifier: Apache-2.0 */
#include "escape.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "utf8.h"

#define ELLIPSIS "\xe2\x80\xa6" /* U+2026 */

static bool is_control(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c < 0xa0);
}

/* Writes what stands for the character at `text` into piece; returns how much of text it took. */
static size_t escape_one(const char *text, size_t left, char piece[16])
{
	uint32_t c;
	size_t taken = utf8_decode(text, left, &c);

	if (taken == 0 || (taken == 1 && is_control(c)))
		snprintf(piece, 16, "\\x%02X", (unsigned char)*text);
	else if (is_control(c) || utf8_reorders(c))
		snprintf(piece, 16, "\\u{%04X}", (unsigned)c);
	else if (c == '\\')
		strcpy(piece, "\\\\");
	else
		snprintf(piece, 16, "%.*s", (int)taken, text);
	return taken ? taken : 1;
}

/* The same, and what means something to a browser is a reference. */
static size_t escape_one_html(const char *text, size_t left, char piece[16])
{
	static const struct {
		char c;
		const char *reference;
	} references[] = {
	    {'&', "&amp;"}, {'<', "&lt;"}, {'>', "&gt;"}, {'"', "&quot;"}, {'\'', "&#39;"},
	};

	for (size_t i = 0; i < sizeof(references) / sizeof(references[0]); i++) {
		if (*text == references[i].c) {
			strcpy(piece, references[i].reference);
			return 1;
		}
	}
	return escape_one(text, left, piece);
}

static const char *escape_each(size_t (*one)(const char *, size_t, char[16]), const char *text,
			       char *buf, size_t cap)
{
	size_t left = strlen(text), used = 0, cut = 0, taken, len;
	bool can_cut = cap >= sizeof(ELLIPSIS);
	char piece[16];

	if (cap == 0)
		return buf;
	while (left > 0) {
		taken = one(text, left, piece);
		len = strlen(piece);
		if (used + len >= cap) {
			used = can_cut ? cut : used;
			memcpy(buf + used, ELLIPSIS, can_cut ? sizeof(ELLIPSIS) - 1 : 0);
			used += can_cut ? sizeof(ELLIPSIS) - 1 : 0;
			break;
		}
		memcpy(buf + used, piece, len);
		used += len;
		if (used + sizeof(ELLIPSIS) <= cap)
			cut = used;
		text += taken;
		left -= taken;
	}
	buf[used] = '\0';
	return buf;
}

const char *escape_terminal(const char *text, char *buf, size_t cap)
{
	return escape_each(escape_one, text, buf, cap);
}

const char *escape_html(const char *text, char *buf, size_t cap)
{
	return escape_each(escape_one_html, text, buf, cap);
}

size_t escape_columns(const char *escaped)
{
	size_t columns = 0;

	for (; *escaped; escaped++)
		columns += (*escaped & 0xc0) != 0x80;
	return columns;
}

size_t escape_utf8(const char *text, size_t len, char *buf, size_t cap)
{
	size_t used = 0, taken, need;
	const char *piece;
	uint32_t c;

	if (cap == 0)
		return 0;
	while (len > 0) {
		taken = utf8_decode(text, len, &c);
		if (taken && c != 0) {
			piece = text;
			need = taken;
		} else {
			piece = UTF8_REPLACEMENT;
			need = sizeof(UTF8_REPLACEMENT) - 1;
			taken = 1;
		}
		if (used + need >= cap)
			break;
		memcpy(buf + used, piece, need);
		used += need;
		text += taken;
		len -= taken;
	}
	buf[used] = '\0';
	return used;
}

static bool stays_in_file_name(char c, bool first)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_' || c == '-' || (c == '.' && !first);
}

const char *escape_file_name(const char *text, char *buf, size_t cap, size_t max_len)
{
	size_t i;

	if (cap == 0)
		return buf;
	for (i = 0; text[i] && i < max_len && i + 1 < cap; i++)
		buf[i] = stays_in_file_name(text[i], i == 0) ? text[i] : '_';
	if (i == 0 && max_len > 0 && cap > 1)
		buf[i++] = '_';
	buf[i] = '\0';
	return buf;
}
