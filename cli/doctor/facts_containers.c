/* SPDX-License-Identifier: Apache-2.0 */
#include "facts_containers.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cleanup.h"
#include "event_source.h"
#include "proc.h"
#include "view.h"

struct gathering {
	struct doctor_facts *facts;
	struct cgroup_mounts mounts;
	int procfd;
};

/* What a setting's file holds now. False for what is not a file of the cgroup. */
static bool value_now(const char *key, const struct settings_facts *facts, uint64_t *out)
{
	bool v1 = facts->version == CGROUP_V1;

	if (!strcmp(key, SETTING_OOM_KILLER) && facts->has_oom_control)
		*out = facts->oom_kill_disabled;
	else if (!strcmp(key, SETTING_OOM_GROUP) && facts->has_oom_group)
		*out = facts->oom_group;
	else if (!strcmp(key, SETTING_LIMIT))
		*out = facts->limit;
	else if (!strcmp(key, SETTING_SWAP) && facts->has_swap)
		*out = v1 ? facts->memsw_limit : facts->swap_max;
	else if (!strcmp(key, SETTING_SWAPPINESS) && facts->has_swappiness)
		*out = (uint64_t)facts->swappiness;
	else
		return false;
	return true;
}

static bool parse_value(const char *text, uint64_t *out)
{
	char *end;

	*out = MEMCG_NO_LIMIT;
	if (!strcmp(text, "max"))
		return true;
	errno = 0;
	*out = strtoull(text, &end, 10);
	return end != text && !*end && errno == 0;
}

/* Changes that the shim saw and lets stand: the last word on each key. */
struct respected {
	struct {
		char key[48];
		uint64_t value;
	} item[SETTINGS_MAX];
	size_t len;
};

/* An event_visit. */
static void note_drift(const struct json *event, const char *line, void *context)
{
	const char *name = json_get_string(event, "event");
	const char *key = json_get_string(event, "key");
	const char *outcome = json_get_string(event, "outcome");
	const char *now = json_get_string(event, "new");
	struct respected *respected = context;
	size_t i = 0;

	if (!name || strcmp(name, "drift") || !key || !outcome || !now)
		return;
	while (i < respected->len && strcmp(respected->item[i].key, key))
		i++;
	if (i == SETTINGS_MAX)
		return;
	if (i == respected->len)
		respected->len++;
	snprintf(respected->item[i].key, sizeof(respected->item[i].key), "%s", key);
	if (strcmp(outcome, setting_outcome_name(SETTING_UNCHANGED)) ||
	    !parse_value(now, &respected->item[i].value))
		respected->item[i].key[0] = '\0';
}

static bool is_respected(const struct respected *respected, const char *key, uint64_t value)
{
	for (size_t i = 0; i < respected->len; i++)
		if (!strcmp(respected->item[i].key, key) && respected->item[i].value == value)
			return true;
	return false;
}

static void read_respected(const struct state_root *root, const char *key, struct respected *out)
{
	cleanup_free struct event_source *source = malloc(sizeof(*source));

	if (!source || event_source_open(source, root, key) < 0)
		return;
	event_source_read(source, note_drift, out);
	event_source_close(source);
}

/* Is it a value that we wrote or found right? The container's own limit is not ours. */
static bool is_ours(const struct setting_result *result)
{
	return result->outcome == SETTING_APPLIED ||
	       (result->outcome == SETTING_UNCHANGED && strcmp(result->key, SETTING_LIMIT));
}

static void compare_settings(const struct state_root *root, const struct view *view,
			     const struct settings_facts *now, struct container_facts *out)
{
	const struct settings_results *settings = view->plan.settings;
	struct respected respected = {0};

	if (view->plan.policy->profile.settings.keep)
		read_respected(root, view->key, &respected);
	for (size_t i = 0; i < settings->len; i++) {
		const struct setting_result *result = &settings->item[i];
		uint64_t wanted, is;

		if (!is_ours(result) || !parse_value(result->new_value, &wanted) ||
		    !value_now(result->key, now, &is) || is == wanted ||
		    is_respected(&respected, result->key, is))
			continue;
		out->changed[out->changed_len++] =
		    (struct setting_now){.key = result->key, .wanted = wanted, .now = is};
	}
}

