/* SPDX-License-Identifier: Apache-2.0 */
#include "oomlog.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "oomlog_line.h"
#include "oomlog_record.h"
#include "oomlog_scan.h"
#include "oomlog_slot.h"
#include "oomlog_wrap.h"

#define BUFFER_BYTES (256 * 1024) /* stays in the processor's cache */
#define LINE_BYTES (16 * 1024)	  /* of a longer line the beginning is read */
#define SLOTS 4			  /* reports that may be mixed with each other */
#define LINES_BEFORE 2	/* the word looked for may stand on the second half of a broken line */
#define QUIET_LINES 200 /* so long after a report's last line only beginnings are looked for */

struct oomlog {
	oomlog_visit *visit;
	void *context;
	struct oomlog_slot slots[SLOTS]; /* in the order of their first lines */
	size_t used;
	struct oomlog_records records;
	char clean[LINE_BYTES];
	struct oomlog_wrap wrap;
	struct oomlog_line line, table;
	bool has_table;		  /* `table` is a header that was seen */
	struct oomlog_mark last;  /* what stood in front of the line before */
	char kernel[OOMLOG_TEXT]; /* release of the last CPU line that is of no report; "" none */
	struct oomlog_mark kernel_mark;
	uint64_t kernel_number;
	uint64_t number;     /* of the line at hand */
	uint64_t at;	     /* of the one that is read now: a record may have come before */
	uint64_t quiet_from; /* number of the last line that counted */
	uint64_t sequence;
	bool has_sequence;
	struct oomlog_scan scan;
	size_t len;    /* bytes in `buffer` */
	bool skipping; /* the rest of a line that is too long */
	char buffer[BUFFER_BYTES];
};

void oomlog_free(struct oomlog *log)
{
	if (!log)
		return;
	for (size_t i = 0; i < SLOTS; i++)
		slot_free(&log->slots[i]);
	free(log);
}

/* Hands out the first report and makes its memory the last slot's. */
static void emit_first(struct oomlog *log)
{
	struct oomlog_slot first;

	slot_finish(&log->slots[0]);
	if (log->slots[0].confirmed)
		log->visit(&log->slots[0].report, log->context);
	first = log->slots[0];
	log->used--;
	memmove(&log->slots[0], &log->slots[1], log->used * sizeof(log->slots[0]));
	log->slots[log->used] = first;
}

static void emit_closed(struct oomlog *log)
{
	while (log->used && !log->slots[0].open)
		emit_first(log);
}

static struct oomlog_slot *begin(struct oomlog *log, uint64_t number)
{
	struct oomlog_slot *slot;

	emit_closed(log);
	if (log->used == SLOTS)
		emit_first(log);
	slot = &log->slots[log->used++];
	slot_begin(slot, number);
	return slot;
}

/* Lines from which alone it is known that there was a report. */
static bool opens(const struct oomlog_line *line)
{
	switch (line->kind) {
	case OOMLOG_INVOKED:
	case OOMLOG_TASK_IN:
	case OOMLOG_USAGE:
	case OOMLOG_STATS:
	case OOMLOG_TABLE:
	case OOMLOG_ROW:
	case OOMLOG_SUMMARY:
	case OOMLOG_CHOSEN:
	case OOMLOG_KILLED:
	case OOMLOG_GROUP:
	case OOMLOG_NO_VICTIM:
	case OOMLOG_EXITING:
		return true;
	case OOMLOG_CPUSET:
		return !line->partial;
	default:
		return false;
	}
}

/*
 * Another report begins, or what is left of one: those that were printed by the same task, that
 * have their outcome, or that lag behind, get no more lines.
 */
static void close_others(struct oomlog *log, const struct oomlog_mark *mark)
{
	for (size_t i = 0; i < log->used; i++) {
		struct oomlog_slot *slot = &log->slots[i];

		if (slot->outcome || !slot->confirmed ||
		    (slot->caller && slot->caller == mark->caller) ||
		    log->number - slot->touched > QUIET_LINES)
			slot->open = false;
	}
}

static struct oomlog_slot *best_slot(struct oomlog *log, const struct oomlog_mark *mark)
{
	struct oomlog_slot *best = NULL;
	int best_fit = -1;

