/* SPDX-License-Identifier: Apache-2.0 */
#include "status_show.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "escape.h"
#include "table.h"
#include "units.h"
#include "utc.h"

#define LABEL_WIDTH 13

/* "Label         text", the text escaped. Nothing where the text is empty. */
static void line(const struct cli *cli, const char *label, enum cli_color color, const char *format,
		 ...) __attribute__((format(printf, 4, 5)));
static void line(const struct cli *cli, const char *label, enum cli_color color, const char *format,
		 ...)
{
	char text[2048], escaped[4096];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (!text[0])
		return;
	escape_terminal(text, escaped, sizeof(escaped));
	printf("%s%-*s%s", cli_color(cli, CLI_BOLD), LABEL_WIDTH, label, cli_color(cli, CLI_PLAIN));
	printf("%s%s%s\n", color == CLI_PLAIN ? "" : cli_color(cli, color), escaped,
	       color == CLI_PLAIN ? "" : cli_color(cli, CLI_PLAIN));
}

static void heading(const struct cli *cli, const char *text)
{
	printf("\n%s%s%s\n", cli_color(cli, CLI_BOLD), text, cli_color(cli, CLI_PLAIN));
}

static void show_guard(const struct cli *cli, const struct view *view)
{
	const struct shim_status *status = &view->status;
	bool guarded = view->has_plan && view->plan.guarded;
	const char *phase = view->has_status ? shim_phase_name(status->phase) : "arming";

	line(cli, "State", view_color(view), "%s", view->state);
	if (!strcmp(view->state, "shim-dead"))
		line(cli, "", CLI_RED,
		     "the shim died in phase %s: nobody watches this container any more", phase);
	if (!strcmp(view->state, "ended"))
		line(cli, "", CLI_PLAIN,
		     "the container is gone, and so is its shim, which was in phase %s", phase);
	line(cli, "Guarded", guarded ? CLI_PLAIN : CLI_YELLOW, "%s", guarded ? "yes" : "no");
	line(cli, "Problem", CLI_RED, "%s", view->problem);
	for (size_t i = 0; i < view->plan.problems_len; i++)
		line(cli, "Problem", CLI_YELLOW, "%s", view->plan.problems[i]);
	if (!view->has_status)
		return;
	if (view->shim_alive)
		line(cli, "Shim", CLI_PLAIN, "pid %d", (int)status->shim_pid);
	if (status->late)
		line(cli, "Late", CLI_YELLOW, "armed only after the hook's deadline");
	if (status->confinement[0])
		line(cli, "Confinement", CLI_YELLOW, "without %s", status->confinement);
	line(cli, "Scores", CLI_PLAIN, "%s", score_way_name(status->scores));
	line(cli, "OOM kills", status->oom_kills ? CLI_YELLOW : CLI_PLAIN,
	     "%llu, in %llu incidents", (unsigned long long)status->oom_kills,
	     (unsigned long long)status->incidents);
	if (status->lost_incidents)
		line(cli, "Lost", CLI_RED, "%llu incidents could not be written",
		     (unsigned long long)status->lost_incidents);
	line(cli, "Last", CLI_PLAIN, "%s", status->last_event);
}

static void show_container(const struct cli *cli, const struct view *view)
{
	const struct plan *plan = &view->plan;
	const struct identity *id = &plan->identity;
	char text[512];

	line(cli, "Container", CLI_BOLD, "%s", view->id);
	line(cli, "Key", CLI_PLAIN, "%s", view->key);
	if (!view->has_plan)
		return;
	line(cli, "Name", CLI_PLAIN, "%s", view_name(view, text, sizeof(text)));
	line(cli, "Image", CLI_PLAIN, "%s", id->image);
	line(cli, "Runtime", CLI_PLAIN, "%s", id->runtime);
	line(cli, "Root", CLI_PLAIN, "%s", id->runtime_root);
	line(cli, "Manager", CLI_PLAIN, "%s", id->manager);
	line(cli, "Bundle", CLI_PLAIN, "%s", id->bundle);
	line(cli, "Cgroup", CLI_PLAIN, "%s", plan->cgroup_dir);
	line(cli, "Created", CLI_PLAIN, "%s", plan->created);
	line(cli, "Memory", CLI_PLAIN, "%s", view_memory(view, text, sizeof(text)));
}

