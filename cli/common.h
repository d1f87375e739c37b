/* SPDX-License-Identifier: Apache-2.0 */
/* What every verb of `oomguard` needs: global options, exit codes, messages, JSON on stdout. */
#pragma once

#include <getopt.h>
#include <stdbool.h>

#include "error.h"
#include "jsonw.h"

#define CLI_JSON_VERSION 1 /* "version" in everything --json prints */

enum cli_exit { CLI_DONE = 0, CLI_FAILED = 1, CLI_USAGE = 2, CLI_NO_CONTAINER = 3 };

struct cli {
	const char *root; /* --root DIR, or NULL */
	bool json;	  /* --json */
	bool color;	  /* stdout is a terminal and NO_COLOR is not set */
};

/* Prints "oomguard VERB: text" and where help is; returns CLI_USAGE. Text is made harmless. */
int cli_usage(const char *verb, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Prints "oomguard: message" and the hint on a line of its own; returns CLI_FAILED. */
int cli_failed(const struct error *err);

/* Prints that nothing is called so; returns CLI_NO_CONTAINER. */
int cli_no_container(const char *verb, const char *word);

/* A remark on stderr that does not change the exit code. */
void cli_note(const char *format, ...) __attribute__((format(printf, 1, 2)));

/*
 * The next option of a verb: getopt_long() with "--help" added to `options` (ended by a zero
 * entry, may be NULL), silent about errors. Returns its `val`, -1 at the end, and CLI_OPTION_STOP
 * when help was printed or a wrong option complained of: then *exit_code is to be returned.
 */
#define CLI_OPTION_STOP (-2)
int cli_option(const char *help, int argc, char **argv, const struct option *options,
	       int *exit_code);

/*
 * All that a verb takes which has no options of its own and no words. True when it may begin; else
 * what was to be said is said, and *exit_code is to be returned.
 */
bool cli_takes_nothing(const char *help, int argc, char **argv, int *exit_code);

/*
 * Prints the JSON document that `fill` writes, pretty. `fill` may be called again with a larger
 * buffer, so it only reads its context. Returns an exit code.
 */
int cli_json(void (*fill)(struct jsonw *w, const void *context), const void *context);

/* Flushes stdout and tells a full disk or a closed pipe. Returns `exit_code`, or CLI_FAILED. */
int cli_finish(int exit_code);

/* Colours for people: the sequence when cli->color, else "". */
enum cli_color { CLI_PLAIN, CLI_BOLD, CLI_RED, CLI_GREEN, CLI_YELLOW, CLI_DIM };
const char *cli_color(const struct cli *cli, enum cli_color color);
