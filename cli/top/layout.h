/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How rows become lines of a terminal: which columns fit, and what stands in each cell. Text in,
 * text out: no terminal is touched. Every cell is harmless and exactly as wide as its column.
 */
#pragma once

#include "rows.h"

enum top_column {
	TOP_NAME,
	TOP_STATE,
	TOP_BAR, /* of the limit: the working set, what else is used, what is free */
	TOP_MEMORY,
	TOP_SET, /* the working set in percent of the limit */
	TOP_PRESSURE,
	TOP_SCORES,
	TOP_LEFT,
	TOP_KILLS,
	TOP_LAST,
	TOP_COLUMNS
};

struct top_layout {
	size_t width[TOP_COLUMNS]; /* in terminal columns; 0: does not fit */
	bool utf8;		   /* the terminal shows more than ASCII */
};

#define TOP_CELL_MAX 1024 /* bytes */
#define TOP_GAP 1	  /* columns between two cells */

/* The columns that fit into so many terminal columns, the important ones first. */
void top_layout(size_t columns, bool utf8, struct top_layout *out);
/* What they need together. */
size_t top_layout_width(const struct top_layout *layout);

const char *top_header(const struct top_layout *layout, enum top_column column,
		       char buf[static TOP_CELL_MAX]);
/* The cell's text; *color is how it is to be shown. Returns buf. */
const char *top_cell(const struct top_layout *layout, const struct top_row *row,
		     enum top_column column, char buf[static TOP_CELL_MAX], enum cli_color *color);

/*
 * Hostile text in exactly `columns` terminal columns: escaped, cut with an ellipsis at its end, or
 * at its beginning with `tail`, filled up with blanks. Returns buf.
 */
const char *top_fit(const char *text, size_t columns, bool tail, bool utf8,
		    char buf[static TOP_CELL_MAX]);

/* "12 containers: 2 shim-dead, 10 watching" */
const char *top_summary(const struct top_rows *rows, char *buf, size_t cap);