	for (size_t i = 0; i < log->used; i++) {
		int fit = slot_fit(&log->slots[i], &log->line, mark);

		if (fit < 0 || fit < best_fit)
			continue;
		if (fit == best_fit && log->slots[i].touched < best->touched)
			continue;
		best = &log->slots[i];
		best_fit = fit;
	}
	return best;
}

/*
 * A CPU line that is of no report that was found: of a panic behind one, of a warning, or of a
 * report whose first line is missing. It tells the kernel of a report that lacks the line.
 */
static void note_kernel(struct oomlog *log, const struct oomlog_mark *mark)
{
	if (log->line.kind != OOMLOG_CPU || !log->line.text[0])
		return;
	snprintf(log->kernel, sizeof(log->kernel), "%s", log->line.text);
	log->kernel_mark = *mark;
	log->kernel_number = log->number;
	for (size_t i = 0; i < log->used; i++) {
		struct oomlog_report *report = &log->slots[i].report;

		if (!report->kernel[0] && slot_time_fits(&log->slots[i], mark))
			snprintf(report->kernel, sizeof(report->kernel), "%s", log->kernel);
	}
}

/* The report at hand has just begun, perhaps without its first lines. */
static void take_kernel(const struct oomlog *log, struct oomlog_report *report,
			const struct oomlog_mark *mark)
{
	if (log->line.kind != OOMLOG_INVOKED && log->kernel[0] &&
	    log->number - log->kernel_number <= QUIET_LINES &&
	    oomlog_follows(&log->kernel_mark, mark))
		snprintf(report->kernel, sizeof(report->kernel), "%s", log->kernel);
}

/* Adds the line at hand to the report it belongs to, which it may begin. */
static void place(struct oomlog *log, struct span text, const struct oomlog_mark *mark,
		  uint64_t number)
{
	struct oomlog_slot *slot;

	for (size_t i = 0; i < log->used; i++) {
		if (slot_repeats(&log->slots[i], &log->line, mark, text)) {
			log->slots[i].report.repeated = true;
			log->slots[i].touched = log->quiet_from = log->number;
			return;
		}
	}
	slot = log->line.kind == OOMLOG_INVOKED ? NULL : best_slot(log, mark);
	if (!slot) {
		if (!opens(&log->line)) {
			note_kernel(log, mark);
			return;
		}
		close_others(log, mark);
		slot = begin(log, number);
		take_kernel(log, &slot->report, mark);
	}
	if (mark->has_sequence && !slot->has_sequence) {
		slot->has_sequence = true;
		slot->sequence = mark->sequence;
	}
	slot_remember(slot, mark, text);
	slot_add(slot, &log->line, mark);
	slot->touched = log->quiet_from = log->number;
}

/* Numbers that are left out between a report's lines: lines are missing there. */
static void check_sequence(struct oomlog *log, const struct oomlog_mark *mark)
{
	bool gap = log->has_sequence && mark->has_sequence && mark->sequence > log->sequence + 1;

	log->has_sequence = mark->has_sequence;
	log->sequence = mark->sequence;
	for (size_t i = 0; gap && i < log->used; i++)
		if (log->slots[i].open && !log->slots[i].outcome)
			log->slots[i].report.records_missing = true;
}

static void take_classified(struct oomlog *log, struct span text, const struct oomlog_mark *mark,
			    uint64_t number)
{
	if (log->line.kind == OOMLOG_TABLE && !log->line.partial) {
		log->table = log->line;
		log->has_table = true;
	}
	if (log->line.kind != OOMLOG_OTHER && !log->line.beginning)
		place(log, text, mark, number);
}

/* What is held will not be whole: its first piece counts as it is, the others on their own. */
static void give_up_wrap(struct oomlog *log)
{
	struct oomlog_wrap *wrap = &log->wrap;
	struct span joined;
	unsigned taken = wrap_join_sizes(wrap, &joined, &log->line);

	if (taken)
		take_classified(log, joined, &wrap->mark, wrap->line);
	for (unsigned i = taken; i < wrap->pieces; i++) {
		struct span piece = wrap_piece(wrap, i);

		oomlog_classify(piece, &wrap->mark, log->has_table ? &log->table : NULL,
				&log->line);
		take_classified(log, piece, &wrap->mark, wrap->line + i);
	}
	wrap->pieces = 0;
}