static void read_settings(struct gathering *gathering, const struct state_root *root,
			  const struct view *view, struct container_facts *out)
{
	const struct plan *plan = &view->plan;
	struct settings_facts now;
	struct memcg memcg;

	if (!plan->settings || !plan->policy)
		return;
	for (size_t i = 0; i < plan->settings->len; i++) {
		const struct setting_result *result = &plan->settings->item[i];
		size_t used = strlen(out->refused);

		if (result->outcome == SETTING_REFUSED || result->outcome == SETTING_FAILED)
			snprintf(out->refused + used, sizeof(out->refused) - used, "%s%s (%s)",
				 used ? ", " : "", result->key, result->reason);
	}
	if (memcg_open_path(&gathering->mounts, plan->identity.cgroup, &memcg, NULL) < 0)
		return;
	if (settings_facts_read(&memcg, gathering->procfd, plan->init_pid, &now, NULL) == 0)
		compare_settings(root, view, &now, out);
	memcg_close(&memcg);
}

static void read_shim(int procfd, const struct view *view, struct container_facts *out)
{
	struct proc_stat stat;

	if (!view->has_status)
		return;
	snprintf(out->phase, sizeof(out->phase), "%s", shim_phase_name(view->status.phase));
	out->left = view->status.phase == SHIM_LEFT;
	out->shim_pid = view->status.shim_pid;
	if (proc_stat_read(procfd, view->status.shim_pid, &stat) == 0 &&
	    stat.start_ticks == view->status.shim_start_ticks)
		out->shim_state = stat.state;
}

/* The runtime does not know it any more: no poststop hook will come. */
static bool is_swept(const struct plan *plan)
{
	struct stat st;

	return !plan->cleanup_by_poststop ||
	       (plan->restart.state_dir && plan->restart.state_dir[0] &&
		lstat(plan->restart.state_dir, &st) < 0);
}

static void fill(struct gathering *gathering, const struct state_root *root, int dirfd,
		 const struct view *view, struct container_facts *out)
{
	const struct plan *plan = &view->plan;
	struct guarding_facts guarding;

	snprintf(out->key, sizeof(out->key), "%s", view->key);
	out->id = strdup(view->id);
	guarding_read(gathering->procfd, dirfd, view->has_plan ? plan : NULL, &guarding);
	out->guarding = guarding_judge(&guarding);
	read_shim(gathering->procfd, view, out);
	snprintf(out->problem, sizeof(out->problem), "%s",
		 view->problem[0]     ? view->problem
		 : plan->problems_len ? plan->problems[0]
				      : "");
	out->has_cgroup = view->has_usage;
	out->limit = view->usage.limit;
	if (!view->has_plan)
		return;
	out->disabled = plan->policy && plan->policy->disabled;
	out->swept = is_swept(plan);
	if (guarding.init_alive)
		read_settings(gathering, root, view, out);
}

static int add(const struct state_root *root, const char *key, void *context)
{
	cleanup_close int dirfd = state_container_open(root, key, false, NULL);
	struct gathering *gathering = context;
	struct doctor_facts *facts = gathering->facts;
	struct container_facts *items;
	struct view *view;
	int r;

	if (dirfd < 0)
		return dirfd == -ENOENT ? 0 : dirfd;
	items = realloc(facts->containers, (facts->containers_len + 1) * sizeof(*items));
	if (!items)
		return -ENOMEM;
	facts->containers = items;
	items += facts->containers_len;
	*items = (struct container_facts){0};
	r = view_load(root, key, &view);
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	fill(gathering, root, dirfd, view, items);
	view_free(view);
	if (!items->id)
		return -ENOMEM;
	facts->containers_len++;
	return 0;
}

int facts_containers(const struct state_root *root, int procfd, struct doctor_facts *facts)
{
	struct gathering gathering = {.facts = facts, .procfd = procfd};
	int r = cgroup_mounts_read(procfd, &gathering.mounts, NULL);

	if (r < 0)
		return r;
	r = state_containers(root, add, &gathering);
	cgroup_mounts_free(&gathering.mounts);
	return r;
}

void facts_containers_free(struct doctor_facts *facts)
{
	for (size_t i = 0; i < facts->containers_len; i++)
		free(facts->containers[i].id);
	free(facts->containers);
}
