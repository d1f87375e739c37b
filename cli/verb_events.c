/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "escape.h"
#include "event_source.h"
#include "find.h"
#include "follow.h"
#include "verbs.h"

static const char help[] =
    "Usage: oomguard events [ID] [--follow] [--json]\n"
    "Prints what happened to a container, or to all of them, step by step and oldest first:\n"
    "settings, OOMs, decisions, kills, restarts. Times are UTC.\n"
    "\n"
    "Options:\n"
    "  -f, --follow  go on as things happen; with an ID, until its state is removed\n"
    "  --json        the events as they stand in the journal, one JSON object a line\n"
    "\n"
    "The journal of a container ends with the container; its incidents stay.\n"
    "\n"
    "Example:\n"
    "  oomguard events web --follow\n";

struct stored {
	char *line;
	char time[40];
};

struct events {
	const struct cli *cli;
	struct stored *items; /* collected, to be sorted by time */
	size_t len;
	bool no_memory;
};

static enum cli_color level_color(const struct json *event)
{
	const char *level = json_get_string(event, "level");

	if (level && !strcmp(level, "error"))
		return CLI_RED;
	if (level && !strcmp(level, "warning"))
		return CLI_YELLOW;
	return CLI_PLAIN;
}

/* An event_visit: one line on stdout. */
static void print_event(const struct json *event, const char *line, void *context)
{
	const struct events *events = context;
	static const char *const keys[] = {"time", "id", "event", "message"};
	enum cli_color color = level_color(event);
	char text[4][2048];

	if (events->cli->json) {
		puts(line);
		return;
	}
	for (size_t i = 0; i < 4; i++) {
		const char *value = json_get_string(event, keys[i]);

		escape_terminal(value ? value : "", text[i], sizeof(text[i]));
	}
	printf("%s  %.12s  %s%-12s  %s%s\n", text[0], text[1],
	       color == CLI_PLAIN ? "" : cli_color(events->cli, color), text[2], text[3],
	       color == CLI_PLAIN ? "" : cli_color(events->cli, CLI_PLAIN));
}

/* An event_visit: keeps it for sorting. */
static void store_event(const struct json *event, const char *line, void *context)
{
	struct events *events = context;
	struct stored *items = realloc(events->items, (events->len + 1) * sizeof(*items));
	const char *time = json_get_string(event, "time");

	if (!items) {
		events->no_memory = true;
		return;
	}
	events->items = items;
	items[events->len].line = strdup(line);
	snprintf(items[events->len].time, sizeof(items[0].time), "%s", time ? time : "");
	if (items[events->len].line)
		events->len++;
	else
		events->no_memory = true;
}

/* Stable for equal times: lines of one journal stay in their order. */
static void merge_sort(struct stored *items, struct stored *scratch, size_t len)
{
	size_t half = len / 2, a = 0, b = half;

	if (len < 2)
		return;
	merge_sort(items, scratch, half);
	merge_sort(items + half, scratch, len - half);
	for (size_t i = 0; i < len; i++) {
		bool first = b == len || (a < half && strcmp(items[a].time, items[b].time) <= 0);

		scratch[i] = first ? items[a++] : items[b++];
	}
	memcpy(items, scratch, len * sizeof(*items));
}

/* Prints what was collected, in the order of time. */
static void print_stored(struct events *events)
{
	const struct json_limits limits = {
	    .source = STATE_EVENTS, .max_bytes = JOURNAL_LINE_MAX, .max_depth = 8};
	cleanup_free struct stored *scratch = calloc(events->len + 1, sizeof(*scratch));

	if (scratch)
		merge_sort(events->items, scratch, events->len);
	else
		events->no_memory = true;
	for (size_t i = 0; i < events->len; i++) {
		cleanup_json struct json *event = NULL;

		if (json_parse(events->items[i].line, strlen(events->items[i].line), &limits,
			       &event, NULL) == 0)
			print_event(event, events->items[i].line, events);
		free(events->items[i].line);
	}
	free(take_ptr(events->items));
	events->len = 0;
}

static int collect(const struct state_root *root, const char *key, void *context)
{
	struct event_source *source = malloc(sizeof(*source));

	if (!source)
		return -ENOMEM;
	if (event_source_open(source, root, key) == 0) {
		event_source_read(source, store_event, context);
		event_source_close(source);
	}
	free(source);
	return 0;
}

static int show(const struct cli *cli, const struct state_root *root, const char *key, bool follow)
{
	struct events events = {.cli = cli};
	struct error err = {0};
	int r;

	if (follow) {
		setvbuf(stdout, NULL, _IOLBF, 0);
		r = follow_events(root, key, print_event, &events, &err);
		return r < 0 ? cli_failed(&err) : cli_finish(CLI_DONE);
	}
	r = key ? collect(root, key, &events) : state_containers(root, collect, &events);
	print_stored(&events);
	if (r == 0 && !events.no_memory)
		return cli_finish(CLI_DONE);
	error_set(&err, r < 0 ? -r : ENOMEM, "cannot read all events");
	return cli_failed(&err);
}

int verb_events(const struct cli *cli, int argc, char **argv)
{
	static const struct option options[] = {{"follow", no_argument, NULL, 'f'}, {0}};
	struct state_root root;
	struct error err = {0};
	char key[STATE_KEY_MAX];
	bool follow = false;
	int option, r, exit_code = CLI_DONE;

	while ((option = cli_option(help, argc, argv, options, &exit_code)) != -1) {
		if (option != 'f')
			return exit_code;
		follow = true;
	}
	if (argc - optind > 1)
		return cli_usage(argv[0], "takes one ID, found \"%s\"", argv[optind + 1]);
	r = state_root_open(cli->root, false, &root, &err);
	if (r == -ENOENT && optind < argc)
		return find_nothing(argv[0], argv[optind]);
	if (r == -ENOENT && !follow)
		return CLI_DONE;
	/* Whoever waits for the first container makes the place where it will appear. */
	if (r == -ENOENT)
		r = state_root_open(cli->root, true, &root, &err);
	if (r < 0)
		return cli_failed(&err);
	if (optind < argc)
		exit_code = find_container(&root, argv[0], argv[optind], key);
	if (exit_code == CLI_DONE)
		exit_code = show(cli, &root, optind < argc ? key : NULL, follow);
	state_root_close(&root);
	return exit_code;
}
