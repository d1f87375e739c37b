/* SPDX-License-Identifier: Apache-2.0 */
#include "layout.h"

#include <stdio.h>
#include <string.h>
#include <wchar.h>

#include "escape.h"
#include "utf8.h"
#include "view.h"

#define NAME_WANTED 26
#define BAR_WANTED 18
#define LAST_LEAST 20
#define LAST_WANTED 60
/* From here on somebody should look, and from here on at once. */
#define SHARE_HIGH 800
#define SHARE_FULL 950
#define PRESSURE_HIGH 100 /* hundredths of a percent */

static const struct {
	const char *header;
	size_t width; /* at least */
	bool right;
} kinds[TOP_COLUMNS] = {
    [TOP_NAME] = {"NAME", 15, false},	[TOP_STATE] = {"STATE", 12, false},
    [TOP_BAR] = {"LIMIT", 10, false},	[TOP_MEMORY] = {"MEMORY", 9, true},
    [TOP_SET] = {"SET%", 4, true},	[TOP_PRESSURE] = {"PSI%", 4, true},
    [TOP_SCORES] = {"SCORES", 9, true}, [TOP_LEFT] = {"LEFT", 5, true},
    [TOP_KILLS] = {"OOMS", 4, true},	[TOP_LAST] = {"LAST EVENT", LAST_LEAST, false},
};

size_t top_layout_width(const struct top_layout *layout)
{
	size_t width = 0;

	for (int i = 0; i < TOP_COLUMNS; i++)
		if (layout->width[i])
			width += layout->width[i] + (width ? TOP_GAP : 0);
	return width;
}

/* Widens a column by what is left, up to `wanted`. */
static void widen(struct top_layout *layout, enum top_column column, size_t wanted, size_t total)
{
	size_t used = top_layout_width(layout), left = total > used ? total - used : 0;
	size_t *width = &layout->width[column];

	if (*width && *width < wanted)
		*width += left < wanted - *width ? left : wanted - *width;
}

void top_layout(size_t total, bool utf8, struct top_layout *out)
{
	static const enum top_column by_weight[] = {
	    TOP_STATE, TOP_MEMORY, TOP_BAR,	 TOP_LEFT, TOP_KILLS,
	    TOP_SET,   TOP_SCORES, TOP_PRESSURE, TOP_LAST,
	};

	*out = (struct top_layout){.utf8 = utf8};
	out->width[TOP_NAME] = kinds[TOP_NAME].width < total ? kinds[TOP_NAME].width : total;
	for (size_t i = 0; i < sizeof(by_weight) / sizeof(by_weight[0]); i++) {
		enum top_column column = by_weight[i];

		if (top_layout_width(out) + TOP_GAP + kinds[column].width > total)
			break;
		out->width[column] = kinds[column].width;
	}
	widen(out, TOP_NAME, NAME_WANTED, total);
	widen(out, TOP_BAR, BAR_WANTED, total);
	widen(out, TOP_LAST, LAST_WANTED, total);
	widen(out, TOP_NAME, total, total);
}

/* The columns that one character takes; 0 for what joins the one before it. */
static size_t char_width(uint32_t c)
{
	int width = c < 0x80 ? 1 : wcwidth((wchar_t)c);

	return width < 0 ? 1 : (size_t)width;
}

static size_t text_width(const char *text, size_t len)
{
	size_t width = 0, taken;
	uint32_t c;

	for (size_t i = 0; i < len; i += taken) {
		taken = utf8_decode(text + i, len - i, &c);
		if (!taken)
			break;
		width += char_width(c);
	}
	return width;
}

/* Drops what has no width of its own: it could pile up over the lines above. */
static void plain(const char *escaped, bool utf8, char out[static TOP_CELL_MAX])
{
	size_t used = 0, taken, left = strlen(escaped);
	uint32_t c;

	for (; left > 0; escaped += taken, left -= taken) {
		taken = utf8_decode(escaped, left, &c);
		if (!taken || used + taken + 1 >= TOP_CELL_MAX)
			break;
		if (c >= 0x80 && !utf8) {
			out[used++] = '?';
		} else if (char_width(c) > 0) {
			memcpy(out + used, escaped, taken);
			used += taken;
		}
	}
	out[used] = '\0';
}

