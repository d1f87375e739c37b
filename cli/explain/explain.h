/* SPDX-License-Identifier: Apache-2.0 */
/* `oomguard explain`: where kernel logs come from, and how a report of the OOM killer is shown. */
#pragma once

#include "common.h"
#include "oomlog.h"

/*
 * Reads an open log to its end. -errno: it could not be read; -ENOTSUP: it is compressed. UTF-16 is
 * told by its byte order mark.
 */
int explain_read(struct oomlog *log, int fd);

/* Reads what the kernel's ring buffer holds now, one record after the other. */
int explain_read_kmsg(struct oomlog *log, const char *device, struct error *err);

/* Reads the kernel's messages of this boot as journalctl prints them. */
int explain_read_journal(struct oomlog *log, struct error *err);

/* Prints the report as one JSON object on a line. `source`: the log's name. Negative errno. */
int explain_json(const struct oomlog_report *report, const char *source);

/* Prints the report for people. `number` counts them from 1. */
void explain_show(const struct cli *cli, const struct oomlog_report *report, const char *source,
		  unsigned long number);

/* What is odd about the report, in words; "" nothing. Returns buf. */
const char *explain_notes(const struct oomlog_report *report, char *buf, size_t cap);
