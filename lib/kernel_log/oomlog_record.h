/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lines that a program put into records of its own: JSON (journalctl -o json, Docker's json-file,
 * what shippers of logs write), one object a line or spread over many, and journalctl's export and
 * verbose forms. The message is taken out of them, and what they say of where it came from.
 *
 * A journal holds messages of all programs: a record that names another sender than the kernel is
 * passed over.
 */
#pragma once

#include "oomlog_line.h"

#define RECORD_BYTES (16 * 1024) /* of a longer message the beginning is read */

struct oomlog_record {
	bool any;      /* a field of it was read */
	bool has_text; /* a message was */
	bool foreign;  /* another program's */
	bool has_time; /* printk's clock */
	uint64_t time_us;
	uint64_t line; /* number of the line that the message stood on */
	enum oomlog_prefix prefix;
	size_t len;
	char text[RECORD_BYTES]; /* may be of several lines */
};

typedef void oomlog_record_visit(const struct oomlog_record *record, void *context);

struct oomlog_records {
	struct oomlog_record now;
	uint64_t line; /* number of the line at hand */
	oomlog_record_visit *visit;
	void *context;
};

/* True: the line is of a record; what it completes was handed out. */
bool records_take(struct oomlog_records *records, struct span line, uint64_t number);

/* Hands out what is left. */
void records_end(struct oomlog_records *records);

/* One field. A second message in the same record is one of its own. */
void records_put(struct oomlog_records *records, struct span key, struct span value);

/* True: it is JSON, or a piece of it. */
bool records_take_json(struct oomlog_records *records, struct span line);
