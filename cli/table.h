/* SPDX-License-Identifier: Apache-2.0 */
/* Columns of text for people. Every cell is escaped; on a terminal no line is wider than it. */
#pragma once

#include <stddef.h>

#include "common.h"

#define TABLE_COLUMNS_MAX 12

struct table_row {
	char *cells[TABLE_COLUMNS_MAX]; /* escaped, owned */
	enum cli_color color[TABLE_COLUMNS_MAX];
};

struct table {
	size_t columns;
	struct table_row *rows; /* rows[0] is the header */
	size_t len;
	const char *indent; /* in front of each line */
};

/* `headers` has `columns` entries. Memory that is out ends the program with CLI_FAILED. */
void table_begin(struct table *table, size_t columns, const char *const *headers);
/* Adds a row of `columns` hostile texts; NULL is "". */
void table_add(struct table *table, const char *const *cells);
/* Colours one cell of the row added last. */
void table_color(struct table *table, size_t column, enum cli_color color);
/* Prints header and rows; the last column is cut where the terminal ends. Frees the table. */
void table_end(struct table *table, const struct cli *cli);
