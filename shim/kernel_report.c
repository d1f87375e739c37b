/* SPDX-License-Identifier: Apache-2.0 */
#include "kernel_report.h"

#include <string.h>

/* Task tables can be long; what names the limit and the victim comes behind them. */
#define TAIL_BYTES (3 * 1024)

/* False: it found no room. */
static bool add(struct report *report, struct scene *scene, const char *text, bool important)
{
	size_t len = strlen(text), at = scene->report_len + report->held;

	if (at + len + 1 > SCENE_REPORT_BYTES - (important ? 0 : TAIL_BYTES))
		return false;
	memcpy(scene->report + at, text, len);
	scene->report[at + len] = '\n';
	if (report->open && !report->ours)
		report->held += (uint32_t)len + 1;
	else
		scene->report_len += (uint32_t)len + 1;
	return true;
}

static void begin(struct report *report)
{
	*report = (struct report){.open = true};
}

static void end(struct report *report)
{
	*report = (struct report){.followed = report->open ? report->ours : report->followed};
}

static void claim(struct report *report, struct scene *scene)
{
	report->ours = true;
	scene->report_len += report->held;
	report->held = 0;
	if (report->cut)
		scene->cut |= SCENE_CUT_REPORT;
}

static void take_within(struct report *report, struct scene *scene, const struct kmsg_line *line,
			const char *text, bool important)
{
	if (!add(report, scene, text, important)) {
		report->cut = true;
		if (report->ours)
			scene->cut |= SCENE_CUT_REPORT;
	}
	if (line->kind == KMSG_KILLED || line->kind == KMSG_NO_VICTIM)
		end(report);
}

void report_take(struct report *report, struct scene *scene, const struct kmsg_line *line,
		 const char *text, bool ours)
{
	bool first = strstr(text, " invoked oom-killer: ") != NULL;
	bool important = first || line->kind != KMSG_OTHER;

	if (first)
		begin(report);
	if (report->open && ours && !report->ours)
		claim(report, scene);
	if (report->open) {
		take_within(report, scene, line, text, important);
		return;
	}
	/* The others of a group, a report whose beginning was swallowed, and the reaper's word. */
	if (!(important && ours) && !(report->followed && !strncmp(text, "oom_reaper: ", 12)))
		return;
	report->followed = true;
	if (!add(report, scene, text, true))
		scene->cut |= SCENE_CUT_REPORT;
}
