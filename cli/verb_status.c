/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "disabled.h"
#include "find.h"
#include "status_show.h"
#include "verbs.h"

static const char help[] =
    "Usage: oomguard status ID [--json]\n"
    "Shows all that is known of one container: whether it is guarded and if not why, its policy,\n"
    "what was changed, the budget of restarts and the last events.\n"
    "\n"
    "With --json also the whole plan and status, as they stand in the state directory.\n"
    "\n"
    "Example:\n"
    "  oomguard status web\n";

/* An event_visit: keeps the last ones. */
static void keep_event(const struct json *event, const char *line, void *context)
{
	struct last_events *last = context;
	struct json *copy = json_copy(event);

	if (!copy)
		return;
	if (last->len == LAST_EVENTS) {
		json_free(last->items[0]);
		memmove(last->items, last->items + 1, (LAST_EVENTS - 1) * sizeof(*last->items));
		last->len--;
	}
	last->items[last->len++] = copy;
}

static void read_last(const struct state_root *root, const char *key, struct last_events *last)
{
	cleanup_free struct event_source *source = malloc(sizeof(*source));

	if (!source || event_source_open(source, root, key) < 0)
		return;
	event_source_read(source, keep_event, last);
	event_source_close(source);
}

static void fill_file(struct jsonw *w, const char *key, const struct json *file)
{
	jsonw_key(w, key);
	if (file)
		jsonw_tree(w, file);
	else
		jsonw_null(w);
}

static void fill(struct jsonw *w, const void *context)
{
	const struct shown *shown = context;
	const struct view *view = shown->view;

	jsonw_object(w);
	jsonw_kv_int(w, "version", CLI_JSON_VERSION);
	jsonw_kv_string(w, "id", view->id);
	jsonw_kv_string(w, "key", view->key);
	jsonw_kv_string(w, "state", view->state);
	jsonw_kv_bool(w, "guarded", view->has_plan && view->plan.guarded);
	jsonw_kv_string(w, "switchedOff", shown->switched_off[0] ? shown->switched_off : NULL);
	jsonw_kv_bool(w, "shimAlive", view->shim_alive);
	jsonw_kv_bool(w, "cancelled", view->cancelled);
	jsonw_kv_uint(w, "restarts", view->restarts);
	jsonw_kv_uint(w, "restartMax",
		      view->plan.policy ? view->plan.policy->profile.restart.max : 0);
	jsonw_kv_bool(w, "gaveUp", view->gave_up);
	view_fill_memory(w, view);
	jsonw_kv_string(w, "problem", view->problem);
	fill_file(w, "plan", view->plan_file);
	fill_file(w, "status", view->status_file);
	jsonw_key(w, "events");
	jsonw_array(w);
	for (size_t i = 0; i < shown->events.len; i++)
		jsonw_tree(w, shown->events.items[i]);
	jsonw_array_end(w);
	jsonw_object_end(w);
}

static int show(const struct cli *cli, const struct state_root *root, const char *key)
{
	struct shown shown = {0};
	struct error err = {0};
	int r = view_load(root, key, &shown.view), exit_code;

	if (r == -ENOENT)
		return find_nothing("status", key);
	if (r < 0) {
		error_set(&err, -r, "cannot read the state of %s", key);
		return cli_failed(&err);
	}
	read_last(root, key, &shown.events);
	disabled(root->path, shown.switched_off);
	if (cli->json) {
		exit_code = cli_json(fill, &shown);
	} else {
		status_show(cli, &shown);
		exit_code = cli_finish(CLI_DONE);
	}
	for (size_t i = 0; i < shown.events.len; i++)
		json_free(shown.events.items[i]);
	view_free(shown.view);
	return exit_code;
}

int verb_status(const struct cli *cli, int argc, char **argv)
{
	return find_and(cli, help, argc, argv, show);
}
