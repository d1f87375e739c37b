/* SPDX-License-Identifier: Apache-2.0 */
/* Reads a text as a kernel log and keeps the reports that are found in it. */
#pragma once

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "oomlog.h"

#define COLLECT_REPORTS 8
#define COLLECT_VICTIMS 8

struct collected {
	struct oomlog_report reports[COLLECT_REPORTS];
	struct oomlog_victim victims[COLLECT_REPORTS][COLLECT_VICTIMS];
	size_t len; /* reports found, also those that were not kept */
};

static inline void collect_visit(const struct oomlog_report *report, void *context)
{
	struct collected *all = context;

	if (all->len < COLLECT_REPORTS) {
		size_t victims =
		    report->victims_len < COLLECT_VICTIMS ? report->victims_len : COLLECT_VICTIMS;

		all->reports[all->len] = *report;
		for (size_t i = 0; i < victims; i++)
			all->victims[all->len][i] = report->victims[i];
		all->reports[all->len].victims = all->victims[all->len];
	}
	all->len++;
}

/* Hands the text over in pieces of `piece` bytes at most. */
static inline void collect(struct collected *all, const char *text, size_t len, size_t piece)
{
	struct oomlog *log = oomlog_new(collect_visit, all);

	ck_assert_ptr_nonnull(log);
	all->len = 0;
	while (len > 0) {
		size_t room;
		char *to = oomlog_room(log, &room);
		size_t some = len < room ? len : room;

		some = some < piece ? some : piece;
		ck_assert_uint_gt(some, 0);
		memcpy(to, text, some);
		oomlog_take(log, some);
		text += some;
		len -= some;
	}
	oomlog_end(log);
	oomlog_free(log);
}

/* A whole text at once. Returns its first report. */
static inline const struct oomlog_report *collect_text(struct collected *all, const char *text)
{
	collect(all, text, strlen(text), SIZE_MAX);
	return &all->reports[0];
}

/* The text's only report. */
static inline const struct oomlog_report *collect_one(struct collected *all, const char *text)
{
	collect_text(all, text);
	ck_assert_msg(all->len == 1, "%zu reports in: %s", all->len, text);
	return &all->reports[0];
}
