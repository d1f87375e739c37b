/* SPDX-License-Identifier: Apache-2.0 */
#include "table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cleanup.h"
#include "escape.h"

#define CELL_BYTES 1024
#define GAP 2
#define NARROWEST 20 /* the last column is never cut below this */

/* Allocation, or the end: there is nothing to be saved in a program that only shows. */
static void *need(void *pointer)
{
	if (!pointer) {
		fputs("oomguard: out of memory\n", stderr);
		exit(CLI_FAILED);
	}
	return pointer;
}

void table_begin(struct table *table, size_t columns, const char *const *headers)
{
	*table = (struct table){.columns = columns, .indent = ""};
	table_add(table, headers);
	for (size_t i = 0; i < columns; i++)
		table_color(table, i, CLI_BOLD);
}

void table_add(struct table *table, const char *const *cells)
{
	struct table_row *row;

	table->rows = need(realloc(table->rows, (table->len + 1) * sizeof(*table->rows)));
	row = &table->rows[table->len++];
	memset(row, 0, sizeof(*row));
	for (size_t i = 0; i < table->columns; i++) {
		char escaped[CELL_BYTES];

		escape_terminal(cells[i] ? cells[i] : "", escaped, sizeof(escaped));
		row->cells[i] = need(strdup(escaped));
	}
}

void table_color(struct table *table, size_t column, enum cli_color color)
{
	table->rows[table->len - 1].color[column] = color;
}

/* 0: as wide as it gets, for files and pipes. */
static size_t terminal_width(void)
{
	struct winsize size;

	if (!isatty(STDOUT_FILENO) || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) < 0)
		return 0;
	return size.ws_col;
}

/* Cuts escaped text after so many columns: escaped text has no sequence longer than "\u{NNNN}". */
static void cut_columns(char *text, size_t columns)
{
	char *at = text;

	if (escape_columns(text) <= columns)
		return;
	for (size_t i = 0; i + 1 < columns && *at; i++) {
		at++;
		while ((*at & 0xc0) == 0x80)
			at++;
	}
	/* The ellipsis takes three bytes; what is cut off is at least as long where it matters. */
	if (strlen(at) >= strlen("…"))
		strcpy(at, "…");
	else
		*at = '\0';
}

static void print_row(const struct table *table, const struct table_row *row, const size_t *widths,
		      const struct cli *cli)
{
	size_t columns = table->columns;

	/* No blanks at the end of a line. */
	while (columns > 0 && !row->cells[columns - 1][0])
		columns--;
	fputs(table->indent, stdout);
	for (size_t i = 0; i < columns; i++) {
		bool colored = cli->color && row->color[i] != CLI_PLAIN;
		size_t used = escape_columns(row->cells[i]);

		if (colored)
			fputs(cli_color(cli, row->color[i]), stdout);
		fputs(row->cells[i], stdout);
		if (colored)
			fputs(cli_color(cli, CLI_PLAIN), stdout);
		if (i + 1 < columns)
			printf("%*s", (int)(widths[i] - used + GAP), "");
	}
	putchar('\n');
}

void table_end(struct table *table, const struct cli *cli)
{
	size_t widths[TABLE_COLUMNS_MAX] = {0}, before = strlen(table->indent);
	size_t terminal = terminal_width();

	for (size_t r = 0; r < table->len; r++) {
		for (size_t i = 0; i < table->columns; i++) {
			size_t used = escape_columns(table->rows[r].cells[i]);

			widths[i] = used > widths[i] ? used : widths[i];
		}
	}
	for (size_t i = 0; i + 1 < table->columns; i++)
		before += widths[i] + GAP;
	for (size_t r = 0; r < table->len; r++) {
		struct table_row *row = &table->rows[r];

		if (terminal >= before + NARROWEST)
			cut_columns(row->cells[table->columns - 1], terminal - before);
		print_row(table, row, widths, cli);
		for (size_t i = 0; i < table->columns; i++)
			free(row->cells[i]);
	}
	free(take_ptr(table->rows));
	table->len = 0;
}
