/* SPDX-License-Identifier: Apache-2.0 */
/* A piece of text that is not terminated, and what is needed to take it apart. Nothing allocates.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct span {
	const char *at;
	size_t len;
};

static inline bool span_starts(struct span text, const char *with)
{
	size_t len = strlen(with);

	return text.len >= len && memcmp(text.at, with, len) == 0;
}

/* Takes `word` off the front, if it stands there. */
static inline bool span_skip(struct span *text, const char *word)
{
	size_t len = strlen(word);

	if (!span_starts(*text, word))
		return false;
	text->at += len;
	text->len -= len;
	return true;
}

static inline bool span_skip_number(struct span *text, uint64_t *out)
{
	size_t i = 0;

	*out = 0;
	for (; i < text->len && text->at[i] >= '0' && text->at[i] <= '9'; i++)
		if (__builtin_mul_overflow(*out, 10, out) ||
		    __builtin_add_overflow(*out, (uint64_t)(text->at[i] - '0'), out))
			return false;
	text->at += i;
	text->len -= i;
	return i > 0;
}

static inline const char *span_find(struct span text, const char *word)
{
	return text.at ? memmem(text.at, text.len, word, strlen(word)) : NULL;
}

/* The next match behind the one at `at`. */
static inline const char *span_find_next(struct span text, const char *at, const char *word)
{
	const char *end = text.at + text.len;

	return memmem(at + 1, (size_t)(end - at - 1), word, strlen(word));
}

static inline const char *span_find_last(struct span text, const char *word)
{
	size_t len = strlen(word);

	for (size_t at = text.len; at >= len; at--)
		if (memcmp(text.at + at - len, word, len) == 0)
			return text.at + at - len;
	return NULL;
}

static inline struct span span_before(struct span text, const char *end)
{
	return (struct span){text.at, (size_t)(end - text.at)};
}

static inline struct span span_after(struct span text, const char *found, const char *word)
{
	const char *at = found + strlen(word);

	return (struct span){at, text.len - (size_t)(at - text.at)};
}

/* It is exactly one of the words. */
static inline bool span_is_one_of(struct span span, const char *const *words, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (span.len == strlen(words[i]) && !memcmp(span.at, words[i], span.len))
			return true;
	return false;
}

#define SPAN_IS_ONE_OF(span, words)                                                                \
	span_is_one_of(span, words, sizeof(words) / sizeof((words)[0]))
