/* SPDX-License-Identifier: Apache-2.0 */
/* The report for a terminal: 80 columns, block characters, colours where wanted. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "blocks.h"
#include "cleanup.h"
#include "escape.h"
#include "report.h"
#include "report_timeline.h"
#include "report_tree.h"
#include "table.h"
#include "units.h"

#define WIDTH 80
#define INDENT 2
#define LABEL 18
#define BAR 24
#define CURVE_COLUMNS 50
#define CURVE_ROWS 6
#define PROCESSES_SHOWN 20
#define KERNEL_LINES_SHOWN 40

static void heading(const struct cli *cli, const char *text)
{
	printf("\n%s%s%s\n", cli_color(cli, CLI_BOLD), text, cli_color(cli, CLI_PLAIN));
}

/* Escaped words, broken at blanks; the first line begins where the cursor is. */
static void wrap(const char *text, unsigned indent, unsigned column)
{
	char escaped[2048], *rest = escaped, *word;

	escape_terminal(text, escaped, sizeof(escaped));
	for (bool first = true; (word = strsep(&rest, " ")); first = false) {
		unsigned len = (unsigned)escape_columns(word);

		if (!first && column + 1 + len > WIDTH) {
			printf("\n%*s", (int)indent, "");
			column = indent;
		} else if (!first) {
			putchar(' ');
			column++;
		}
		fputs(word, stdout);
		column += len;
	}
	putchar('\n');
}

/* "  Label             text", the text escaped and wrapped. */
static void line(const struct cli *cli, const char *label, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static void line(const struct cli *cli, const char *label, const char *format, ...)
{
	char text[1536];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	printf("%*s%s%-*s%s", INDENT, "", cli_color(cli, CLI_BOLD), LABEL, label,
	       cli_color(cli, CLI_PLAIN));
	wrap(text, INDENT + LABEL, INDENT + LABEL);
}

static void show_answers(const struct cli *cli, const struct report *report)
{
	const struct verdict_facts *facts = &report->read.facts;
	const struct verdict *lead = report_lead(report);
	char text[512];

	printf("%s%s", cli_color(cli, CLI_BOLD), cli_color(cli, CLI_YELLOW));
	wrap(report_title(report), 0, 0);
	fputs(cli_color(cli, CLI_PLAIN), stdout);
	putchar('\n');
	line(cli, "What to do", "%s", report_advice(report));
	if (lead)
		line(cli, "How sure", "%s (%s)", verdict_confidence_name(lead->confidence),
		     lead->name);
	line(cli, "Limit", "%s", verdict_limit_text(facts, text, sizeof(text)));
	line(cli, "Killed", "%s", verdict_killed_text(facts, text, sizeof(text)));
	line(cli, "Should have been", "%s",
	     verdict_choice_text(&report->choice, text, sizeof(text)));
	line(cli, "Done about it", "%s", report_done_text(report->record, text, sizeof(text)));
	line(cli, "Container", "%s", report_container_text(report->record, text, sizeof(text)));
	line(cli, "When", "%s", report_time_text(report->record, text, sizeof(text)));
	line(cli, "Incident", "%s", report->name);
}

static void show_figures(const struct cli *cli, const struct verdict *verdict)
{
	char text[256];

	for (size_t i = 0; i < verdict->figures_len; i++) {
		fputs("  · ", stdout);
		wrap(verdict_figure_text(&verdict->figures[i], text, sizeof(text)), 4, 4);
	}
	fputs("  Wrong if: ", stdout);
	wrap(verdict->disproof, 4, 12);
}

static void show_verdicts(const struct cli *cli, const struct report *report)
{
	const struct verdicts *verdicts = &report->verdicts;

	if (verdicts->len == 0)
		return;
	heading(cli, "What supports it");
	show_figures(cli, &verdicts->items[0]);
	if (verdicts->len > 1)
		heading(cli, "Also");
	for (size_t i = 1; i < verdicts->len; i++) {
		const struct verdict *verdict = &verdicts->items[i];

		printf("%s", i > 1 ? "\n" : "");
		printf("%s", cli_color(cli, CLI_BOLD));
		wrap(verdict->title, 0, 0);
		printf("%s", cli_color(cli, CLI_PLAIN));
		printf("  (%s, %s: %s)\n", verdict_confidence_name(verdict->confidence),
		       verdict_role_name(verdict->role), verdict->name);
		show_figures(cli, verdict);
		fputs("  To do: ", stdout);
		wrap(verdict->advice, 4, 9);
	}
}

static void show_curve(const struct cli *cli, const struct timeline *timeline)
{
	uint64_t values[CURVE_COLUMNS];
	char blocks[CURVE_COLUMNS * 4 + 1], size[32], span[32];

	timeline_resample(timeline, SERIES_USAGE, values, CURVE_COLUMNS);
	for (unsigned row = 0; row < CURVE_ROWS; row++) {
		const char *label = row == 0 ? size_text(timeline->top, size, sizeof(size))
				    : row == CURVE_ROWS - 1 ? "0 B"
							    : "";

		printf("  %10s %s%s\n", label, row == 0 || row == CURVE_ROWS - 1 ? "┤" : "│",
		       blocks_row(values, CURVE_COLUMNS, timeline->top, row, CURVE_ROWS, blocks,
				  sizeof(blocks)));
	}
	printf("  %10s └%.*s\n", "", CURVE_COLUMNS * 3,
	       "────────────────────────────────────────────────────────────────────────────────");
	snprintf(blocks, sizeof(blocks), "-%s", span_text(timeline->span_ms, span, sizeof(span)));
	printf("  %10s  %-*s%s\n", "", CURVE_COLUMNS - 5, blocks, "event");
}

static void show_timeline(const struct cli *cli, const struct report *report)
{
	uint64_t values[CURVE_COLUMNS], most;
	char blocks[CURVE_COLUMNS * 4 + 1], size[32];
	struct timeline timeline;

	heading(cli, "Memory before the event");
	if (!timeline_make(&report->read.facts, &timeline)) {
		puts("  The record holds no readings from before the event.");
		return;
	}
	if (timeline.has_limit)
		printf("  usage; the top is the limit of %s\n",
		       size_text(timeline.limit, size, sizeof(size)));
	show_curve(cli, &timeline);
	for (int series = SERIES_USAGE + 1; series < SERIES_COUNT; series++) {
		most = timeline_resample(&timeline, (enum series)series, values, CURVE_COLUMNS);
		if (most == 0)
			continue;
		printf(
		    "  %-11s %s  up to %s\n", series_name((enum series)series),
		    blocks_row(values, CURVE_COLUMNS, timeline.top, 0, 1, blocks, sizeof(blocks)),
		    size_text(most, size, sizeof(size)));
	}
}

static void bar_line(const char *label, uint64_t bytes, uint64_t whole)
{
	char bar[BAR * 4 + 1], size[32];
	const char *blocks = blocks_bar(bytes, whole, BAR, bar, sizeof(bar));
	unsigned percent = whole ? (unsigned)((unsigned __int128)bytes * 100 / whole) : 0;

	printf("  %-26s %s%*s %10s", label, blocks, BAR - (int)escape_columns(blocks), "",
	       size_text(bytes, size, sizeof(size)));
	if (whole)
		printf("  %u %%", percent);
	putchar('\n');
}

static void show_memory(const struct cli *cli, const struct report *report)
{
	static const struct {
		const char *key, *label;
	} parts[] = {
	    {"usage", "usage"},
	    {"anon", "anonymous"},
	    {"shmem", "shared, tmpfs"},
	    {"inactiveFile", "page cache, inactive"},
	    {"activeFile", "page cache, active"},
	    {"kernel", "kernel"},
	    {"sock", "network buffers"},
	    {"swapUsage", "in swap"},
	    {"workingSet", "working set"},
	    {"reclaimable", "could be taken back"},
	};
	const struct json *memory = json_get(report->record, "memory");
	uint64_t whole = report_number(memory, "limit", 0), bytes;

	heading(cli, "Memory at the event, and its share of the container's limit");
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		bytes = report_number(memory, parts[i].key, UINT64_MAX);
		if (bytes != UINT64_MAX && (bytes > 0 || i < 3))
			bar_line(parts[i].label, bytes, whole);
	}
}

