/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What stands in front of the kernel's words: marks of printk (level, stamp, caller), of dmesg, of
 * /dev/kmsg, of syslog and journald, of engines, mail and terminals. They are taken off one by one
 * as long as they can be told; a program's name in front makes the line a stranger's.
 */
#include "oomlog_line.h"

#include <string.h>

#define OUTER_MAX 200 /* bytes in which printk's own stamp is looked for */
#define WORDS_MAX 6   /* words between a date and "kernel:" */

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static void skip_blanks(struct span *text)
{
	while (text->len && is_blank(text->at[0])) {
		text->at++;
		text->len--;
	}
}

static void drop(struct span *text, size_t len)
{
	text->at += len;
	text->len -= len;
}

/* The word at the front, up to a blank. */
static struct span word_of(struct span text)
{
	size_t len = 0;

	while (len < text.len && !is_blank(text.at[len]))
		len++;
	return (struct span){text.at, len};
}

static struct span behind_word(struct span text, struct span word)
{
	drop(&text, word.len);
	skip_blanks(&text);
	return text;
}

static bool word_is(struct span word, const char *text)
{
	return word.len == strlen(text) && memcmp(word.at, text, word.len) == 0;
}

static size_t digits(struct span text, size_t at)
{
	size_t len = 0;

	while (at + len < text.len && is_digit(text.at[at + len]))
		len++;
	return len;
}

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
static bool find_clock(struct span text, uint32_t *seconds)
{
	for (size_t i = 0; i < text.len; i++) {
		if (!is_digit(text.at[i]) || (i > 0 && is_digit(text.at[i - 1])))
			continue;
		if (take_clock((struct span){text.at + i, text.len - i}, seconds))
			return true;
	}
	return false;
}

static uint32_t caller_of(struct span inside)
{
	uint64_t number;
	char kind;

	skip_blanks(&inside);
	if (!inside.len || (inside.at[0] != 'T' && inside.at[0] != 'C'))
		return 0;
	kind = inside.at[0];
	drop(&inside, 1);
	if (!span_skip_number(&inside, &number) || inside.len)
		return 0;
	/* Never 0, and a processor is no thread. */
	return ((uint32_t)number & 0x3fffffff) | (kind == 'T' ? 0x40000000 : 0x80000000);
}

/* "   12.345678", and dmesg -d's "   12.345678 <    0.000012>". */
static bool stamp_of(struct span inside, uint64_t *time_us)
{
	uint64_t seconds, micros = 0;
	struct span rest;
	size_t places;

	skip_blanks(&inside);
	if (!span_skip_number(&inside, &seconds) || !span_skip(&inside, "."))
		return false;
	/* Six by printk, fewer where they were rounded. */
	places = digits(inside, 0);
	if (!places || places > 9)
		return false;
	for (size_t i = 0; i < 6; i++)
		micros = micros * 10 + (i < places ? (uint64_t)(inside.at[i] - '0') : 0);
	rest = inside;
	drop(&rest, places);
	skip_blanks(&rest);
	if (rest.len && rest.at[0] != '<')
		return false;
	*time_us = seconds * 1000000 + micros;
	return true;
}

/* "[…]" at the front that is no row, no header and no frame. */
static bool take_bracket(struct span *text, struct oomlog_mark *mark)
{
	const char *end = text->len && text->at[0] == '[' ? memchr(text->at, ']', text->len) : NULL;
	struct span inside;
	uint32_t caller;

	if (!end || end - text->at > 64)
		return false;
	inside = (struct span){text->at + 1, (size_t)(end - text->at) - 1};
	if (stamp_of(inside, &mark->time_us)) {
		mark->has_time = true;
		mark->prefix = OOMLOG_SECONDS;
	} else if ((caller = caller_of(inside))) {
		mark->caller = caller;
	} else if (find_clock(inside, &mark->wall_s)) {
		mark->has_wall = true;
		mark->prefix = OOMLOG_CTIME;
	} else {
		skip_blanks(&inside);
		/* dmesg -e: the time since the line before, or "Dec 7 00:13" */
		if (!inside.len || (inside.at[0] != '+' && !memchr(inside.at, ':', inside.len)) ||
		    !strncmp(inside.at, "<", 1))
			return false;
	}
	*text = (struct span){end + 1, text->len - (size_t)(end + 1 - text->at)};
	span_skip(text, ":");
	return true;
}

