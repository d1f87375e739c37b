/* SPDX-License-Identifier: Apache-2.0 */
/* `oomguard`: shows what is guarded and what happened, and checks policies. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config.h"
#include "verbs.h"

static const struct {
	const char *name;
	int (*run)(const struct cli *cli, int argc, char **argv);
} verbs[] = {
    {"list", verb_list},	   {"status", verb_status},   {"events", verb_events},
    {"incidents", verb_incidents}, {"report", verb_report},   {"top", verb_top},
    {"explain", verb_explain},	   {"metrics", verb_metrics}, {"cancel", verb_cancel},
    {"doctor", verb_doctor},	   {"policy", verb_policy},   {"configure", verb_configure},
    {"recover", verb_recover},	   {"version", verb_version},
};

static const char help[] =
    "Usage: oomguard [--root DIR] [--json] VERB [ARGUMENT]...\n"
    "Shows how containers are guarded against running out of memory, and what happened.\n"
    "\n"
    "Verbs:\n"
    "  list                 all guarded containers\n"
    "  top                  the same live: memory, pressure, scores, restarts left\n"
    "  status ID            one container: policy, settings, shim, restarts, last events\n"
    "  events [ID]          what happened, step by step; --follow goes on\n"
    "  incidents [ID]       the records of all OOMs, of containers that are gone too\n"
    "  report [INCIDENT | ID]\n"
    "                       why memory ran out, and what to do; --html makes a page\n"
    "  explain [FILE]...    what the OOM killer's reports in a kernel log say\n"
    "  metrics              counters in Prometheus' text format, for a scrape or a file\n"
    "  cancel ID            no further restart of this container\n"
    "  doctor               does it work here? what is wrong, and what to do\n"
    "  policy check [FILE]  is the policy right?\n"
    "  policy show --bundle DIR\n"
    "                       the policy of one container, and where each value came from\n"
    "  configure ENGINE     register with a container engine, or take that back\n"
    "  recover              a shim again for each container that lost its own\n"
    "  version              version and places\n"
    "\n"
    "An ID is a container's id, or a prefix of it that no other one has.\n"
    "\n"
    "Options, before or behind the verb:\n"
    "  --root DIR  state of guarded containers (default: " OOMGUARD_STATE_DIR ")\n"
    "  --json      for programs: one JSON document (`events`: one a line)\n"
    "  --help      this text; behind a verb, more about that verb\n"
    "  --version   as the verb `version`\n"
    "\n"
    "Exit status: 0 done, 1 failed, 2 wrong usage, 3 no such container.\n"
    "\n"
    "Example:\n"
    "  oomguard status web\n";

/* Takes --root and --json out of the words. Returns the new count, -1 when --root has no value. */
static int take_global(struct cli *cli, int argc, char **argv)
{
	int kept = 1, i;

	for (i = 1; i < argc && strcmp(argv[i], "--"); i++) {
		if (!strcmp(argv[i], "--json")) {
			cli->json = true;
		} else if (!strncmp(argv[i], "--root=", 7)) {
			cli->root = argv[i] + 7;
		} else if (!strcmp(argv[i], "--root")) {
			if (i + 1 == argc)
				return -1;
			cli->root = argv[++i];
		} else {
			argv[kept++] = argv[i];
		}
	}
	for (; i < argc; i++)
		argv[kept++] = argv[i];
	argv[kept] = NULL;
	return kept;
}

static int no_verb(const struct cli *cli, int argc, char **argv)
{
	char *words[] = {(char *)"version", NULL};

	if (argc < 2) {
		fputs(help, stderr);
		return CLI_USAGE;
	}
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h")) {
		fputs(help, stdout);
		return cli_finish(CLI_DONE);
	}
	if (!strcmp(argv[1], "--version"))
		return verb_version(cli, 1, words);
	if (argv[1][0] == '-')
		return cli_usage(NULL, "unknown option '%s'", argv[1]);
	return cli_usage(NULL, "unknown verb \"%s\"", argv[1]);
}

int main(int argc, char **argv)
{
	const char *no_color = getenv("NO_COLOR");
	struct cli cli = {0};

	if (argc < 1)
		return CLI_USAGE;
	/* no-color.org: set and not empty. */
	cli.color = isatty(STDOUT_FILENO) && !(no_color && no_color[0]);
	argc = take_global(&cli, argc, argv);
	if (argc < 0)
		return cli_usage(NULL, "option '--root' needs a value");
	for (size_t i = 0; argc > 1 && i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		if (!strcmp(argv[1], verbs[i].name))
			return verbs[i].run(&cli, argc - 1, argv + 1);
	}
	return no_verb(&cli, argc, argv);
}
