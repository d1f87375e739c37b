/* SPDX-License-Identifier: Apache-2.0 */
#include "kmsg.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "cleanup.h"
#include "span.h"

/* "PRIORITY,SEQUENCE,MICROSECONDS,FLAGS[,…];" off the front. False: it is no such record. */
static bool skip_record_head(struct span *text, uint64_t *facility, uint64_t *time_us)
{
	struct span rest = *text;
	uint64_t priority, sequence;
	const char *end;

	if (!span_skip_number(&rest, &priority) || !span_skip(&rest, ",") ||
	    !span_skip_number(&rest, &sequence) || !span_skip(&rest, ",") ||
	    !span_skip_number(&rest, time_us) || !span_starts(rest, ","))
		return false;
	end = span_find(rest, ";");
	if (!end)
		return false;
	*facility = priority >> 3;
	*text = span_after(rest, end, ";");
	return true;
}

/* "<4>", "[   12.345678]", "[ T12]", "[Thu Dec  7 …]" and blanks, as dmesg and consoles show them.
 */
static void skip_prefixes(struct span *text, uint64_t *time_us)
{
	uint64_t number, micros;

	if (span_starts(*text, "<")) {
		struct span rest = {text->at + 1, text->len - 1};

		if (span_skip_number(&rest, &number) && span_skip(&rest, ">"))
			*text = rest;
	}
	while (span_starts(*text, "[")) {
		struct span rest = {text->at + 1, text->len - 1};
		const char *end = span_find(*text, "]");

		if (!end)
			return;
		while (span_skip(&rest, " "))
			;
		if (span_skip_number(&rest, &number) && span_skip(&rest, ".") &&
		    span_skip_number(&rest, &micros) && rest.at == end)
			*time_us = number * 1000000 + micros;
		*text = span_after(*text, end, "]");
		span_skip(text, " ");
	}
}

enum kmsg_kind kmsg_parse(const char *record, size_t len, struct kmsg_line *out)
{
	struct span text = {record, len};
	uint64_t facility = 0, time_us = 0;
	bool escaped = skip_record_head(&text, &facility, &time_us);
	const char *end = span_find(text, "\n");

	if (facility != 0) {
		*out = (struct kmsg_line){.kind = KMSG_OTHER};
		return KMSG_OTHER;
	}
	/* Behind the first newline of a record stand its properties. */
	if (end)
		text = span_before(text, end);
	if (!escaped) {
		time_us = 0;
		skip_prefixes(&text, &time_us);
	}
	kmsg_parse_text(text.at, text.len, escaped, out);
	out->time_us = time_us;
	return out->kind;
}

int kmsg_open(const char *device)
{
	cleanup_close int fd = open(device, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);

	if (fd < 0 || lseek(fd, 0, SEEK_END) < 0)
		return -errno;
	return take_fd(&fd);
}

/* False: not the kernel's. Then its text is of no interest. */
static bool message_of(const char *record, size_t len, char *out, size_t cap)
{
	struct span text = {record, len};
	uint64_t facility = 0, time_us = 0;
	const char *end;
	size_t n;

	skip_record_head(&text, &facility, &time_us);
	if (facility != 0)
		return false;
	end = span_find(text, "\n");
	n = end ? (size_t)(end - text.at) : text.len;
	if (n > cap - 1)
		n = cap - 1;
	memcpy(out, text.at, n);
	out[n] = '\0';
	return true;
}

int kmsg_next(int fd, struct kmsg_line *out, char *text, size_t cap, uint64_t *lost)
{
	char record[8192]; /* CONSOLE_EXT_LOG_MAX: a shorter one could be refused with EINVAL */

	for (;;) {
		ssize_t len = read(fd, record, sizeof(record));

		if (len > 0) {
			kmsg_parse(record, (size_t)len, out);
			if (message_of(record, (size_t)len, text, cap))
				return 1;
		} else if (len == 0 || errno == EAGAIN) {
			return 0;
		} else if (errno == EPIPE) {
			/* The position is now at the oldest record that is left. */
			++*lost;
		} else if (errno != EINTR) {
			return -errno;
		}
	}
}
