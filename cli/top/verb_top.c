/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <langinfo.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "clock.h"
#include "layout.h"
#include "screen.h"
#include "units.h"
#include "verbs.h"

#define INTERVAL_MS 2000
#define INTERVAL_LEAST_MS 100
#define INTERVAL_MOST_MS (60 * 60 * 1000)
#define WIDE 160 /* columns where no terminal sets a width */

static const char help[] =
    "Usage: oomguard top [--interval TIME] [--sort KEY] [--once] [--json]\n"
    "Shows the guarded containers as they live: state of the guard, a bar of the limit with the\n"
    "working set and the page cache, memory used and allowed, the working set in percent of the\n"
    "limit, pressure (PSI, cgroup v2), oom_score_adj of the init and of the others, restarts "
    "left,\n"
    "OOM kills, and the last event of the selected one. Press h for the keys.\n"
    "\n"
    "  --interval TIME  read again so often: 500ms, 2s (default), 1m\n"
    "  --sort KEY       memory (default), usage, pressure, kills, left, state or name\n"
    "  --once           print it once and leave; so too where the output is no terminal\n"
    "\n"
    "With --json once, as one document.\n"
    "\n"
    "Example:\n"
    "  oomguard top --sort state\n";

struct options {
	uint64_t interval_ms;
	enum top_sort sort;
	bool once;
};

/* No state root yet is no failure: something may start any time. */
static int load(const struct cli *cli, const struct top_look *look, struct top_rows *rows,
		struct error *err)
{
	int r = top_rows_load(cli->root, rows, err);

	if (r < 0)
		return r;
	top_rows_sort(rows, look->sort);
	return 0;
}

/* No blanks at the end of a line. */
static void trim(char *cell)
{
	size_t len = strlen(cell);

	while (len > 0 && cell[len - 1] == ' ')
		cell[--len] = '\0';
}

static void print_row(const struct cli *cli, const struct top_layout *layout,
		      const struct top_row *row)
{
	int last = TOP_COLUMNS - 1;
	char cell[TOP_CELL_MAX];

	while (last > 0 && layout->width[last] == 0)
		last--;
	for (int i = 0; i <= last; i++) {
		enum cli_color color = CLI_BOLD;

		if (layout->width[i] == 0)
			continue;
		if (row)
			top_cell(layout, row, (enum top_column)i, cell, &color);
		else
			top_header(layout, (enum top_column)i, cell);
		if (i == last)
			trim(cell);
		if (color == CLI_PLAIN)
			fputs(cell, stdout);
		else
			printf("%s%s%s", cli_color(cli, color), cell, cli_color(cli, CLI_PLAIN));
		if (i < last)
			printf("%*s", TOP_GAP, "");
	}
	putchar('\n');
}

static size_t columns_of_output(void)
{
	struct winsize size;

	if (isatty(STDOUT_FILENO) && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col)
		return size.ws_col;
	return WIDE;
}

static int print_once(const struct cli *cli, const struct top_rows *rows)
{
	struct top_layout layout;

	if (cli->json)
		return cli_json(top_rows_json, rows);
	top_layout(columns_of_output(), !strcmp(nl_langinfo(CODESET), "UTF-8"), &layout);
	print_row(cli, &layout, NULL);
	for (size_t i = 0; i < rows->len; i++)
		print_row(cli, &layout, &rows->items[i]);
	return cli_finish(CLI_DONE);
}

static int once(const struct cli *cli, const struct options *options)
{
	const struct top_look look = {.sort = options->sort};
	struct top_rows rows = {0};
	struct error err = {0};
	int r = load(cli, &look, &rows, &err), exit_code;

	if (r < 0 && r != -ENOENT)
		return cli_failed(&err);
	exit_code = print_once(cli, &rows);
	top_rows_free(&rows);
	return exit_code;
}

static enum top_wish watch(struct top_screen *screen, const struct top_rows *rows,
			   struct top_look *look)
{
	uint64_t until_ms = clock_ms(CLOCK_MONOTONIC) + look->interval_ms;
	enum top_wish wish;

	do {
		top_screen_draw(screen, rows, look);
		wish = top_screen_wait(screen, rows, look, until_ms);
	} while (wish == TOP_GO_ON);
	return wish;
}

static int live(const struct cli *cli, const struct options *options)
{
	struct top_look look = {.sort = options->sort, .interval_ms = options->interval_ms};
	struct top_screen *screen;
	struct error err = {0};
	enum top_wish wish;
	int r = top_screen_open(cli->color, &screen, &err);

	if (r < 0)
		return cli_failed(&err);
	do {
		struct top_rows rows = {0};

		r = load(cli, &look, &rows, &err);
		look.notice[0] = '\0';
		if (r == -ENOENT || (r == 0 && rows.len == 0))
			snprintf(look.notice, sizeof(look.notice), "No container is guarded.");
		else if (r < 0)
			snprintf(look.notice, sizeof(look.notice), "%.255s", err.message);
		wish = watch(screen, &rows, &look);
		top_rows_free(&rows);
	} while (wish != TOP_QUIT);
	top_screen_close(screen);
	return CLI_DONE;
}

static bool parse_sort(const char *word, enum top_sort *out)
{
	for (int i = 0; i < TOP_SORTS; i++) {
		if (!strcmp(word, top_sort_name((enum top_sort)i))) {
			*out = (enum top_sort)i;
			return true;
		}
	}
	return false;
}

static int parse(int argc, char **argv, struct options *out)
{
	enum { INTERVAL = 1, SORT, ONCE };
	static const struct option options[] = {{"interval", required_argument, NULL, INTERVAL},
						{"sort", required_argument, NULL, SORT},
						{"once", no_argument, NULL, ONCE},
						{0}};
	int option, exit_code = CLI_DONE;

	while ((option = cli_option(help, argc, argv, options, &exit_code)) != -1) {
		if (option == CLI_OPTION_STOP)
			return exit_code;
		if (option == ONCE)
			out->once = true;
		else if (option == SORT && !parse_sort(optarg, &out->sort))
			return cli_usage(argv[0], "cannot sort by \"%s\"", optarg);
		else if (option == INTERVAL && (duration_parse(optarg, &out->interval_ms) < 0 ||
						out->interval_ms < INTERVAL_LEAST_MS ||
						out->interval_ms > INTERVAL_MOST_MS))
			return cli_usage(argv[0], "an interval is 100ms to 1h, found \"%s\"",
					 optarg);
	}
	if (optind < argc)
		return cli_usage(argv[0], "takes no word, found \"%s\"", argv[optind]);
	return -1;
}

int verb_top(const struct cli *cli, int argc, char **argv)
{
	struct options options = {.interval_ms = INTERVAL_MS, .sort = TOP_BY_MEMORY};
	int exit_code = parse(argc, argv, &options);

	if (exit_code >= 0)
		return exit_code;
	setlocale(LC_CTYPE, "");
	if (options.once || cli->json || !isatty(STDOUT_FILENO) || !isatty(STDIN_FILENO))
		return once(cli, &options);
	return live(cli, &options);
}
