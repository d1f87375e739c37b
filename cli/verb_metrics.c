/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cleanup.h"
#include "metrics_page.h"
#include "verbs.h"

#define TEXTFILE "oomguard.prom"

static const char help[] =
    "Usage: oomguard metrics [--textfile DIR] [--json]\n"
    "Prints counters in Prometheus' text format (0.0.4): OOM kills, actions with their results,\n"
    "stalls, repaired drift, restarts, refused annotations, how long the hook took, and how many\n"
    "containers there are in which state. The counters outlive the containers; they begin at zero\n"
    "when the host boots.\n"
    "\n"
    "Labels are container, pod and namespace, of at most 512 containers. When all are taken, the\n"
    "one that was quiet for the longest time, and for an hour at least, gives way; as long as "
    "none\n"
    "does, newcomers are counted together as container \"(other)\".\n"
    "\n"
    "  --textfile DIR  write DIR/oomguard.prom instead, for node_exporter's textfile collector:\n"
    "                  a temporary file, then a rename, readable by all\n"
    "\n"
    "Example:\n"
    "  oomguard metrics --textfile /var/lib/prometheus/node-exporter\n";

/* The collector is another user; the umask has no say. */
static int write_public(int dirfd, const char *name, const char *text, size_t len)
{
	struct state_file file;
	int r = state_file_begin(&file, dirfd, name);

	if (r < 0)
		return r;
	r = fchmod(file.fd, 0644) < 0 ? -errno : state_file_add(&file, text, len);
	return state_file_end(&file, name, r);
}

/* The whole text first: a full disk must not leave half of it. */
static int write_textfile(const char *dir, const struct metrics_page *page)
{
	cleanup_close int dirfd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cleanup_free char *text = NULL;
	struct error err = {0};
	size_t len = 0;
	FILE *out;
	int r = 0;

	if (dirfd < 0) {
		error_set(&err, errno, "cannot open %s", dir);
		return cli_failed(&err);
	}
	out = open_memstream(&text, &len);
	if (out) {
		metrics_text(out, page);
		r = fclose(out) == 0 ? 0 : -ENOMEM;
	}
	if (!out || r < 0) {
		error_set(&err, ENOMEM, "cannot write the metrics");
		return cli_failed(&err);
	}
	r = write_public(dirfd, TEXTFILE, text, len);
	if (r < 0) {
		error_set(&err, -r, "cannot write %s/" TEXTFILE, dir);
		return cli_failed(&err);
	}
	return CLI_DONE;
}

static int show(const struct cli *cli, const char *textfile, const struct metrics_page *page)
{
	if (textfile)
		return write_textfile(textfile, page);
	if (cli->json)
		return cli_json(metrics_json, page);
	metrics_text(stdout, page);
	return cli_finish(CLI_DONE);
}

static int load_and_show(const struct cli *cli, const char *textfile)
{
	struct state_root root = {.dirfd = -1, .containers = -1};
	struct metrics_page page = {0};
	struct views views = {0};
	struct error err = {0};
	int r = state_root_open(cli->root, false, &root, &err), exit_code;
	/* Nothing was ever guarded: all is zero. */
	bool none = r == -ENOENT;

	if (r < 0 && !none)
		return cli_failed(&err);
	r = none ? 0 : views_load(&root, &views);
	if (r == 0)
		r = metrics_page_load(none ? NULL : &root, &views, &page);
	if (r < 0) {
		error_set(&err, -r, "cannot read the metrics in %s", root.path);
		exit_code = cli_failed(&err);
	} else {
		exit_code = show(cli, textfile, &page);
	}
	metrics_page_free(&page);
	views_free(&views);
	state_root_close(&root);
	return exit_code;
}

int verb_metrics(const struct cli *cli, int argc, char **argv)
{
	static const struct option options[] = {{"textfile", required_argument, NULL, 't'}, {0}};
	const char *textfile = NULL;
	int option, exit_code = CLI_DONE;

	while ((option = cli_option(help, argc, argv, options, &exit_code)) != -1) {
		if (option == CLI_OPTION_STOP)
			return exit_code;
		textfile = optarg;
	}
	if (optind < argc)
		return cli_usage(argv[0], "takes no word, found \"%s\"", argv[optind]);
	if (textfile && cli->json)
		return cli_usage(argv[0], "a text file is not JSON");
	return load_and_show(cli, textfile);
}
