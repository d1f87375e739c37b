/* SPDX-License-Identifier: Apache-2.0 */
/* The live view: draws rows with curses and hears keys. Knows nothing of where rows come from. */
#pragma once

#include "layout.h"

struct top_screen; /* the terminal while it is ours */

/* What the viewer is looking at; the caller keeps it between frames. */
struct top_look {
	enum top_sort sort;
	uint64_t interval_ms;
	char selected[STATE_KEY_MAX]; /* the row's key; "": the first one */
	size_t first;		      /* the row on the topmost line */
	bool help;
	char notice[256]; /* shown in place of rows: why there are none; "" */
};

enum top_wish { TOP_GO_ON, TOP_QUIT, TOP_RELOAD };

/* Takes the terminal. -ENOTTY with a message when this one cannot be drawn on. */
int top_screen_open(bool color, struct top_screen **out, struct error *err);
/* Gives it back as it was. */
void top_screen_close(struct top_screen *screen);

void top_screen_draw(struct top_screen *screen, const struct top_rows *rows, struct top_look *look);

/*
 * Waits for keys, signals or the time `until_ms` (CLOCK_MONOTONIC). TOP_GO_ON: something is to be
 * drawn anew; TOP_RELOAD: the time is up, or rows are wanted now; TOP_QUIT: a key, SIGINT, SIGTERM,
 * SIGHUP, or nobody is at the keyboard any more.
 */
enum top_wish top_screen_wait(struct top_screen *screen, const struct top_rows *rows,
			      struct top_look *look, uint64_t until_ms);