/* 3.10 and 3.11 print "Task in X killed as a result of limit of Y" as records of its parts. */
static bool is_own_part(const struct oomlog_wrap *wrap, struct span text)
{
	return span_starts(wrap_piece(wrap, 0), "Task in /") &&
	       (span_starts(text, "killed as a result of limit of") || span_starts(text, "/"));
}

/* May it be the rest of a kill line that says no sizes? */
static bool is_sizes(struct span text)
{
	return span_starts(text, "total-vm:") || span_starts(text, "vsz:") ||
	       span_starts(text, "UID ") || span_starts(text, ", UID ");
}

/* True: the text was the next piece of a broken line. */
static bool continue_wrap(struct oomlog *log, struct span text, const struct oomlog_mark *mark)
{
	struct oomlog_wrap *wrap = &log->wrap;
	struct span joined;

	if (!wrap->pieces)
		return false;
	/*
	 * A line with a stamp of its own is no continuation, nor is one that begins as the kernel's
	 * do, unless it may be what the line before says.
	 */
	if ((mark->any && (mark->has_time || mark->has_wall) && !is_own_part(wrap, text)) ||
	    mark->foreign || (!wrap->beginning && oomlog_is_report_word(text)) ||
	    (wrap->open_end && wrap->pieces == 1 && !is_sizes(text)) || !wrap_add(wrap, text)) {
		give_up_wrap(log);
		return false;
	}
	if (wrap_join(wrap, log->has_table ? &log->table : NULL, &joined, &log->line)) {
		take_classified(log, joined, &wrap->mark, wrap->line);
		wrap->pieces = 0;
	}
	return true;
}

/* The kernel's words, or some of them: a record may be of several lines. */
static void take_words(struct oomlog *log, struct span text, struct oomlog_mark *mark)
{
	if (!text.len || continue_wrap(log, text, mark))
		return;
	if (oomlog_is_gap(text)) {
		for (size_t i = 0; i < log->used; i++)
			log->slots[i].cut = log->slots[i].cut || !log->slots[i].outcome;
		return;
	}
	/* A record of several lines, shown by dmesg: its stamp stands in front of the first. */
	if (!mark->any && log->last.any && log->last.has_time && !log->last.escaped) {
		mark->has_time = true;
		mark->time_us = log->last.time_us;
		mark->caller = log->last.caller;
	} else {
		log->last = *mark;
	}
	oomlog_classify(text, mark, log->has_table ? &log->table : NULL, &log->line);
	if (log->line.kind != OOMLOG_OTHER && (log->line.partial || log->line.open_end) &&
	    wrap_hold(&log->wrap, text, mark, log->at)) {
		log->wrap.beginning = log->line.beginning;
		log->wrap.open_end = log->line.open_end;
		return;
	}
	take_classified(log, text, mark, log->at);
}

/* Takes off the text up to the first `word`, which parts lines. */
static struct span next_line(struct span *text, const char *word)
{
	const char *at = span_find(*text, word);
	struct span line = at ? span_before(*text, at) : *text;

	*text = at ? span_after(*text, at, word) : (struct span){0};
	return line;
}

/* `record`: what the line came in told of it, or NULL. */
static void take_line(struct oomlog *log, struct span line, const struct oomlog_record *record)
{
	struct oomlog_mark mark;
	struct span text = oomlog_strip(line, &mark);

	if (mark.has_sequence)
		check_sequence(log, &mark);
	if (record && record->has_time && !mark.has_time) {
		mark.any = mark.has_time = true;
		mark.time_us = record->time_us;
	}
	if (record && mark.prefix == OOMLOG_BARE)
		mark.prefix = record->prefix;
	if (!mark.escaped) {
		take_words(log, text, &mark);
		return;
	}
	while (text.len)
		take_words(log, next_line(&text, "\\x0a"), &mark);
}

/* syslog daemons write the number of a control character for it. */
static void take_text(struct oomlog *log, struct span text, const struct oomlog_record *record)
{
	while (text.len)
		take_line(log, next_line(&text, "#012"), record);
}

