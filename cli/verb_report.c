/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "escape.h"
#include "find.h"
#include "incident.h"
#include "report.h"
#include "verbs.h"

#define LISTED_MAX 10 /* incidents in the message that a word is not enough */

static const char help[] =
    "Usage: oomguard report [INCIDENT | ID] [--html FILE] [--json]\n"
    "Tells why memory ran out: the verdict and what to do, which limit was hit, who was killed "
    "and\n"
    "who should have been, then the figures: memory before and at the event, processes, limits,\n"
    "what was done, and the kernel's own report.\n"
    "\n"
    "INCIDENT is the name of a record, or the beginning of it; with an ID it is the container's\n"
    "newest one, and with neither the newest of all. `oomguard incidents` lists them.\n"
    "\n"
    "Options:\n"
    "  --html FILE  write it as one page, with no script and nothing to load; - is standard "
    "output\n"
    "  --json       answers and verdicts, with the record\n"
    "\n"
    "Example:\n"
    "  oomguard report web --html /tmp/web.html\n";

/* The records that are there, by file name ("NAME.json"), oldest first. */
struct entries {
	int dirfd;
	char **files; /* owned */
	size_t len;
};

static void entries_free(struct entries *entries)
{
	for (size_t i = 0; i < entries->len; i++)
		free(entries->files[i]);
	free(take_ptr(entries->files));
}

/* An incidents_names() visit. */
static int add_file(const char *file, void *context)
{
	struct entries *entries = context;
	char **files = realloc(entries->files, (entries->len + 1) * sizeof(*files));

	if (!files)
		return -ENOMEM;
	entries->files = files;
	files[entries->len] = strdup(file);
	if (!files[entries->len])
		return -ENOMEM;
	entries->len++;
	return 0;
}

/* Without the suffix, which every one has. */
static int name_len(const char *file)
{
	return (int)(strlen(file) - strlen(".json"));
}

/* "NAME.json" begins with the word, which may have the suffix too; 2: it is all of it. */
static int fits(const char *file, const char *word)
{
	size_t len = strlen(word);

	if (strncmp(file, word, len))
		return 0;
	return !file[len] || !strcmp(file + len, ".json") ? 2 : 1;
}

static int tell_several(const struct entries *entries, const char *verb, const char *word)
{
	char text[512];
	size_t told = 0;

	fprintf(stderr, "oomguard %s: \"%s\" begins several incidents:\n", verb,
		escape_terminal(word, text, sizeof(text)));
	for (size_t i = 0; i < entries->len; i++) {
		if (!fits(entries->files[i], word) || told++ >= LISTED_MAX)
			continue;
		escape_terminal(entries->files[i], text, sizeof(text));
		fprintf(stderr, "  %.*s\n", name_len(text), text);
	}
	if (told > LISTED_MAX)
		fprintf(stderr, "  and %zu more\n", told - LISTED_MAX);
	return CLI_USAGE;
}

/* Sets *file where the word names one; an exit code where it names several. */
static int pick_incident(const struct entries *entries, const char *verb, const char *word,
			 const char **file)
{
	size_t count = 0;

	for (size_t i = 0; word[0] && i < entries->len; i++) {
		int fit = fits(entries->files[i], word);

		if (fit)
			*file = entries->files[i];
		if (fit == 2)
			return CLI_DONE;
		count += fit == 1;
	}
	return count > 1 ? tell_several(entries, verb, word) : CLI_DONE;
}

/* All containers that have a record, and to each record whose it is. */
static int read_containers(const struct entries *entries, struct candidates *containers,
			   char (*keys)[STATE_KEY_MAX])
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < entries->len; i++) {
		cleanup_json struct json *record = NULL;

		if (incident_read(entries->dirfd, entries->files[i], &record, NULL) == 0)
			r = candidates_add_record(containers, record, keys[i]);
	}
	return r;
}

