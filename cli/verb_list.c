/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "disabled.h"
#include "table.h"
#include "verbs.h"
#include "views.h"

#define SHORT_ID 12 /* as engines show their 64 hexadecimal digits */

static const char help[] =
    "Usage: oomguard list [--json]\n"
    "Lists all containers that have state: ID and name, STATE of the guard, PROFILE of the\n"
    "policy, OOM kills counted, RESTARTS used of the budget, VIA whom a restart is done, and\n"
    "MEMORY used and allowed.\n"
    "\n"
    "States: starting, arming, watching, acting, backoff, restarting, gave-up, left: the guard\n"
    "is alive or left in order; switched-off: it waits for the kill switch (oomguard(1)) to go;\n"
    "ended: the container and its guard are gone, and their state is left; shim-dead: the guard\n"
    "died; unguarded: `oomguard status ID` says why; broken: its state cannot be read.\n"
    "\n"
    "Example:\n"
    "  oomguard list --json | jq -r '.containers[] | select(.state == \"shim-dead\") | .id'\n";

struct listing {
	struct views views;
	char switched_off[PATH_MAX]; /* the kill switch that is there, "" none */
};

static void fill_one(struct jsonw *w, const struct view *view)
{
	char name[512];

	jsonw_object(w);
	jsonw_kv_string(w, "id", view->id);
	jsonw_kv_string(w, "key", view->key);
	jsonw_kv_string(w, "name", view_name(view, name, sizeof(name)));
	jsonw_kv_string(w, "state", view->state);
	jsonw_kv_bool(w, "guarded", view->has_plan && view->plan.guarded);
	jsonw_kv_string(w, "profile", view->plan.policy ? view->plan.policy->profile_name : NULL);
	jsonw_kv_uint(w, "oomKills", view->status.oom_kills);
	jsonw_kv_uint(w, "restarts", view->restarts);
	jsonw_kv_uint(w, "restartMax",
		      view->plan.policy ? view->plan.policy->profile.restart.max : 0);
	jsonw_kv_string(w, "restartVia", restart_way_name(view->plan.restart.way));
	jsonw_kv_bool(w, "gaveUp", view->gave_up);
	jsonw_kv_bool(w, "cancelled", view->cancelled);
	view_fill_memory(w, view);
	jsonw_kv_uint(w, "problems", view->plan.problems_len + (view->problem[0] ? 1 : 0));
	jsonw_object_end(w);
}

static void fill(struct jsonw *w, const void *context)
{
	const struct listing *listing = context;
	const struct views *views = &listing->views;

	jsonw_object(w);
	jsonw_kv_int(w, "version", CLI_JSON_VERSION);
	jsonw_kv_string(w, "switchedOff", listing->switched_off[0] ? listing->switched_off : NULL);
	jsonw_key(w, "containers");
	jsonw_array(w);
	for (size_t i = 0; i < views->len; i++)
		fill_one(w, views->items[i]);
	jsonw_array_end(w);
	jsonw_object_end(w);
}

/* Engines name containers by 64 hexadecimal digits; twelve of them are enough for people. */
static const char *short_id(const char *id, char *buf, size_t cap)
{
	bool long_hex = strlen(id) == 64 && strspn(id, "0123456789abcdef") == 64;

	snprintf(buf, cap, "%.*s", long_hex ? SHORT_ID : (int)cap, id);
	return buf;
}

static void add_row(struct table *table, const struct view *view)
{
	char id[256], name[512], kills[24], restarts[48], memory[80];
	const char *cells[8] = {
	    short_id(view->id, id, sizeof(id)),
	    view_name(view, name, sizeof(name)),
	    view->state,
	    view->plan.policy ? view->plan.policy->profile_name : "-",
	    kills,
	    view_restarts(view, restarts, sizeof(restarts)),
	    view->has_plan ? restart_way_name(view->plan.restart.way) : "-",
	    view_memory(view, memory, sizeof(memory)),
	};

	snprintf(kills, sizeof(kills), "%llu", (unsigned long long)view->status.oom_kills);
	table_add(table, cells);
	table_color(table, 2, view_color(view));
	if (view->cancelled || view->gave_up)
		table_color(table, 5, CLI_YELLOW);
}

static int show(const struct cli *cli, const struct listing *listing)
{
	static const char *const headers[] = {"ID",   "NAME",	  "STATE", "PROFILE",
					      "OOMS", "RESTARTS", "VIA",   "MEMORY"};
	struct table table;

	if (cli->json)
		return cli_json(fill, listing);
	if (listing->switched_off[0])
		cli_note("switched off: nothing is guarded while %s exists", listing->switched_off);
	table_begin(&table, 8, headers);
	for (size_t i = 0; i < listing->views.len; i++)
		add_row(&table, listing->views.items[i]);
	table_end(&table, cli);
	return cli_finish(CLI_DONE);
}

int verb_list(const struct cli *cli, int argc, char **argv)
{
	struct state_root root;
	struct listing listing = {0};
	struct error err = {0};
	int r, exit_code;

	if (!cli_takes_nothing(help, argc, argv, &exit_code))
		return exit_code;
	disabled(cli->root, listing.switched_off);
	r = state_root_open(cli->root, false, &root, &err);
	/* Nothing was ever guarded. */
	if (r == -ENOENT)
		return show(cli, &listing);
	if (r < 0)
		return cli_failed(&err);
	r = views_load(&root, &listing.views);
	if (r < 0) {
		error_set(&err, -r, "cannot list the containers in %s", root.path);
		exit_code = cli_failed(&err);
	} else {
		exit_code = show(cli, &listing);
	}
	views_free(&listing.views);
	state_root_close(&root);
	return exit_code;
}
