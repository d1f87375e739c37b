/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"
#include "explain.h"
#include "verbs.h"

static const char help[] =
    "Usage: oomguard explain [FILE]... [--kmsg] [--journal] [--json]\n"
    "Finds the reports of the kernel's OOM killer in kernel logs and says for each who asked for\n"
    "memory, whose limit was hit (container, pod, slice, host), who was killed, and what was "
    "large.\n"
    "Reads logs of any size, from any kernel, with anything in front of the lines; a report of "
    "which\n"
    "only a part is there too. What the log does not say is not guessed.\n"
    "\n"
    "  FILE       a log: dmesg, kern.log, journalctl in any form, /dev/kmsg records, JSON of\n"
    "             Docker or a shipper of logs, a mail, a page; \"-\" is the\n"
    "             standard input. Without FILE and source: the standard input, or --kmsg when\n"
    "             that is a terminal\n"
    "  --kmsg     what the kernel's ring buffer holds now\n"
    "  --journal  the kernel's messages of this boot in systemd's journal\n"
    "  --json     one JSON object a line for each report\n"
    "\n"
    "Exit status: 0 done, also when there is no report; 1 a log could not be read; 2 wrong usage.\n"
    "\n"
    "Example:\n"
    "  oomguard explain /var/log/kern.log --json | jq '.victims[].comm'\n";

struct explaining {
	const struct cli *cli;
	const char *source; /* name of the log at hand */
	unsigned long reports;
	int status; /* 0, or the first negative errno of writing */
};

static void take_report(const struct oomlog_report *report, void *context)
{
	struct explaining *explaining = context;
	int r = 0;

	explaining->reports++;
	if (explaining->cli->json)
		r = explain_json(report, explaining->source);
	else
		explain_show(explaining->cli, report, explaining->source, explaining->reports);
	if (r < 0 && explaining->status == 0)
		explaining->status = r;
}

static int read_file(struct oomlog *log, const char *path, struct error *err)
{
	bool input = !strcmp(path, "-");
	cleanup_close int fd = input ? -1 : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	int r;

	if (!input && fd < 0)
		return error_set(err, errno, "cannot open %s", path);
	r = explain_read(log, input ? STDIN_FILENO : fd);
	if (r == -ENOTSUP)
		return error_hint(err,
				  error_say(err, ENOTSUP, "%s is compressed",
					    input ? "the standard input" : path),
				  "unpack it, as in: zcat FILE | oomguard explain");
	return r < 0 ? error_set(err, -r, "cannot read %s", input ? "the standard input" : path)
		     : 0;
}

/* A log that cannot be read does not keep the others from being read. */
static int explain_source(struct oomlog *log, struct explaining *explaining, const char *source,
			  int (*read_source)(struct oomlog *, const char *, struct error *))
{
	struct error err = {0};

	explaining->source = source;
	if (read_source(log, source, &err) == 0)
		return CLI_DONE;
	oomlog_end(log);
	return cli_failed(&err);
}

static int read_journal(struct oomlog *log, const char *source, struct error *err)
{
	return explain_read_journal(log, err);
}

static int finish(const struct explaining *explaining, int exit_code)
{
	struct error err = {0};

	if (explaining->status < 0) {
		error_set(&err, -explaining->status, "cannot write JSON");
		return cli_failed(&err);
	}
	if (!explaining->reports && exit_code == CLI_DONE)
		cli_note("no report of the OOM killer found");
	if (fflush(stdout) != 0 || ferror(stdout))
		return cli_finish(exit_code);
	return exit_code;
}

int verb_explain(const struct cli *cli, int argc, char **argv)
{
	static const struct option options[] = {
	    {"kmsg", no_argument, NULL, 'k'}, {"journal", no_argument, NULL, 'j'}, {0}};
	struct explaining explaining = {.cli = cli};
	bool kmsg = false, journal = false;
	struct oomlog *log;
	int option, exit_code = CLI_DONE;

	while ((option = cli_option(help, argc, argv, options, &exit_code)) != -1) {
		if (option == CLI_OPTION_STOP)
			return exit_code;
		kmsg = kmsg || option == 'k';
		journal = journal || option == 'j';
	}
	if (optind == argc && !journal)
		kmsg = kmsg || isatty(STDIN_FILENO);
	log = oomlog_new(take_report, &explaining);
	if (!log) {
		struct error err = {0};

		error_set(&err, ENOMEM, "cannot read logs");
		return cli_failed(&err);
	}
	if (kmsg)
		exit_code |= explain_source(log, &explaining, "/dev/kmsg", explain_read_kmsg);
	if (journal)
		exit_code |= explain_source(log, &explaining, "journal", read_journal);
	if (optind == argc && !kmsg && !journal)
		exit_code |= explain_source(log, &explaining, "-", read_file);
	for (int i = optind; i < argc; i++)
		exit_code |= explain_source(log, &explaining, argv[i], read_file);
	oomlog_free(log);
	return finish(&explaining, exit_code);
}
