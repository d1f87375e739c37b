/* SPDX-License-Identifier: Apache-2.0 */
/* What oomlog_strip() is made of: words, and the dates of all who write logs. */
#pragma once

#include "oomlog_line.h"

static inline bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static inline bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static inline void skip_blanks(struct span *text)
{
	while (text->len && is_blank(text->at[0])) {
		text->at++;
		text->len--;
	}
}

static inline void drop(struct span *text, size_t len)
{
	text->at += len;
	text->len -= len;
}

/* The word at the front, up to a blank. */
static inline struct span word_of(struct span text)
{
	size_t len = 0;

	while (len < text.len && !is_blank(text.at[len]))
		len++;
	return (struct span){text.at, len};
}

static inline struct span behind_word(struct span text, struct span word)
{
	drop(&text, word.len);
	skip_blanks(&text);
	return text;
}

static inline bool word_is(struct span word, const char *text)
{
	return word.len == strlen(text) && memcmp(word.at, text, word.len) == 0;
}

static inline size_t digits(struct span text, size_t at)
{
	size_t len = 0;

	while (at + len < text.len && is_digit(text.at[at + len]))
		len++;
	return len;
}

/* A clock anywhere in the text: "Thu Dec  7 00:13:22 2017", "2025-06-04T04:51:57Z". */
bool oomlog_find_clock(struct span text, uint32_t *seconds);

/* Each takes its date off the front and notes the second of the day. */
bool oomlog_take_syslog_date(struct span *text, struct oomlog_mark *mark);
bool oomlog_take_iso_date(struct span *text, struct oomlog_mark *mark);
bool oomlog_take_unix_date(struct span *text, struct oomlog_mark *mark);
