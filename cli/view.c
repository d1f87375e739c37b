/* SPDX-License-Identifier: Apache-2.0 */
#include "view.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"
#include "clock.h"
#include "guarding.h"
#include "units.h"

const char *const view_states[] = {
    "starting", "arming", "watching",	  "acting",    "backoff",   "restarting", "gave-up",
    "left",	"ended",  "switched-off", "shim-dead", "unguarded", "broken",	  NULL,
};

/* Of one that is watched: what its shim is doing. Else as `doctor` and `recover` judge. */
static const char *state_word(const struct view *view, const struct guarding_facts *facts)
{
	enum guarding guarding = guarding_judge(facts);

	if (guarding == GUARDING_WATCHED && view->has_plan && view->plan.guarded)
		return view->has_status ? shim_phase_name(view->status.phase) : "arming";
	if (view->has_plan && !view->plan.guarded)
		return guarding_name(GUARDING_UNWANTED);
	if ((guarding == GUARDING_ENDED || guarding == GUARDING_LOST) && view->has_status &&
	    view->status.phase == SHIM_LEFT)
		return shim_phase_name(SHIM_LEFT);
	return guarding_name(guarding);
}

static void load_history(const struct state_root *root, struct view *view)
{
	struct restart_history history;

	if (!view->plan.policy)
		return;
	history_key(&view->plan.identity, &history);
	if (history_load(root, &history, NULL) < 0)
		return;
	history_expire(&history, clock_ms(CLOCK_BOOTTIME),
		       view->plan.policy->profile.restart.within_ms);
	view->restarts = (unsigned)history.len;
	view->gave_up = history.gave_up;
}

static void load_usage(struct view *view)
{
	cleanup_close int dirfd = -1;
	struct memcg memcg = {.version = view->plan.cgroup_version, .freezer = -1};

	if (!view->plan.cgroup_dir[0] || !view->plan.cgroup_version)
		return;
	dirfd = open(view->plan.cgroup_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	memcg.dirfd = dirfd;
	view->has_usage = dirfd >= 0 && memcg_usage_read(&memcg, &view->usage) == 0;
}

static void add_problem(struct view *view, const struct error *err)
{
	size_t used = strlen(view->problem);

	snprintf(view->problem + used, sizeof(view->problem) - used, "%s%s", used ? "; " : "",
		 err->message);
}

int view_load(const struct state_root *root, const char *key, struct view **out)
{
	cleanup_close int procfd = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cleanup_close int dirfd = -1;
	struct guarding_facts facts;
	struct error err = {0};
	struct view *view;
	int r;

	dirfd = state_container_open(root, key, false, &err);
	if (dirfd == -ENOENT)
		return -ENOENT;
	view = calloc(1, sizeof(*view));
	if (!view)
		return -ENOMEM;
	*out = view;
	snprintf(view->key, sizeof(view->key), "%s", key);
	view->id = view->key;
	view->state = "broken";
	if (dirfd < 0) {
		add_problem(view, &err);
		return 0;
	}
	view->has_plan = plan_read(dirfd, &view->plan, &err) == 0;
	if (!view->has_plan) {
		view->plan = (struct plan){0};
		add_problem(view, &err);
	}
	state_file_read(dirfd, STATE_PLAN, &view->plan_file, NULL);
	/* The lock first: a shim that leaves in between has written its last status by then. */
	guarding_read(procfd, dirfd, view->has_plan ? &view->plan : NULL, &facts);
	view->shim_alive = facts.shim_locked;
	r = status_read(dirfd, &view->status, &err);
	view->has_status = r == 0;
	if (r < 0 && r != -ENOENT)
		add_problem(view, &err);
	state_file_read(dirfd, STATE_STATUS, &view->status_file, NULL);
	view->cancelled = faccessat(dirfd, STATE_CANCELLED, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
	view->state = state_word(view, &facts);
	if (view->has_plan) {
		view->id = view->plan.identity.id;
		load_history(root, view);
		load_usage(view);
	}
	return 0;
}

void view_free(struct view *view)
{
	if (!view)
		return;
	if (view->has_plan)
		plan_free(&view->plan);
	json_free(view->plan_file);
	json_free(view->status_file);
	free(view);
}

const char *view_join_name(const char *const parts[3], char *buf, size_t cap)
{
	buf[0] = '\0';
	for (size_t i = 0; i < 3; i++) {
		size_t used = strlen(buf);

		if (parts[i] && parts[i][0])
			snprintf(buf + used, cap - used, "%s%s", used ? "/" : "", parts[i]);
	}
	return buf;
}

const char *view_name(const struct view *view, char *buf, size_t cap)
{
	const struct identity *id = &view->plan.identity;
	const char *const parts[] = {id->namespace, id->pod, id->container};

	buf[0] = '\0';
	return view->has_plan ? view_join_name(parts, buf, cap) : buf;
}

const char *view_memory(const struct view *view, char *buf, size_t cap)
{
	char usage[32], limit[32] = "no limit";

	buf[0] = '\0';
	if (!view->has_usage)
		return buf;
	size_text(view->usage.usage, usage, sizeof(usage));
	if (view->usage.limit != MEMCG_NO_LIMIT)
		size_text(view->usage.limit, limit, sizeof(limit));
	snprintf(buf, cap, "%s / %s", usage, limit);
	return buf;
}

void view_fill_memory(struct jsonw *w, const struct view *view)
{
	bool limited = view->has_usage && view->usage.limit != MEMCG_NO_LIMIT;

	jsonw_kv_known_uint(w, "usage", view->has_usage, view->usage.usage);
	jsonw_kv_known_uint(w, "limit", limited, view->usage.limit);
}

const char *view_restarts(const struct view *view, char *buf, size_t cap)
{
	const char *remark = view->cancelled ? " cancelled" : view->gave_up ? " gave up" : "";

	if (!view->has_plan || !view->plan.policy)
		snprintf(buf, cap, "-");
	else
		snprintf(buf, cap, "%u/%u%s", view->restarts,
			 view->plan.policy->profile.restart.max, remark);
	return buf;
}

enum cli_color view_color(const struct view *view)
{
	static const char *const bad[] = {"shim-dead", "broken", "gave-up"};
	static const char *const fair[] = {"unguarded", "acting", "backoff", "restarting",
					   "switched-off"};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (!strcmp(view->state, bad[i]))
			return CLI_RED;
	}
	for (size_t i = 0; i < sizeof(fair) / sizeof(fair[0]); i++) {
		if (!strcmp(view->state, fair[i]))
			return CLI_YELLOW;
	}
	return strcmp(view->state, "watching") ? CLI_PLAIN : CLI_GREEN;
}
