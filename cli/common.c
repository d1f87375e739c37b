/* SPDX-License-Identifier: Apache-2.0 */
#include "common.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "escape.h"

#define JSON_FIRST_BYTES (64 * 1024)
#define JSON_LAST_BYTES (64 * 1024 * 1024)
#define OPTIONS_MAX 16

/* Messages quote words of the command line and of files, so all of them are escaped. */
static void print_escaped(const char *verb, const char *text)
{
	char escaped[2048];

	fprintf(stderr, "oomguard%s%s: %s\n", verb ? " " : "", verb ? verb : "",
		escape_terminal(text, escaped, sizeof(escaped)));
}

int cli_usage(const char *verb, const char *format, ...)
{
	char text[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	print_escaped(verb, text);
	fprintf(stderr, "Try 'oomguard%s%s --help'.\n", verb ? " " : "", verb ? verb : "");
	return CLI_USAGE;
}

int cli_failed(const struct error *err)
{
	char escaped[1024];

	print_escaped(NULL, err->message);
	if (err->hint[0])
		fprintf(stderr, "  %s\n", escape_terminal(err->hint, escaped, sizeof(escaped)));
	return CLI_FAILED;
}

int cli_no_container(const char *verb, const char *word)
{
	char text[512];

	snprintf(text, sizeof(text), "no container \"%s\"", word);
	print_escaped(verb, text);
	return CLI_NO_CONTAINER;
}

void cli_note(const char *format, ...)
{
	char text[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	print_escaped(NULL, text);
}

int cli_option(const char *help, int argc, char **argv, const struct option *options,
	       int *exit_code)
{
	enum { OPTION_HELP = 0x10000 };
	struct option all[OPTIONS_MAX + 2] = {
	    {"help", no_argument, NULL, OPTION_HELP},
	};
	int option;

	for (size_t i = 0; options && options[i].name && i < OPTIONS_MAX; i++)
		all[i + 1] = options[i];
	opterr = 0;
	option = getopt_long(argc, argv, ":h", all, NULL);
	if (option == -1)
		return -1;
	if (option == OPTION_HELP || option == 'h') {
		fputs(help, stdout);
		*exit_code = cli_finish(CLI_DONE);
		return CLI_OPTION_STOP;
	}
	if (option == ':') {
		*exit_code = cli_usage(argv[0], "option '%s' needs a value", argv[optind - 1]);
		return CLI_OPTION_STOP;
	}
	if (option == '?') {
		/* For a short option inside a word, optind still points at that word. */
		if (optopt > 0 && optopt < 0x80)
			*exit_code = cli_usage(argv[0], "unknown option '-%c'", optopt);
		else
			*exit_code = cli_usage(
			    argv[0], "option '%s' is not known, ambiguous, or takes no value",
			    argv[optind - 1]);
		return CLI_OPTION_STOP;
	}
	return option;
}

bool cli_takes_nothing(const char *help, int argc, char **argv, int *exit_code)
{
	*exit_code = CLI_DONE;
	if (cli_option(help, argc, argv, NULL, exit_code) != -1)
		return false;
	if (optind == argc)
		return true;
	*exit_code = cli_usage(argv[0], "takes no word, found \"%s\"", argv[optind]);
	return false;
}

int cli_json(void (*fill)(struct jsonw *w, const void *context), const void *context)
{
	struct error err = {0};

	for (size_t cap = JSON_FIRST_BYTES; cap <= JSON_LAST_BYTES; cap *= 4) {
		cleanup_free char *buf = malloc(cap);
		struct jsonw w;
		int len;

		if (!buf || jsonw_init(&w, buf, cap, true) < 0)
			break;
		jsonw_start(&w);
		fill(&w, context);
		len = jsonw_finish(&w);
		jsonw_close(&w);
		if (len == -ENOBUFS)
			continue;
		if (len < 0) {
			error_set(&err, -len, "cannot write JSON");
			return cli_failed(&err);
		}
		fwrite(buf, 1, (size_t)len, stdout);
		return cli_finish(CLI_DONE);
	}
	error_set(&err, ENOMEM, "cannot write JSON");
	return cli_failed(&err);
}

int cli_finish(int exit_code)
{
	struct error err = {0};

	if (fflush(stdout) == 0 && !ferror(stdout))
		return exit_code;
	error_set(&err, errno ? errno : EIO, "cannot write to standard output");
	return cli_failed(&err);
}

const char *cli_color(const struct cli *cli, enum cli_color color)
{
	static const char *const sequences[] = {
	    [CLI_PLAIN] = "\033[0m",  [CLI_BOLD] = "\033[1m",	 [CLI_RED] = "\033[31m",
	    [CLI_GREEN] = "\033[32m", [CLI_YELLOW] = "\033[33m", [CLI_DIM] = "\033[2m",
	};

	return cli->color ? sequences[color] : "";
}