/* Appends the characters of `text` that fit into `columns`. Returns the columns taken. */
static size_t append(char *buf, const char *text, size_t columns)
{
	size_t used = strlen(buf), width = 0, left = strlen(text), taken;
	uint32_t c;

	for (; left > 0; text += taken, left -= taken) {
		taken = utf8_decode(text, left, &c);
		if (!taken || width + char_width(c) > columns || used + taken + 1 >= TOP_CELL_MAX)
			break;
		memcpy(buf + used, text, taken);
		used += taken;
		width += char_width(c);
	}
	buf[used] = '\0';
	return width;
}

static size_t fill(char *buf, size_t columns)
{
	size_t used = strlen(buf), i;

	for (i = 0; i < columns && used + 1 < TOP_CELL_MAX; i++)
		buf[used++] = ' ';
	buf[used] = '\0';
	return i;
}

/* The end of the text that fits into `columns`. */
static const char *tail_of(const char *text, size_t columns)
{
	while (text_width(text, strlen(text)) > columns) {
		text++;
		while ((*text & 0xc0) == 0x80)
			text++;
	}
	return text;
}

const char *top_fit(const char *text, size_t columns, bool tail, bool utf8,
		    char buf[static TOP_CELL_MAX])
{
	char escaped[TOP_CELL_MAX], shown[TOP_CELL_MAX];
	size_t used = 0;

	escape_terminal(text, escaped, sizeof(escaped));
	plain(escaped, utf8, shown);
	buf[0] = '\0';
	if (text_width(shown, strlen(shown)) <= columns) {
		used = append(buf, shown, columns);
	} else if (columns > 0) {
		const char *ellipsis = utf8 ? "…" : "~";

		if (tail)
			used += append(buf, ellipsis, 1);
		used += append(buf, tail ? tail_of(shown, columns - 1) : shown, columns - 1);
		if (!tail)
			used += append(buf, ellipsis, 1);
	}
	fill(buf, columns - used);
	return buf;
}

/* ASCII only. A figure that does not fit must not look like a smaller one. */
static const char *right(const char *text, size_t columns, char buf[static TOP_CELL_MAX])
{
	size_t width = strlen(text);

	buf[0] = '\0';
	if (width <= columns) {
		fill(buf, columns - width);
		append(buf, text, columns);
	} else if (columns > 0) {
		append(buf, text, columns - 1);
		append(buf, "~", 1);
	}
	return buf;
}

/* Four characters at most: "812M", "1.5G", "64K", "999B". */
static const char *short_size(uint64_t bytes, char buf[static 16])
{
	static const char units[] = "BKMGTPE";
	double value = (double)bytes;
	size_t unit = 0;

	while (value >= 999.5 && unit + 1 < sizeof(units) - 1) {
		value /= 1024;
		unit++;
	}
	snprintf(buf, 16, unit > 0 && value < 9.95 ? "%.1f%c" : "%.0f%c", value, units[unit]);
	return buf;
}

static void memory_text(const struct top_row *row, char text[static 64])
{
	char usage[16], limit[16] = "-";

	text[0] = '\0';
	if (!row->has_usage)
		return;
	if (row->limit != MEMCG_NO_LIMIT)
		short_size(row->limit, limit);
	snprintf(text, 64, "%s/%s", short_size(row->usage, usage), limit);
}

static size_t bar_cells(uint64_t bytes, uint64_t limit, size_t cells)
{
	double share = bytes >= limit ? 1 : (double)bytes / (double)limit;

	return (size_t)(share * (double)cells + 0.5);
}

static const char *bar(const struct top_layout *layout, const struct top_row *row,
		       char buf[static TOP_CELL_MAX])
{
	const char *const *mark = layout->utf8 ? (const char *const[]){"█", "▒", "·"}
					       : (const char *const[]){"#", "=", "."};
	size_t cells = layout->width[TOP_BAR], set, used, len = 0;

	buf[0] = '\0';
	if (!row->has_usage || row->limit == MEMCG_NO_LIMIT || row->limit == 0) {
		fill(buf, cells);
		return buf;
	}
	set = bar_cells(row->working_set, row->limit, cells);
	used = bar_cells(row->usage, row->limit, cells);
	for (size_t i = 0; i < cells && len + 4 < TOP_CELL_MAX; i++)
		len += (size_t)snprintf(buf + len, TOP_CELL_MAX - len, "%s",
					mark[i < set	? 0
					     : i < used ? 1
							: 2]);
	return buf;
}

static enum cli_color share_color(const struct top_row *row)
{
	unsigned share = top_share(row);

