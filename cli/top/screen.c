/* SPDX-License-Identifier: Apache-2.0 */
#include "screen.h"

#include <errno.h>
#include <langinfo.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include <curses.h>

#include "cleanup.h"
#include "clock.h"

#define HEAD_LINES 2 /* the summary and the columns' names */
#define FOOT_LINES 3 /* the selected container, its last event, the keys */
#define ESCAPE_DELAY_MS 25

struct top_screen {
	SCREEN *curses;
	int signals; /* signalfd */
	sigset_t before;
	bool color, utf8;
};

enum { PAIR_RED = 1, PAIR_GREEN, PAIR_YELLOW };

static attr_t attribute(const struct top_screen *screen, enum cli_color color)
{
	switch (color) {
	case CLI_BOLD:
		return A_BOLD;
	case CLI_DIM:
		return A_DIM;
	case CLI_RED:
		return screen->color ? COLOR_PAIR(PAIR_RED) : A_BOLD;
	case CLI_GREEN:
		return screen->color ? COLOR_PAIR(PAIR_GREEN) : A_NORMAL;
	case CLI_YELLOW:
		return screen->color ? COLOR_PAIR(PAIR_YELLOW) : A_NORMAL;
	case CLI_PLAIN:
		break;
	}
	return A_NORMAL;
}

static int open_signals(struct top_screen *screen)
{
	sigset_t ours;

	sigemptyset(&ours);
	sigaddset(&ours, SIGINT);
	sigaddset(&ours, SIGTERM);
	sigaddset(&ours, SIGHUP);
	sigaddset(&ours, SIGQUIT);
	if (sigprocmask(SIG_BLOCK, &ours, &screen->before) < 0)
		return -errno;
	screen->signals = signalfd(-1, &ours, SFD_CLOEXEC | SFD_NONBLOCK);
	return screen->signals < 0 ? -errno : 0;
}

/* newterm() and not initscr(), which ends the program when it fails. */
static int open_curses(struct top_screen *screen, struct error *err)
{
	const char *term = getenv("TERM");
	int r;

	screen->curses = newterm(NULL, stdout, stdin);
	if (screen->curses && tigetstr("cup") > (char *)0)
		return 0;
	if (screen->curses)
		endwin();
	r = error_say(err, ENOTTY, "this terminal (TERM=%s) cannot be drawn on", term ? term : "");
	return error_hint(err, r, "set TERM, or use `oomguard top --once`");
}

static void prepare(struct top_screen *screen, bool color)
{
	cbreak();
	noecho();
	nonl();
	curs_set(0);
	keypad(stdscr, TRUE);
	nodelay(stdscr, TRUE);
	set_escdelay(ESCAPE_DELAY_MS);
	screen->utf8 = !strcmp(nl_langinfo(CODESET), "UTF-8");
	screen->color = color && has_colors();
	if (!screen->color)
		return;
	start_color();
	use_default_colors();
	init_pair(PAIR_RED, COLOR_RED, -1);
	init_pair(PAIR_GREEN, COLOR_GREEN, -1);
	init_pair(PAIR_YELLOW, COLOR_YELLOW, -1);
}

int top_screen_open(bool color, struct top_screen **out, struct error *err)
{
	struct top_screen *screen = calloc(1, sizeof(*screen));
	int r;

	if (!screen)
		return error_set(err, ENOMEM, "cannot draw");
	screen->signals = -1;
	r = open_curses(screen, err);
	if (r == 0) {
		prepare(screen, color);
		r = open_signals(screen);
		if (r < 0)
			error_set(err, -r, "cannot wait for signals");
	} else if (screen->curses) {
		delscreen(screen->curses);
		screen->curses = NULL;
	}
	if (r < 0) {
		top_screen_close(screen);
		return r;
	}
	*out = screen;
	return 0;
}

void top_screen_close(struct top_screen *screen)
{
	if (screen->curses) {
		endwin();
		delscreen(screen->curses);
	}
	if (screen->signals >= 0)
		sigprocmask(SIG_SETMASK, &screen->before, NULL);
	cleanup_closep(&screen->signals);
	free(screen);
}

/* One line of text, cut at the edge. */
static void put_line(const struct top_screen *screen, int line, const char *text, attr_t attributes)
{
	char fitted[TOP_CELL_MAX];

	if (line < 0 || line >= LINES)
		return;
	attrset(attributes);
	mvaddstr(line, 0, top_fit(text, (size_t)COLS, false, screen->utf8, fitted));
	attrset(A_NORMAL);
}

