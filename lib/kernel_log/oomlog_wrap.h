/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lines that a mail program or a terminal broke. A line of a report that lacks its end is held
 * back, and what follows it without a stamp of its own is tried as its end: with a blank where the
 * break was (mail) and without (terminals), until the kernel's words are whole.
 */
#pragma once

#include "oomlog_line.h"

#define WRAP_PIECES 6
#define WRAP_BYTES 8192

struct oomlog_wrap {
	struct oomlog_mark mark; /* of the first piece */
	uint64_t line;		 /* its number */
	bool beginning;		 /* the first piece says nothing by itself */
	bool open_end;		 /* the first piece is a kill line to which sizes may belong */
	unsigned pieces;	 /* 0: nothing is held */
	size_t ends[WRAP_PIECES];
	char bytes[WRAP_BYTES]; /* the pieces, one behind the other */
	char joined[WRAP_BYTES + WRAP_PIECES];
};

/* Starts to hold a partial line. False: it is too long. */
bool wrap_hold(struct oomlog_wrap *wrap, struct span text, const struct oomlog_mark *mark,
	       uint64_t line);

/* Adds a piece. False: no more can be held. */
bool wrap_add(struct oomlog_wrap *wrap, struct span text);

/*
 * Tries all ways to join the pieces. True: *text, in `wrap`, is a whole line and `out` tells what
 * it says.
 */
bool wrap_join(struct oomlog_wrap *wrap, const struct oomlog_line *table, struct span *text,
	       struct oomlog_line *out);

/*
 * A kill line of which the end was cut off besides: joins as few pieces as its sizes need. Returns
 * how many, 0: they do not say the sizes.
 */
unsigned wrap_join_sizes(struct oomlog_wrap *wrap, struct span *text, struct oomlog_line *out);

/* The piece with this number as it came. */
struct span wrap_piece(const struct oomlog_wrap *wrap, unsigned number);