static bool take_level(struct span *text)
{
	struct span rest = *text;
	uint64_t level;

	if (!span_skip(&rest, "<") || digits(rest, 0) > 3 || !span_skip_number(&rest, &level) ||
	    !span_skip(&rest, ">"))
		return false;
	*text = rest;
	return true;
}

/* "6,1234,5678,-[,caller=T12];" */
static bool take_record(struct span *text, struct oomlog_mark *mark)
{
	struct span rest = *text, head;
	uint64_t priority;
	const char *end, *caller;

	if (!span_skip_number(&rest, &priority) || !span_skip(&rest, ",") ||
	    !span_skip_number(&rest, &mark->sequence) || !span_skip(&rest, ",") ||
	    !span_skip_number(&rest, &mark->time_us) || !span_starts(rest, ","))
		return false;
	end = memchr(rest.at, ';', rest.len);
	if (!end)
		return false;
	head = span_before(rest, end);
	caller = span_find(head, ",caller=");
	if (caller)
		mark->caller = caller_of(span_after(head, caller, ",caller="));
	mark->has_sequence = mark->has_time = mark->escaped = mark->any = true;
	mark->prefix = OOMLOG_KMSG;
	/* Another facility: a program wrote it. */
	mark->foreign = priority >> 3 != 0;
	*text = span_after(rest, end, ";");
	return true;
}

/* "kernel:", "kernel[0]:", "kern.err", "kern  :warn  :" */
static bool take_kernel_word(struct span *text)
{
	struct span word = word_of(*text), rest = behind_word(*text, word);

	if (span_starts(word, "kernel:") && word.len > 7) {
		drop(text, 7);
		return true;
	}
	if (word_is(word, "kernel:") || word_is(word, "kernel") || span_starts(word, "kernel[") ||
	    span_starts(word, "kern.")) {
		/* A task may be called so too: "kernel invoked oom-killer". */
		if (word_is(word, "kernel") && !span_skip(&rest, ":"))
			return false;
		*text = rest;
		return true;
	}
	if (!word_is(word, "kern") && !word_is(word, "kern:"))
		return false;
	for (;;) {
		static const char *const levels[] = {"emerg",	"alert",  "crit", "err",  "warn",
						     "warning", "notice", "info", "debug"};
		struct span level = word_of(rest);
		bool taken = false;

		if (level.len && level.at[level.len - 1] == ':')
			level.len--;
		for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++)
			taken = taken || word_is(level, levels[i]);
		if (span_skip(&rest, ":")) {
			skip_blanks(&rest);
		} else if (taken) {
			drop(&rest, level.len);
			span_skip(&rest, ":");
			skip_blanks(&rest);
		} else {
			break;
		}
	}
	*text = rest;
	return true;
}