	return share >= SHARE_FULL ? CLI_RED : share >= SHARE_HIGH ? CLI_YELLOW : CLI_GREEN;
}

static void scores_text(const struct top_row *row, char text[static 64])
{
	if (row->has_init_score && row->has_workload_score)
		snprintf(text, 64, "%d/%d", row->init_score, row->workload_score);
	else if (row->has_init_score)
		snprintf(text, 64, "%d", row->init_score);
	else
		snprintf(text, 64, "-");
}

/* The text of the narrow columns of figures. */
static void figure_text(const struct top_row *row, enum top_column column, char text[static 64])
{
	switch (column) {
	case TOP_MEMORY:
		memory_text(row, text);
		break;
	case TOP_SET:
		if (row->has_usage && row->limit != MEMCG_NO_LIMIT)
			snprintf(text, 64, "%u", (top_share(row) + 5) / 10);
		else
			snprintf(text, 64, "-");
		break;
	case TOP_PRESSURE:
		if (row->pressure == TOP_NO_PRESSURE)
			snprintf(text, 64, "-");
		else
			snprintf(text, 64, row->pressure < 995 ? "%.1f" : "%.0f",
				 row->pressure / 100.0);
		break;
	case TOP_SCORES:
		scores_text(row, text);
		break;
	case TOP_LEFT:
		if (row->restartable)
			snprintf(text, 64, "%u/%u", row->restarts_left, row->restart_max);
		else
			snprintf(text, 64, "-");
		break;
	case TOP_KILLS:
		if (row->oom_kills < 10000)
			snprintf(text, 64, "%u", (unsigned)row->oom_kills);
		else if (row->oom_kills < 1000000)
			snprintf(text, 64, "%uk", (unsigned)(row->oom_kills / 1000));
		else
			snprintf(text, 64, "1M+");
		break;
	default:
		text[0] = '\0';
	}
}

static enum cli_color color_of(const struct top_row *row, enum top_column column)
{
	switch (column) {
	case TOP_STATE:
		return row->color;
	case TOP_BAR:
		return share_color(row);
	case TOP_SET:
		return share_color(row) == CLI_GREEN ? CLI_PLAIN : share_color(row);
	case TOP_PRESSURE:
		return row->pressure >= PRESSURE_HIGH ? CLI_YELLOW : CLI_PLAIN;
	case TOP_LEFT:
		return row->restartable && row->restarts_left == 0 && row->restart_max > 0
			   ? CLI_RED
			   : CLI_PLAIN;
	case TOP_KILLS:
		return row->oom_kills ? CLI_YELLOW : CLI_PLAIN;
	default:
		return CLI_PLAIN;
	}
}

const char *top_header(const struct top_layout *layout, enum top_column column,
		       char buf[static TOP_CELL_MAX])
{
	if (kinds[column].right)
		return right(kinds[column].header, layout->width[column], buf);
	return top_fit(kinds[column].header, layout->width[column], false, layout->utf8, buf);
}

const char *top_cell(const struct top_layout *layout, const struct top_row *row,
		     enum top_column column, char buf[static TOP_CELL_MAX], enum cli_color *color)
{
	size_t width = layout->width[column];
	char text[64];

	*color = color_of(row, column);
	switch (column) {
	case TOP_NAME:
		/* The end tells a pod's containers apart. */
		return top_fit(row->name, width, true, layout->utf8, buf);
	case TOP_STATE:
		return top_fit(row->state, width, false, layout->utf8, buf);
	case TOP_LAST:
		return top_fit(row->last_event, width, false, layout->utf8, buf);
	case TOP_BAR:
		return bar(layout, row, buf);
	default:
		figure_text(row, column, text);
		return right(text, width, buf);
	}
}

const char *top_summary(const struct top_rows *rows, char *buf, size_t cap)
{
	size_t len =
	    (size_t)snprintf(buf, cap, "%zu container%s", rows->len, rows->len == 1 ? "" : "s");
	const char *before = ": ";
	size_t states = 0;

	while (view_states[states])
		states++;
	/* The worse states stand behind the better ones there. */
	for (size_t i = states; i-- > 0;) {
		size_t count = 0;

		for (size_t j = 0; j < rows->len; j++)
			count += !strcmp(rows->items[j].state, view_states[i]);
		if (count && len < cap) {
			len += (size_t)snprintf(buf + len, cap - len, "%s%zu %s", before, count,
						view_states[i]);
			before = ", ";
		}
	}
	return buf;
}
