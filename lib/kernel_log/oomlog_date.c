/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "oomlog_prefix_parts.h"

/* "hh:mm:ss", with what follows it in the same word. */
static bool take_clock(struct span text, uint32_t *seconds)
{
	uint64_t hours, minutes, rest;

	if (!span_skip_number(&text, &hours) || hours > 24 || !span_skip(&text, ":") ||
	    digits(text, 0) != 2 || !span_skip_number(&text, &minutes) || minutes > 59 ||
	    !span_skip(&text, ":") || digits(text, 0) < 2 || !span_skip_number(&text, &rest) ||
	    rest > 60)
		return false;
	*seconds = (uint32_t)(hours * 3600 + minutes * 60 + rest);
	return true;
}

/* "2017-12-07", "2017/12/07"; *rest is what follows in the same word. */
static bool take_date(struct span word, struct span *rest)
{
	if (word.len < 10 || digits(word, 0) != 4 || digits(word, 5) != 2 || digits(word, 8) != 2 ||
	    !strchr("-/.", word.at[4]) || word.at[7] != word.at[4])
		return false;
	*rest = (struct span){word.at + 10, word.len - 10};
	return true;
}

/* A clock anywhere in the text: "Thu Dec  7 00:13:22 2017", "2025-06-04T04:51:57Z". */
bool oomlog_find_clock(struct span text, uint32_t *seconds)
{
	for (size_t i = 0; i < text.len; i++) {
		if (!is_digit(text.at[i]) || (i > 0 && is_digit(text.at[i - 1])))
			continue;
		if (take_clock((struct span){text.at + i, text.len - i}, seconds))
			return true;
	}
	return false;
}

/* A name of a month or a day in any language: "Dec", "12月". */
static bool is_date_name(struct span word)
{
	if (!word.len || word.len > 8)
		return false;
	for (size_t i = 0; i < word.len; i++)
		if ((unsigned char)word.at[i] >= 0x80)
			return true;
	return !is_digit(word.at[0]);
}

/* "Dec  7 00:13:22", also with a weekday and a year around it, month names of any language. */
bool oomlog_take_syslog_date(struct span *text, struct oomlog_mark *mark)
{
	struct span rest = *text;

	if (word_of(rest).len == 4 && digits(rest, 0) == 4)
		rest = behind_word(rest, word_of(rest));

	for (int names = 0; names < 3; names++) {
		struct span word = word_of(rest), clock;

		clock = behind_word(rest, word);
		/* "Dec  7 2017 00:13:22" */
		if (names > 0 && word_of(clock).len == 4 && digits(clock, 0) == 4 &&
		    digits(word, 0) == word.len)
			clock = behind_word(clock, word_of(clock));
		if (digits(word, 0) == word.len && word.len <= 2 && names > 0 &&
		    take_clock(word_of(clock), &mark->wall_s)) {
			mark->has_wall = true;
			rest = behind_word(clock, word_of(clock));
			word = word_of(rest);
			if (word.len == 4 && digits(word, 0) == 4)
				rest = behind_word(rest, word);
			*text = rest;
			return true;
		}
		if (!is_date_name(word))
			return false;
		rest = clock;
	}
	return false;
}

static bool is_zone(struct span word)
{
	return word_is(word, "UTC") || word_is(word, "GMT") || word_is(word, "Z") ||
	       (word.len == 5 && (word.at[0] == '+' || word.at[0] == '-') && digits(word, 1) == 4);
}

/* "2017-12-07T00:13:22.1+01:00", "2017-12-07 00:13:22,123 UTC", "00:13:22.5" */
bool oomlog_take_iso_date(struct span *text, struct oomlog_mark *mark)
{
	struct span word = word_of(*text), rest = behind_word(*text, word), clock;

	/* "Thu 2017-12-07 00:13:22 CET" */
	if (is_date_name(word) && take_date(word_of(rest), &clock)) {
		word = word_of(rest);
		rest = behind_word(rest, word);
	}
	if (take_date(word, &clock)) {
		if (clock.len) {
			drop(&clock, 1);
			if (!take_clock(clock, &mark->wall_s))
				return false;
		} else {
			if (!take_clock(word_of(rest), &mark->wall_s))
				return false;
			rest = behind_word(rest, word_of(rest));
		}
	} else if (!take_clock(word, &mark->wall_s)) {
		return false;
	}
	if (is_zone(word_of(rest)))
		rest = behind_word(rest, word_of(rest));
	mark->has_wall = true;
	*text = rest;
	return true;
}

/* "1512605602.123456 host kernel:" */
bool oomlog_take_unix_date(struct span *text, struct oomlog_mark *mark)
{
	struct span word = word_of(*text);
	size_t len = digits(word, 0);
	uint64_t seconds;

	if (len < 9 || len > 10 || len == word.len || word.at[len] != '.' ||
	    digits(word, len + 1) != word.len - len - 1 || !span_skip_number(&word, &seconds))
		return false;
	*text = behind_word(*text, word_of(*text));
	mark->has_wall = true;
	mark->wall_s = (uint32_t)(seconds % 86400);
	return true;
}