/* "Dec  7 00:13:22", also with a weekday and a year around it, month names of any language. */
static bool take_syslog_date(struct span *text, struct oomlog_mark *mark)
{
	struct span rest = *text;

	for (int names = 0; names < 3; names++) {
		struct span word = word_of(rest), clock;

		if (!word.len || word.len > 8)
			return false;
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
		if (is_digit(word.at[0]))
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
static bool take_iso_date(struct span *text, struct oomlog_mark *mark)
{
	struct span word = word_of(*text), rest = behind_word(*text, word), clock;

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

/* "10.200.70.91:", "/var/log/kern.log:", "123:" (grep -n), ">" (mail), "name_1 |" (compose) */
static bool take_quote(struct span *text)
{
	struct span word = word_of(*text), rest = behind_word(*text, word), other;
	size_t number = digits(word, 0);
	const char *colon;

	if (word.len && (word.at[0] == '>' || word.at[0] == '|')) {
		drop(text, 1);
		return true;
	}
	if (word.len > 1 && word.at[word.len - 1] == ':' && is_digit(word.at[0]) &&
	    memchr(word.at, '.', word.len)) {
		*text = rest;
		return true;
	}
	other = rest;
	if (word.len && span_skip(&other, "|") && other.len && is_blank(other.at[0])) {
		*text = other;
		return true;
	}
	if (number && number < word.len && (word.at[number] == ':' || word.at[number] == '-') &&
	    digits(word, number + 1) == 0) {
		drop(text, number + 1);
		return true;
	}
	colon = memchr(word.at, ':', word.len);
	if (colon && memchr(word.at, '.', (size_t)(colon - word.at)) && word.at[0] != '[' &&
	    !oomlog_is_report_word(*text)) {
		drop(text, (size_t)(colon + 1 - word.at));
		return true;
	}
	return false;
}

/* "name[123]:" */
static bool is_tag_with_pid(struct span word)
{
	const char *open = memchr(word.at, '[', word.len);
	size_t at = open ? (size_t)(open - word.at) + 1 : 0;

	return open && open != word.at && digits(word, at) > 0 &&
	       at + digits(word, at) + 2 == word.len && word.at[word.len - 2] == ']' &&
	       word.at[word.len - 1] == ':';
}

/*
 * Behind a date stand a host, and the name of who speaks: the kernel, or a stranger. Words that
 * are neither are left alone.
 */
static void take_host(struct span *text, struct oomlog_mark *mark)
{
	struct span rest = *text, from = *text;

	for (int i = 0; i < WORDS_MAX && rest.len; i++) {
		struct span after = rest;

		if (take_kernel_word(&after)) {
			*text = after;
			return;
		}
		rest = behind_word(rest, word_of(rest));
	}
	for (int i = 0; i < 2 && from.len; i++) {
		struct span word = word_of(from);

		if (oomlog_is_report_word(from) || from.at[0] == '[' || from.at[0] == '<')
			return;
		if (is_tag_with_pid(word) || (word.len > 1 && word.at[word.len - 1] == ':' &&
					      !span_find(*text, " invoked oom-killer:"))) {
			mark->foreign = true;
			return;
		}
		from = behind_word(from, word);
	}
}

/* printk's own "[  123.456789]", far behind whatever stands in front. NULL: none. */
static const char *find_stamp(struct span line)
{
	size_t end = line.len < OUTER_MAX ? line.len : OUTER_MAX;
	const char *at = line.at;

	while ((at = memchr(at, '[', end - (size_t)(at - line.at)))) {
		const char *close = memchr(at, ']', line.len - (size_t)(at - line.at));
		uint64_t time_us;

		if (close && close - at < 40 &&
		    stamp_of((struct span){at + 1, (size_t)(close - at) - 1}, &time_us))
			return at;
		at++;
	}
	return NULL;
}

/* What another program says of the kernel's log is a quotation: "app[12]: [1.000000] …". */
static bool outer_is_foreign(struct span outer)
{
	while (outer.len) {
		struct span word = word_of(outer);

		if (is_tag_with_pid(word) && !span_starts(word, "kernel["))
			return true;
		outer = behind_word(outer, word);
	}
	return false;
}

static void take_outer(struct span outer, struct oomlog_mark *mark)
{
	if (!outer.len)
		return;
	mark->any = true;
	mark->has_wall = find_clock(outer, &mark->wall_s);
	mark->foreign = outer_is_foreign(outer);
}

/* The marks that dates and stamps leave over, one by one. True: one was taken. */
static bool take_mark(struct span *text, struct oomlog_mark *mark, bool *dated)
{
	skip_blanks(text);
	if (take_level(text) || take_bracket(text, mark) || take_quote(text) ||
	    take_kernel_word(text))
		return true;
	if (!*dated && take_syslog_date(text, mark)) {
		mark->prefix = OOMLOG_SYSLOG;
	} else if (!*dated && take_iso_date(text, mark)) {
		mark->prefix = OOMLOG_ISO;
	} else {
		return false;
	}
	*dated = true;
	take_host(text, mark);
	return true;
}

struct span oomlog_strip(struct span line, struct oomlog_mark *mark)
{
	bool dated = false;
	const char *stamp;

	*mark = (struct oomlog_mark){0};
	while (line.len && (line.at[line.len - 1] == '\r' || is_blank(line.at[line.len - 1])))
		line.len--;
	if (take_record(&line, mark))
		return line;
	stamp = find_stamp(line);
	if (stamp) {
		take_outer(span_before(line, stamp), mark);
		drop(&line, (size_t)(stamp - line.at));
		dated = true;
	}
	for (int i = 0; i < 12 && !mark->foreign && line.len; i++) {
		if (!take_mark(&line, mark, &dated))
			break;
		mark->any = true;
	}
	skip_blanks(&line);
	return line;
}