static void show_restarts(const struct cli *cli, const struct view *view)
{
	const struct restart_plan *restart = &view->plan.restart;
	char text[64], time[UTC_TEXT_MAX];

	if (!view->has_plan)
		return;
	line(cli, "Restart via", restart->way == RESTART_NONE ? CLI_YELLOW : CLI_PLAIN, "%s%s%s",
	     restart_way_name(restart->way), restart->why && restart->why[0] ? ": " : "",
	     restart->why ? restart->why : "");
	if (!view->plan.policy)
		return;
	line(cli, "Budget", view->gave_up ? CLI_RED : CLI_PLAIN,
	     "%u of %u restarts used within %s%s", view->restarts,
	     view->plan.policy->profile.restart.max,
	     duration_text(view->plan.policy->profile.restart.within_ms, text, sizeof(text)),
	     view->gave_up ? "; gave up" : "");
	if (view->shim_alive && view->status.backoff_ends_ms)
		line(cli, "Next restart", CLI_YELLOW, "%s",
		     utc_text(view->status.backoff_ends_ms, time));
	if (view->cancelled)
		line(cli, "Cancelled", CLI_YELLOW, "yes: no further restart by oomguard");
}

static void show_policy(const struct cli *cli, const struct view *view)
{
	const struct effective_policy *policy = view->plan.policy;
	char from[256], actions[256] = "";

	if (!policy)
		return;
	/* The policy may well have its own one of that name: what is built in is the choice. */
	line(cli, "Profile", CLI_PLAIN, "%s (%s)", policy->profile_name,
	     policy->profile_from.kind == ORIGIN_BUILTIN
		 ? "no rule or annotation names one"
		 : origin_text(&policy->profile_from, from, sizeof(from)));
	if (policy->disabled)
		line(cli, "Disabled", CLI_YELLOW, "by annotation");
	for (int slot = 0; slot < OOM_SLOT_COUNT; slot++) {
		size_t used = strlen(actions);

		snprintf(actions + used, sizeof(actions) - used, "%s%s: %s", used ? ", " : "",
			 oom_slot_name((enum oom_slot)slot),
			 policy_action_name(policy->profile.on_oom[slot]));
	}
	line(cli, "On OOM", CLI_PLAIN, "%s", actions);
}

static void show_settings(const struct cli *cli, const struct settings_results *settings)
{
	static const char *const headers[] = {"SETTING", "OUTCOME", "OLD", "NEW", "REASON"};
	struct table table;

	if (!settings || settings->len == 0)
		return;
	heading(cli, "Settings");
	table_begin(&table, 5, headers);
	table.indent = "  ";
	for (size_t i = 0; i < settings->len; i++) {
		const struct setting_result *item = &settings->item[i];
		const char *cells[5] = {
		    item->key,
		    setting_outcome_name(item->outcome),
		    item->old_value[0] ? item->old_value : "-",
		    item->new_value[0] ? item->new_value : "-",
		    item->reason,
		};

		table_add(&table, cells);
		if (item->outcome == SETTING_REFUSED || item->outcome == SETTING_FAILED)
			table_color(&table, 1, CLI_YELLOW);
	}
	table_end(&table, cli);
}

static void show_refused(const struct cli *cli, const struct effective_policy *policy)
{
	static const char *const headers[] = {"ANNOTATION", "VALUE", "REASON"};
	struct table table;

	if (!policy || policy->refused_len == 0)
		return;
	heading(cli, "Annotations that were not followed");
	table_begin(&table, 3, headers);
	table.indent = "  ";
	for (size_t i = 0; i < policy->refused_len; i++) {
		const struct refused_annotation *refused = &policy->refused[i];
		const char *cells[3] = {refused->key, refused->value, refused->reason};

		table_add(&table, cells);
	}
	table_end(&table, cli);
	if (policy->refused_dropped)
		printf("  and %zu more\n", policy->refused_dropped);
}

static void show_events(const struct cli *cli, const struct last_events *events)
{
	static const char *const headers[] = {"TIME", "EVENT", "MESSAGE"};
	struct table table;

	if (events->len == 0)
		return;
	heading(cli, "Last events");
	table_begin(&table, 3, headers);
	table.indent = "  ";
	for (size_t i = 0; i < events->len; i++) {
		const char *cells[3] = {
		    json_get_string(events->items[i], "time"),
		    json_get_string(events->items[i], "event"),
		    json_get_string(events->items[i], "message"),
		};

		table_add(&table, cells);
	}
	table_end(&table, cli);
}

void status_show(const struct cli *cli, const struct shown *shown)
{
	const struct view *view = shown->view;

	show_container(cli, view);
	if (shown->switched_off[0])
		line(cli, "Switched off", CLI_YELLOW, "while %s exists", shown->switched_off);
	show_guard(cli, view);
	show_policy(cli, view);
	show_restarts(cli, view);
	show_settings(cli, view->plan.settings);
	show_refused(cli, view->plan.policy);
	show_events(cli, &shown->events);
}