static void take_record(const struct oomlog_record *record, void *context)
{
	struct oomlog *log = context;
	struct span text = {record->text, record->len};

	log->at = record->line;
	while (text.len) {
		struct span line = next_line(&text, "\n");

		take_text(log, oomlog_clean(line, log->clean, sizeof(log->clean)), record);
	}
	log->at = log->number;
}

static void take_raw(struct oomlog *log, struct span line)
{
	log->at = ++log->number;
	if (records_take(&log->records, line, log->number))
		return;
	if (line.len > LINE_BYTES)
		line.len = LINE_BYTES;
	take_text(log, oomlog_clean(line, log->clean, sizeof(log->clean)), NULL);
}

struct oomlog *oomlog_new(oomlog_visit *visit, void *context)
{
	struct oomlog *log = calloc(1, sizeof(*log));

	if (!log)
		return NULL;
	log->visit = visit;
	log->context = context;
	log->records.visit = take_record;
	log->records.context = log;
	oomlog_scan_init(&log->scan);
	return log;
}

/* In blocks whose sum fits a byte, so that the compiler counts many bytes at a time. */
static uint64_t count_lines(const char *text, size_t len)
{
	uint64_t lines = 0;

	while (len > 0) {
		size_t block = len < 255 ? len : 255;
		uint8_t sum = 0;

		for (size_t i = 0; i < block; i++)
			sum = (uint8_t)(sum + (text[i] == '\n'));
		lines += sum;
		text += block;
		len -= block;
	}
	return lines;
}

/* The beginning of the line that stands `lines` above the one at `found`, not before `at`. */
static const char *line_above(const char *at, const char *found, unsigned lines)
{
	const char *line = found;

	for (unsigned i = 0; line && i <= lines; i++)
		line = memrchr(at, '\n', (size_t)(line - at));
	return line ? line + 1 : at;
}

/* No report is near: jumps to the next line on which one may begin. Returns where to go on. */
static const char *jump(struct oomlog *log, const char *at, const char *end)
{
	const char *found = oomlog_scan_find(&log->scan, at, (size_t)(end - at));
	const char *line;

	if (!found) {
		log->number += count_lines(at, (size_t)(end - at));
		return end;
	}
	line = line_above(at, found, LINES_BEFORE);
	log->number += count_lines(at, (size_t)(line - at));
	log->has_sequence = false;
	log->quiet_from = log->number;
	return line;
}

/* Whole lines only, but for the last one of a log. */
static void take_lines(struct oomlog *log, const char *at, const char *end)
{
	while (at < end) {
		const char *newline;
		size_t len;

		if (log->number - log->quiet_from > QUIET_LINES && !log->wrap.pieces &&
		    !log->records.now.any) {
			at = jump(log, at, end);
			continue;
		}
		newline = memchr(at, '\n', (size_t)(end - at));
		len = (size_t)((newline ? newline : end) - at);
		take_raw(log, (struct span){at, len});
		at += len + (newline ? 1 : 0);
	}
}

char *oomlog_room(struct oomlog *log, size_t *len)
{
	*len = sizeof(log->buffer) - log->len;
	return log->buffer + log->len;
}

void oomlog_take(struct oomlog *log, size_t len)
{
	char *start = log->buffer, *end = log->buffer + log->len + len, *newline;

	if (log->skipping) {
		newline = memchr(start, '\n', (size_t)(end - start));
		start = newline ? newline + 1 : end;
		log->skipping = !newline;
	}
	newline = memrchr(start, '\n', (size_t)(end - start));
	if (newline) {
		take_lines(log, start, newline + 1);
		start = newline + 1;
	}
	log->len = (size_t)(end - start);
	memmove(log->buffer, start, log->len);
	if (log->len < sizeof(log->buffer))
		return;
	/* One line that fills it all: its beginning is looked at, its end is passed over. */
	take_lines(log, log->buffer, log->buffer + log->len);
	log->len = 0;
	log->skipping = true;
}

void oomlog_end(struct oomlog *log)
{
	if (log->len)
		take_lines(log, log->buffer, log->buffer + log->len);
	records_end(&log->records);
	give_up_wrap(log);
	while (log->used)
		emit_first(log);
	log->len = 0;
	log->number = log->quiet_from = 0;
	log->skipping = log->has_table = log->has_sequence = false;
	log->last = (struct oomlog_mark){0};
	log->kernel[0] = '\0';
}