static void put_cells(const struct top_screen *screen, const struct top_layout *layout, int line,
		      const struct top_row *row, attr_t base)
{
	char cell[TOP_CELL_MAX];
	int at = 0;

	for (int i = 0; i < TOP_COLUMNS; i++) {
		enum top_column column = (enum top_column)i;
		enum cli_color color = CLI_PLAIN;

		if (layout->width[i] == 0)
			continue;
		if (row)
			top_cell(layout, row, column, cell, &color);
		else
			top_header(layout, column, cell);
		/* In the bar of the selection one colour is enough. */
		attrset(base == A_NORMAL ? attribute(screen, color) : base);
		mvaddstr(line, at, cell);
		attrset(base);
		if (at + (int)layout->width[i] < COLS)
			addstr(" ");
		at += (int)layout->width[i] + TOP_GAP;
	}
	for (; at > 0 && at - TOP_GAP < COLS; at++)
		mvaddstr(line, at - TOP_GAP, " ");
	attrset(A_NORMAL);
}

static size_t visible(void)
{
	return LINES > HEAD_LINES + FOOT_LINES ? (size_t)(LINES - HEAD_LINES - FOOT_LINES) : 1;
}

static size_t selected_at(const struct top_rows *rows, const struct top_look *look)
{
	for (size_t i = 0; i < rows->len; i++)
		if (!strcmp(rows->items[i].key, look->selected))
			return i;
	return 0;
}

static void select_row(const struct top_rows *rows, struct top_look *look, size_t at)
{
	if (rows->len)
		memcpy(look->selected, rows->items[at < rows->len ? at : rows->len - 1].key,
		       sizeof(look->selected));
}

/* The selected row stays in sight, and no line is wasted behind the last one. */
static void keep_in_sight(const struct top_rows *rows, struct top_look *look, size_t at)
{
	size_t lines = visible();

	if (look->first + lines > rows->len)
		look->first = rows->len > lines ? rows->len - lines : 0;
	if (at < look->first)
		look->first = at;
	if (at >= look->first + lines)
		look->first = at - lines + 1;
}

/* What is wrong first; order and time at the right end. */
static void draw_head(const struct top_screen *screen, const struct top_rows *rows,
		      const struct top_look *look, const struct top_layout *layout)
{
	char summary[256], fitted[TOP_CELL_MAX], end[64], line[TOP_CELL_MAX + 80], clock[16];
	size_t columns = (size_t)COLS;
	time_t now = time(NULL);
	struct tm tm;

	strftime(clock, sizeof(clock), "%H:%M:%S", localtime_r(&now, &tm));
	snprintf(end, sizeof(end), "  by %s  %s", top_sort_name(look->sort), clock);
	top_summary(rows, summary, sizeof(summary));
	columns -= columns > strlen(end) ? strlen(end) : 0;
	snprintf(line, sizeof(line), "%s%s", top_fit(summary, columns, false, screen->utf8, fitted),
		 end);
	put_line(screen, 0, line, A_BOLD);
	put_cells(screen, layout, 1, NULL, A_REVERSE);
}

static void draw_foot(const struct top_screen *screen, const struct top_row *row)
{
	char line[TOP_CELL_MAX];

	if (row) {
		snprintf(line, sizeof(line), "%s%s%s%s%s", row->name,
			 strcmp(row->name, row->id) ? "  id " : "",
			 strcmp(row->name, row->id) ? row->id : "",
			 row->profile[0] ? "  profile " : "", row->profile);
		put_line(screen, LINES - 3, line, A_BOLD);
		put_line(screen, LINES - 2, row->last_event, A_NORMAL);
	}
	put_line(screen, LINES - 1,
		 "q quit  arrows select  m u p o l s n sort  h what columns and keys mean", A_DIM);
}

