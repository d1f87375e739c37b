/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What stands in front of the kernel's words: marks of printk (level, stamp, caller), of dmesg, of
 * /dev/kmsg, of syslog and journald, of engines, mail and terminals. They are taken off one by one
 * as long as they can be told; a program's name in front makes the line a stranger's.
 */
#include <string.h>

#include "oomlog_prefix_parts.h"

#define OUTER_MAX 200 /* bytes in which printk's own stamp is looked for */
#define WORDS_MAX 6   /* words between a date and "kernel:" */

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
	} else if (oomlog_find_clock(inside, &mark->wall_s)) {
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

/* What stands behind the program's name in RFC 5424: "- - - ", "12 ID [a b=\"c\"] ". */
static bool take_ids(struct span *text)
{
	struct span rest = *text, process = word_of(rest), id, data;

	rest = behind_word(rest, process);
	id = word_of(rest);
	rest = behind_word(rest, id);
	data = word_of(rest);
	if (!id.len || !data.len || (!word_is(process, "-") && digits(process, 0) != process.len) ||
	    (!word_is(data, "-") && data.at[0] != '['))
		return false;
	if (data.at[0] == '[') {
		const char *end = span_find(rest, "] ");

		if (!end)
			return false;
		*text = span_after(rest, end, "] ");
		return true;
	}
	*text = behind_word(rest, data);
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
		if (word_is(word, "kernel") && !span_skip(&rest, ":") && !take_ids(&rest))
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

/*
 * "- [  1.000000] …" in a list, "\"…\"," and "| … |" around a line. What closes at its end is
 * taken off with what opens.
 */
static bool take_opening(struct span *text)
{
	static const struct {
		const char *open, *close;
		bool needed; /* without what closes it, it is the kernel's */
	} table[] = {
	    {"\"", "\"", true},
	    {"'", "'", true},
	    {"`", "`", true},
	    {"| ", " |", false},
	    {"\u2502 ", " \u2502", false},
	    {"- ", "", false},
	    {"* ", "", false},
	    {"# ", "", false},
	    {"// ", "", false},
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct span inner = *text;
		size_t close = strlen(table[i].close);

		if (!span_skip(&inner, table[i].open))
			continue;
		if (table[i].needed && inner.len && strchr(",;", inner.at[inner.len - 1]))
			inner.len--;
		if (close && inner.len >= close &&
		    !memcmp(inner.at + inner.len - close, table[i].close, close))
			inner.len -= close;
		else if (table[i].needed)
			return false;
		*text = inner;
		return true;
	}
	return false;
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

/* "{job="systemd-journal", unit=""} ": the labels that a store of logs keeps with a line */
static bool take_labels(struct span *text)
{
	const char *end, *equals;

	if (!span_starts(*text, "{"))
		return false;
	end = span_find(*text, "\"} ");
	equals = span_find(*text, "=\"");
	if (!end || !equals || equals > end || end - text->at > OUTER_MAX)
		return false;
	*text = span_after(*text, end, "\"} ");
	return true;
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

	/* "stdout F", as container runtimes write it */
	if (span_skip(&rest, "stdout ") || span_skip(&rest, "stderr ")) {
		*text = behind_word(rest, word_of(rest));
		return;
	}
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
	mark->has_wall = oomlog_find_clock(outer, &mark->wall_s);
	mark->foreign = outer_is_foreign(outer);
}

/*
 * Behind printk's stamp: "host kernel: " of journalctl's short-monotonic, and the task that
 * printed, as phones say it: "c0  78 (kswapd0) ", "(0)[78:kswapd0]".
 */
static bool take_sender(struct span *text, const struct oomlog_mark *mark)
{
	struct span word = word_of(*text), rest = behind_word(*text, word), cpu = word;
	const char *close;

	if (!mark->has_time)
		return false;
	if (word_is(word_of(rest), "kernel:")) {
		*text = rest;
		return true;
	}
	span_skip(&word, "-");
	if (span_skip(&cpu, "c") && cpu.len && digits(cpu, 0) == cpu.len && digits(rest, 0)) {
		word = behind_word(rest, word_of(rest));
		close = span_find(word, ") ");
		if (!close || word.at[0] != '(')
			return false;
		*text = span_after(word, close, ") ");
		return true;
	}
	if (word.len < 6 || word.at[0] != '(' || !is_digit(word.at[1]) ||
	    !span_starts((struct span){word.at + 2, word.len - 2}, ")["))
		return false;
	close = memchr(word.at + 4, ']', text->len - (size_t)(word.at + 4 - text->at));
	if (!close)
		return false;
	drop(text, (size_t)(close + 1 - text->at));
	return true;
}

/* The marks that dates and stamps leave over, one by one. True: one was taken. */
static bool take_mark(struct span *text, struct oomlog_mark *mark, bool *dated)
{
	skip_blanks(text);
	if (take_level(text) || take_bracket(text, mark) || take_opening(text) ||
	    take_labels(text) || take_quote(text) || take_kernel_word(text) ||
	    take_sender(text, mark))
		return true;
	/* RFC 5424's version */
	if (!*dated && span_starts(*text, "1 ") &&
	    is_digit(word_of(behind_word(*text, word_of(*text))).at[0]))
		drop(text, 2);
	if (!*dated && oomlog_take_syslog_date(text, mark)) {
		mark->prefix = OOMLOG_SYSLOG;
	} else if (!*dated &&
		   (oomlog_take_iso_date(text, mark) || oomlog_take_unix_date(text, mark))) {
		mark->prefix = OOMLOG_ISO;
	} else {
		return false;
	}
	*dated = true;
	take_host(text, mark);
	return true;
}

/* Takes off the line's end what closes a quotation or a frame that opens in front of the stamp. */
static void close_outer(struct span *line, const char *stamp)
{
	struct span outer = span_before(*line, stamp), inner;

	while (outer.len && outer.at[outer.len - 1] == ' ')
		outer.len--;
	for (size_t len = 1; len <= 3 && len <= outer.len; len++) {
		const char *open = outer.at + outer.len - len;

		inner = (struct span){open, line->len - (size_t)(open - line->at)};
		if (take_opening(&inner)) {
			line->len = (size_t)(inner.at + inner.len - line->at);
			return;
		}
	}
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
		close_outer(&line, stamp);
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