static void show_process(const struct tree_row *row, uint64_t whole)
{
	char branch[TREE_DEPTH_MAX * 6], bar[16 * 4 + 1], size[32], name[160], shown[240],
	    score[24];
	const struct json *process = row->process;
	const char *wchan = report_string(process, "wchan");
	struct figure bytes = report_footprint(process);
	int64_t adj = 0, pid = 0;

	json_int64(json_get(process, "pid"), &pid);
	tree_branch(row, branch, sizeof(branch));
	snprintf(shown, sizeof(shown), "%s%s", branch,
		 escape_terminal(report_string(process, "comm"), name, sizeof(name)));
	if (json_int64(json_get(process, "oomScoreAdj"), &adj) == 0)
		snprintf(score, sizeof(score), "%" PRId64, adj);
	else
		snprintf(score, sizeof(score), "-");
	blocks_bar(bytes.n, whole, 16, bar, sizeof(bar));
	if (bytes.known)
		size_text(bytes.n, size, sizeof(size));
	else
		snprintf(size, sizeof(size), "-");
	printf("  %7" PRId64 " %-1.1s %5s %10s %s%*s %s%s%s\n", pid,
	       report_string(process, "state"), score, size, bar, 16 - (int)escape_columns(bar), "",
	       shown, wchan[0] ? " in " : "", escape_terminal(wchan, name, sizeof(name)));
}

