/* SPDX-License-Identifier: Apache-2.0 */
/* From a container's state, its cgroup and its processes to a row. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "last_event.h"
#include "metrics.h"
#include "proc.h"
#include "rows.h"
#include "views.h"

/* Of the others so many are asked for their score: a screen must not cost what a storm does. */
#define PIDS_MAX 64
#define SHORT_ID 12

static void take_scores(struct top_row *row, const struct plan *plan, int procfd, int cgroup)
{
	pid_t pids[PIDS_MAX];
	struct proc_stat stat;
	ssize_t n;

	if (!plan->init_pid || proc_stat_read(procfd, plan->init_pid, &stat) < 0 ||
	    stat.start_ticks != plan->init_start_ticks)
		return;
	row->has_init_score = proc_score_read(procfd, plan->init_pid, &row->init_score) == 0;
	n = cgroup_procs(cgroup, pids, PIDS_MAX);
	for (ssize_t i = 0; i < n && i < PIDS_MAX; i++) {
		int score;

		if (pids[i] == plan->init_pid || proc_score_read(procfd, pids[i], &score) < 0)
			continue;
		if (!row->has_workload_score || score > row->workload_score)
			row->workload_score = score;
		row->has_workload_score = true;
	}
}

static void take_memory(struct top_row *row, const struct view *view)
{
	if (!view->has_usage)
		return;
	row->has_usage = true;
	row->usage = view->usage.usage;
	row->working_set = memcg_working_set(&view->usage);
	row->limit = view->usage.limit;
}

static void take_name(struct top_row *row, const struct view *view)
{
	bool hex = strlen(view->id) == 64 && strspn(view->id, "0123456789abcdef") == 64;

	snprintf(row->key, sizeof(row->key), "%s", view->key);
	snprintf(row->id, sizeof(row->id), "%s", view->id);
	view_name(view, row->name, sizeof(row->name));
	if (!row->name[0])
		snprintf(row->name, sizeof(row->name), "%.*s", hex ? SHORT_ID : TOP_NAME_MAX - 1,
			 view->id);
}

static void take_restarts(struct top_row *row, const struct view *view)
{
	if (!view->plan.policy)
		return;
	row->restart_max = view->plan.policy->profile.restart.max;
	row->restartable = view->plan.restart.way != RESTART_NONE;
	if (row->restartable && !view->cancelled && !view->gave_up &&
	    view->restarts < row->restart_max)
		row->restarts_left = row->restart_max - view->restarts;
}

/* What is wrong with the state itself comes first. A shim that is new has no last event yet, the
 * journal goes on from the incarnation before. */
static void take_last_event(struct top_row *row, const struct view *view,
			    const struct state_root *state)
{
	cleanup_close int dirfd = state_container_open(state, view->key, false, NULL);

	if (view->problem[0])
		snprintf(row->last_event, sizeof(row->last_event), "%.255s", view->problem);
	else if (dirfd < 0 || last_event_read(dirfd, row->last_event, sizeof(row->last_event)) < 0)
		snprintf(row->last_event, sizeof(row->last_event), "%s", view->status.last_event);
}

static void fill(struct top_row *row, const struct view *view, const struct state_root *state,
		 int procfd)
{
	cleanup_close int cgroup = -1;
	char text[256];

	*row = (struct top_row){.state = view->state,
				.color = view_color(view),
				.limit = MEMCG_NO_LIMIT,
				.pressure = TOP_NO_PRESSURE,
				.oom_kills = view->status.oom_kills};
	take_name(row, view);
	take_memory(row, view);
	take_restarts(row, view);
	take_last_event(row, view, state);
	if (view->plan.policy)
		snprintf(row->profile, sizeof(row->profile), "%s", view->plan.policy->profile_name);
	if (!view->has_plan || !view->plan.cgroup_dir[0])
		return;
	cgroup = open(view->plan.cgroup_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (cgroup < 0)
		return;
	if (cgroup_read(cgroup, "memory.pressure", text, sizeof(text)) > 0)
		row->pressure = top_pressure_parse(text);
	take_scores(row, &view->plan, procfd, cgroup);
}

struct named {
	struct top_rows *rows;
	struct metrics_labels *labels; /* of each row */
};

/* A metrics_read() visit: earlier incarnations count too, and so does an earlier shim. */
static int take_kills(const struct metrics_series *series, void *context)
{
	const struct named *named = context;

	for (size_t i = 0; i < named->rows->len; i++) {
		struct top_row *row = &named->rows->items[i];

		if (metrics_same_labels(&series->labels, &named->labels[i]) &&
		    series->counts.counter[METRICS_OOM_KILLS] > row->oom_kills)
			row->oom_kills = series->counts.counter[METRICS_OOM_KILLS];
	}
	return 0;
}

static int fill_all(const struct state_root *state, struct top_rows *rows,
		    const struct views *views)
{
	cleanup_close int procfd = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cleanup_free struct metrics_labels *labels = NULL;
	struct metrics_durations durations;
	struct named named = {.rows = rows};

	if (views->len == 0)
		return 0;
	rows->items = malloc(views->len * sizeof(*rows->items));
	named.labels = labels = malloc(views->len * sizeof(*labels));
	if (!rows->items || !labels)
		return -ENOMEM;
	for (; rows->len < views->len; rows->len++) {
		fill(&rows->items[rows->len], views->items[rows->len], state, procfd);
		metrics_labels(&views->items[rows->len]->plan.identity, &labels[rows->len]);
	}
	metrics_read(state, &durations, take_kills, &named);
	return 0;
}

int top_rows_load(const char *root, struct top_rows *out, struct error *err)
{
	struct state_root state;
	struct views views = {0};
	int r = state_root_open(root, false, &state, err);

	*out = (struct top_rows){0};
	if (r < 0)
		return r;
	r = views_load(&state, &views);
	if (r == 0)
		r = fill_all(&state, out, &views);
	if (r < 0)
		error_set(err, -r, "cannot read the containers in %s", state.path);
	views_free(&views);
	state_root_close(&state);
	return r;
}

void top_rows_free(struct top_rows *rows)
{
	free(take_ptr(rows->items));
	rows->len = 0;
}