static void draw_help(const struct top_screen *screen)
{
	static const char *const lines[] = {
	    "Columns",
	    "  LIMIT   of the memory limit: working set, page cache, free",
	    "  MEMORY  used / limit",
	    "  SET%    the working set, in percent of the limit",
	    "  PSI%    of the last 10 s some task waited for memory (cgroup v2)",
	    "  SCORES  oom_score_adj of the init / the highest of the others",
	    "  LEFT    restarts left / allowed; - where nothing can restart it",
	    "  OOMS    OOM kills, of earlier incarnations too",
	    "",
	    "Keys",
	    "  up down PgUp PgDn Home End   select",
	    "  m u p o l s n   sort by memory share, usage, PSI, OOM kills, restarts left,",
	    "                  state, name",
	    "  space   read again now       q   quit       h   back",
	};

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]) && HEAD_LINES + (int)i < LINES; i++)
		put_line(screen, HEAD_LINES + (int)i, lines[i], A_NORMAL);
}

void top_screen_draw(struct top_screen *screen, const struct top_rows *rows, struct top_look *look)
{
	size_t at = selected_at(rows, look);
	struct top_layout layout;

	top_layout((size_t)COLS, screen->utf8, &layout);
	keep_in_sight(rows, look, at);
	erase();
	draw_head(screen, rows, look, &layout);
	if (look->help) {
		draw_help(screen);
	} else if (look->notice[0]) {
		put_line(screen, HEAD_LINES + 1, look->notice, A_NORMAL);
	} else {
		for (size_t i = 0; i < visible() && look->first + i < rows->len; i++)
			put_cells(screen, &layout, HEAD_LINES + (int)i,
				  &rows->items[look->first + i],
				  look->first + i == at ? A_REVERSE : A_NORMAL);
	}
	draw_foot(screen, rows->len ? &rows->items[at] : NULL);
	refresh();
}

static bool sort_key(int key, struct top_look *look)
{
	static const struct {
		int key;
		enum top_sort sort;
	} keys[] = {
	    {'m', TOP_BY_MEMORY}, {'u', TOP_BY_USAGE}, {'p', TOP_BY_PRESSURE}, {'o', TOP_BY_KILLS},
	    {'l', TOP_BY_LEFT},	  {'s', TOP_BY_STATE}, {'n', TOP_BY_NAME},
	};

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		if (key != keys[i].key)
			continue;
		look->sort = keys[i].sort;
		look->first = 0;
		look->selected[0] = '\0';
		return true;
	}
	return false;
}

static void move_key(int key, const struct top_rows *rows, struct top_look *look)
{
	size_t at = selected_at(rows, look), page = visible();

	switch (key) {
	case KEY_UP:
	case 'k':
		at -= at > 0;
		break;
	case KEY_DOWN:
	case 'j':
		at++;
		break;
	case KEY_PPAGE:
		at -= at < page ? at : page;
		break;
	case KEY_NPAGE:
		at += page;
		break;
	case KEY_HOME:
		at = 0;
		break;
	case KEY_END:
		at = rows->len;
		break;
	default:
		return;
	}
	select_row(rows, look, at);
}

static enum top_wish obey(int key, const struct top_rows *rows, struct top_look *look)
{
	switch (key) {
	case 'q':
	case 'Q':
		return TOP_QUIT;
	case ' ':
		return TOP_RELOAD;
	case 'h':
	case '?':
		look->help = !look->help;
		return TOP_GO_ON;
	case KEY_RESIZE:
		clearok(stdscr, TRUE);
		return TOP_GO_ON;
	default:
		break;
	}
	/* The rows are sorted where they are loaded. */
	if (sort_key(key, look))
		return TOP_RELOAD;
	move_key(key, rows, look);
	return TOP_GO_ON;
}

enum top_wish top_screen_wait(struct top_screen *screen, const struct top_rows *rows,
			      struct top_look *look, uint64_t until_ms)
{
	struct pollfd waited[2] = {{.fd = STDIN_FILENO, .events = POLLIN},
				   {.fd = screen->signals, .events = POLLIN}};
	uint64_t now_ms = clock_ms(CLOCK_MONOTONIC);
	int key, n;

	if (now_ms >= until_ms)
		return TOP_RELOAD;
	n = poll(waited, 2, (int)(until_ms - now_ms));
	if (n == 0)
		return TOP_RELOAD;
	/* EINTR is a new size of the terminal mostly: curses tells it as a key. */
	if (n > 0 && (waited[1].revents || (waited[0].revents & (POLLHUP | POLLERR | POLLNVAL))))
		return TOP_QUIT;
	key = getch();
	if (key == ERR)
		return n > 0 ? TOP_QUIT : TOP_GO_ON;
	return obey(key, rows, look);
}