static void show_processes(const struct cli *cli, const struct report *report)
{
	const struct json *processes = json_get(report->record, "processes");
	cleanup_free struct tree_row *rows = NULL;
	uint64_t more = report_number(processes, "more", 0), whole;
	size_t len = 0;

	if (tree_make(json_get(processes, "list"), &rows, &len) < 0 || len == 0)
		return;
	whole = report_number(json_get(report->record, "memory"), "limit", 0);
	heading(cli, "Processes");
	printf("%s  %7s S SCORE     MEMORY %-16s NAME%s\n", cli_color(cli, CLI_DIM), "PID",
	       whole ? "OF THE LIMIT" : "", cli_color(cli, CLI_PLAIN));
	for (size_t i = 0; i < len && i < PROCESSES_SHOWN; i++)
		show_process(&rows[i], whole);
	if (len > PROCESSES_SHOWN)
		more += len - PROCESSES_SHOWN;
	if (more > 0)
		printf("  and %" PRIu64 " more\n", more);
}

static void show_limits(const struct cli *cli, const struct report *report)
{
	static const char *const headers[] = {"CGROUP", "USAGE", "LIMIT", "HIGH", "FAILED", ""};
	const struct json *limits = json_get_typed(report->record, "limits", JSON_ARRAY);
	struct table table;

	if (!limits || limits->array.len == 0)
		return;
	heading(cli, "Limits, from the container up");
	table_begin(&table, 6, headers);
	table.indent = "  ";
	for (size_t i = 0; i < limits->array.len; i++) {
		const struct json *item = limits->array.items[i];
		const struct json *hit = json_get_typed(item, "hit", JSON_BOOL);
		char usage[32], limit[32], high[32], failed[32] = "-";
		uint64_t failcnt = report_number(item, "failcnt", UINT64_MAX);
		const char *cells[6] = {
		    report_string(item, "cgroup"),
		    report_size_text(item, "usage", usage, sizeof(usage)),
		    report_size_text(item, "limit", limit, sizeof(limit)),
		    report_size_text(item, "high", high, sizeof(high)),
		    failed,
		    hit && hit->boolean ? "hit" : "",
		};

		if (failcnt != UINT64_MAX)
			snprintf(failed, sizeof(failed), "%" PRIu64, failcnt);
		table_add(&table, cells);
		if (hit && hit->boolean)
			table_color(&table, 5, CLI_RED);
	}
	table_end(&table, cli);
}

static void show_actions(const struct cli *cli, const struct report *report)
{
	static const char *const headers[] = {"AFTER", "ACTION", "RESULT", "DETAIL"};
	const struct json *actions = json_get_typed(report->record, "actions", JSON_ARRAY);
	struct table table;

	if (!actions || actions->array.len == 0)
		return;
	heading(cli, "What oomguard did, from the moment it woke up");
	table_begin(&table, 4, headers);
	table.indent = "  ";
	for (size_t i = 0; i < actions->array.len; i++) {
		const struct json *item = actions->array.items[i];
		char after[32];
		const char *cells[4] = {
		    after,
		    report_string(item, "action"),
		    report_string(item, "result"),
		    report_string(item, "detail"),
		};

		report_us_text(report_number(item, "atUs", 0), after, sizeof(after));
		table_add(&table, cells);
	}
	table_end(&table, cli);
}

static void show_kernel(const struct cli *cli, const struct report *report)
{
	const struct json *lines = json_get_typed(report->record, "kernelReport", JSON_ARRAY);
	char escaped[1024];

	if (!lines || lines->array.len == 0)
		return;
	heading(cli, "The kernel's own report");
	for (size_t i = 0; i < lines->array.len && i < KERNEL_LINES_SHOWN; i++) {
		const struct json *item = lines->array.items[i];

		if (item->type == JSON_STRING)
			printf("  %s\n", escape_terminal(item->text, escaped, sizeof(escaped)));
	}
	if (lines->array.len > KERNEL_LINES_SHOWN)
		printf("  and %zu more lines\n", lines->array.len - KERNEL_LINES_SHOWN);
}

static void show_missing(const struct cli *cli, const struct report *report)
{
	const struct json *cut = json_path(report->record, "evidence.cut");
	char text[256] = "";

	if (!cut || cut->type != JSON_ARRAY || cut->array.len == 0)
		return;
	for (size_t i = 0; i < cut->array.len; i++)
		if (cut->array.items[i]->type == JSON_STRING)
			snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%s",
				 text[0] ? ", " : "", cut->array.items[i]->text);
	heading(cli, "What is missing");
	line(cli, "Cut short", "%s", text);
}

int report_show_text(const struct cli *cli, const struct report *report)
{
	show_answers(cli, report);
	show_verdicts(cli, report);
	show_timeline(cli, report);
	show_memory(cli, report);
	show_processes(cli, report);
	show_limits(cli, report);
	show_actions(cli, report);
	show_kernel(cli, report);
	show_missing(cli, report);
	return cli_finish(CLI_DONE);
}