/* The newest record of the container that the word names. */
static int pick_container(const struct entries *entries, const char *verb, const char *word,
			  const char **file)
{
	cleanup_free char(*keys)[STATE_KEY_MAX] = calloc(entries->len + 1, sizeof(*keys));
	struct candidates containers = {0};
	const struct candidate *container;
	struct error err = {0};
	int exit_code;

	if (!keys || read_containers(entries, &containers, keys) < 0) {
		error_set(&err, ENOMEM, "cannot read the incidents");
		exit_code = cli_failed(&err);
	} else {
		exit_code = candidates_pick(&containers, verb, word, &container);
	}
	for (size_t i = 0; exit_code == CLI_DONE && i < entries->len; i++)
		if (!strcmp(keys[i], container->key))
			*file = entries->files[i];
	candidates_free(&containers);
	return exit_code;
}

/* The newest one that can be read; NULL when there is none. */
static const char *newest(const struct entries *entries)
{
	for (size_t i = entries->len; i-- > 0;) {
		cleanup_json struct json *record = NULL;

		if (incident_read(entries->dirfd, entries->files[i], &record, NULL) == 0)
			return entries->files[i];
	}
	return NULL;
}

static int pick(const struct entries *entries, const char *verb, const char *word,
		const char **file)
{
	int exit_code;

	*file = NULL;
	if (!word) {
		*file = newest(entries);
		return CLI_DONE;
	}
	exit_code = pick_incident(entries, verb, word, file);
	if (exit_code != CLI_DONE || *file)
		return exit_code;
	return pick_container(entries, verb, word, file);
}

static int show(const struct cli *cli, int dirfd, const char *file, const char *html)
{
	cleanup_json struct json *record = NULL;
	struct report report = {0};
	struct error err = {0};
	char name[256];
	int r = incident_read(dirfd, file, &record, &err), exit_code = CLI_DONE;

	if (r < 0) {
		error_wrap(&err, r, "cannot read the incident %s", file);
		return cli_failed(&err);
	}
	snprintf(name, sizeof(name), "%.*s", name_len(file), file);
	if (report_make(name, record, &report) < 0) {
		error_set(&err, ENOMEM, "cannot read the incident %s", file);
		exit_code = cli_failed(&err);
	} else {
		if (html)
			exit_code = report_show_html(&report, html);
		if (exit_code == CLI_DONE && cli->json)
			exit_code = report_show_json(&report);
		else if (exit_code == CLI_DONE && !html)
			exit_code = report_show_text(cli, &report);
	}
	report_free(&report);
	return exit_code;
}

static int select_and_show(const struct cli *cli, const char *folder, const char *verb,
			   const char *word, const char *html)
{
	struct entries entries = {0};
	const char *file = NULL;
	struct error err = {0};
	cleanup_close int dirfd = incidents_open(folder, false, &err);
	int r = 0, exit_code;

	if (dirfd < 0 && dirfd != -ENOENT)
		return cli_failed(&err);
	entries.dirfd = dirfd;
	if (dirfd >= 0)
		r = incidents_names(dirfd, add_file, &entries);
	if (r < 0) {
		error_set(&err, -r, "cannot read the incidents in %s", folder);
		exit_code = cli_failed(&err);
	} else {
		exit_code = pick(&entries, verb, word, &file);
		if (exit_code == CLI_DONE && file) {
			exit_code = show(cli, dirfd, file, html);
		} else if (exit_code == CLI_DONE) {
			error_say(&err, ENOENT, "no incident was recorded in %s", folder);
			exit_code = cli_failed(&err);
		}
	}
	entries_free(&entries);
	return exit_code;
}

int verb_report(const struct cli *cli, int argc, char **argv)
{
	static const struct option options[] = {{"html", required_argument, NULL, 'H'}, {0}};
	const char *html = NULL;
	struct state_root root;
	struct error err = {0};
	int r, option, exit_code = CLI_DONE;

	while ((option = cli_option(help, argc, argv, options, &exit_code)) != -1) {
		if (option == CLI_OPTION_STOP)
			return exit_code;
		html = optarg;
	}
	if (argc - optind > 1)
		return cli_usage(argv[0], "takes one INCIDENT or ID, found \"%s\"",
				 argv[optind + 1]);
	/* Only the paths: the records outlive the state. */
	r = state_root_paths(cli->root, &root, &err);
	if (r < 0)
		return cli_failed(&err);
	exit_code = select_and_show(cli, root.incidents_path, argv[0],
				    optind < argc ? argv[optind] : NULL, html);
	state_root_close(&root);
	return exit_code;
}
