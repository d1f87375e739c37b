/* SPDX-License-Identifier: Apache-2.0 */
/* Reads plan.json back: every member is checked, since a shim acts on what stands there. */
#include <errno.h>
#include <limits.h>
#include <string.h>

#include "cleanup.h"
#include "memcg_counters.h"
#include "plan.h"
#include "state.h"

#define WORDS_MAX 256

static int wrong(struct error *err, const char *key)
{
	return error_say(err, EINVAL, "%s: \"%s\" is missing or wrong", STATE_PLAN, key);
}

static int copy_text(const struct json *object, const char *key, char **out, struct error *err)
{
	const char *text = json_get_string(object, key);

	if (!text)
		return wrong(err, key);
	*out = strdup(text);
	return *out ? 0 : error_set(err, ENOMEM, "cannot read %s", STATE_PLAN);
}

static int read_fixed(const struct json *object, const char *key, char *out, size_t cap,
		      struct error *err)
{
	const char *text = json_get_string(object, key);

	if (!text || strlen(text) >= cap)
		return wrong(err, key);
	strcpy(out, text);
	return 0;
}

static int read_bool(const struct json *object, const char *key, bool *out, struct error *err)
{
	const struct json *value = json_get_typed(object, key, JSON_BOOL);

	if (!value)
		return wrong(err, key);
	*out = value->boolean;
	return 0;
}

static int read_int(const struct json *object, const char *key, int64_t min, int64_t max,
		    int64_t *out, struct error *err)
{
	if (json_int64(json_get(object, key), out) < 0 || *out < min || *out > max)
		return wrong(err, key);
	return 0;
}

/* The words identity.h knows: the struct borrows them. */
static int read_manager(const struct json *container, const char **out, struct error *err)
{
	static const char *const managers[] = {"", "kubernetes", "podman", "docker", "containerd"};
	const char *text = json_get_string(container, "manager");

	for (size_t i = 0; text && i < sizeof(managers) / sizeof(managers[0]); i++) {
		if (!strcmp(text, managers[i])) {
			*out = managers[i];
			return 0;
		}
	}
	return wrong(err, "manager");
}

static int read_container(const struct json *root, struct identity *id, struct error *err)
{
	const struct json *object = json_get_typed(root, "container", JSON_OBJECT);
	const struct {
		const char *key;
		char **to;
	} texts[] = {
	    {"id", &id->id},
	    {"bundle", &id->bundle},
	    {"cgroup", &id->cgroup},
	    {"runtime", &id->runtime},
	    {"runtimeRoot", &id->runtime_root},
	    {"image", &id->image},
	    {"namespace", &id->namespace},
	    {"pod", &id->pod},
	    {"podUid", &id->pod_uid},
	    {"container", &id->container},
	};
	int r;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		r = copy_text(object, texts[i].key, texts[i].to, err);
		if (r < 0)
			return r;
	}
	if (!id->id[0])
		return wrong(err, "id");
	r = read_manager(object, &id->manager, err);
	return r < 0 ? r : read_bool(object, "sandbox", &id->sandbox, err);
}

/* NULL for an empty list. */
static int read_words(const struct json *object, const char *key, char ***out, struct error *err)
{
	const struct json *array = json_get_typed(object, key, JSON_ARRAY);
	char **words;

	if (!array || array->array.len > WORDS_MAX)
		return wrong(err, key);
	if (array->array.len == 0)
		return 0;
	words = *out = calloc(array->array.len + 1, sizeof(*words));
	if (!words)
		return error_set(err, ENOMEM, "cannot read %s", STATE_PLAN);
	for (size_t i = 0; i < array->array.len; i++) {
		const struct json *item = array->array.items[i];

		if (item->type != JSON_STRING)
			return wrong(err, key);
		words[i] = strdup(item->text);
		if (!words[i])
			return error_set(err, ENOMEM, "cannot read %s", STATE_PLAN);
	}
	return 0;
}

static int read_restart(const struct json *root, struct restart_plan *restart, struct error *err)
{
	const struct json *object = json_get_typed(root, "restart", JSON_OBJECT);
	const char *way = json_get_string(object, "way");
	int r;

	if (!way)
		return wrong(err, "restart");
	for (restart->way = RESTART_NONE; strcmp(way, restart_way_name(restart->way));) {
		if (restart->way == RESTART_MANAGER)
			return wrong(err, "way");
		restart->way++;
	}
	r = copy_text(object, "why", &restart->why, err);
	if (r == 0)
		r = read_words(object, "argv", &restart->argv, err);
	if (r == 0)
		r = read_words(object, "deleteArgv", &restart->delete_argv, err);
	if (r == 0)
		r = copy_text(object, "stateDir", &restart->state_dir, err);
	if (r < 0 || restart->way != RESTART_RUNTIME)
		return r;
	/* What will be executed is an absolute path, whatever else is wrong with the file. */
	if (!restart->argv || restart->argv[0][0] != '/')
		return wrong(err, "argv");
	if (!restart->delete_argv || restart->delete_argv[0][0] != '/')
		return wrong(err, "deleteArgv");
	return restart->state_dir[0] == '/' ? 0 : wrong(err, "stateDir");
}

static int read_incarnation(const struct json *root, struct plan *out, struct error *err)
{
	const struct json *init = json_get_typed(root, "init", JSON_OBJECT);
	int64_t number = 0;
	int r = read_int(init, "pid", 0, INT_MAX, &number, err);

	if (r < 0)
		return r;
	out->init_pid = (pid_t)number;
	if (json_uint64(json_get(init, "startTicks"), &out->init_start_ticks) < 0)
		return wrong(err, "startTicks");
	r = read_fixed(root, "bootId", out->boot_id, sizeof(out->boot_id), err);
	if (r == 0)
		r = read_fixed(root, "created", out->created, sizeof(out->created), err);
	/* 0: no cgroup was found, the container is not guarded. */
	if (r == 0)
		r = read_int(root, "cgroupVersion", 0, CGROUP_V2, &number, err);
	if (r == 0)
		out->cgroup_version = (enum cgroup_version)number;
	if (r == 0 && memcg_counters_parse(root, "baseline", &out->baseline) < 0)
		r = wrong(err, "baseline");
	return r < 0 ? r : copy_text(root, "cgroupDir", &out->cgroup_dir, err);
}

static int read_caller(const struct json *root, struct plan *out, struct error *err)
{
	const struct json *caller = json_get_typed(root, "caller", JSON_OBJECT);
	int64_t number = 0;
	int r = read_int(caller, "score", -1000, 1000, &number, err);

	if (r < 0)
		return r;
	out->caller_score = (int)number;
	r = read_int(caller, "umask", 0, 0777, &number, err);
	if (r < 0)
		return r;
	out->caller_umask = (mode_t)number;
	return copy_text(caller, "cgroups", &out->caller_cgroups, err);
}

static int read_problems(const struct json *root, struct plan *out, struct error *err)
{
	const struct json *array = json_get_typed(root, "problems", JSON_ARRAY);

	if (!array)
		return wrong(err, "problems");
	for (size_t i = 0; i < array->array.len; i++) {
		if (array->array.items[i]->type != JSON_STRING)
			return wrong(err, "problems");
		plan_problem(out, "%s", array->array.items[i]->text);
	}
	return 0;
}

/* settings and policy: null where there was nothing to apply and to guard by. */
static int read_parts(const struct json *root, struct plan *out, struct error *err)
{
	const struct json *settings = json_get(root, "settings");
	const struct json *policy = json_get(root, "policy");
	int r;

	if (!settings || !policy)
		return wrong(err, settings ? "policy" : "settings");
	if (settings->type != JSON_NULL) {
		out->settings = calloc(1, sizeof(*out->settings));
		if (!out->settings)
			return error_set(err, ENOMEM, "cannot read %s", STATE_PLAN);
		r = settings_results_read(settings, out->settings, err);
		if (r < 0)
			return error_wrap(err, r, "%s: settings", STATE_PLAN);
	}
	if (policy->type != JSON_NULL) {
		out->policy = effective_policy_new();
		if (!out->policy)
			return error_set(err, ENOMEM, "cannot read %s", STATE_PLAN);
		r = effective_policy_read(policy, out->policy, err);
		if (r < 0)
			return error_wrap(err, r, "%s: policy", STATE_PLAN);
	}
	if (out->guarded && (!out->policy || out->init_pid == 0 || out->cgroup_version == 0))
		return wrong(err, "guarded");
	return 0;
}

static int read_all_but_parts(const struct json *root, struct plan *out, struct error *err)
{
	int r = read_container(root, &out->identity, err);

	if (r == 0)
		r = read_incarnation(root, out, err);
	if (r == 0)
		r = read_bool(root, "guarded", &out->guarded, err);
	if (r == 0)
		r = read_bool(root, "cleanupByPoststop", &out->cleanup_by_poststop, err);
	if (r == 0)
		r = read_restart(root, &out->restart, err);
	if (r == 0)
		r = read_caller(root, out, err);
	return r < 0 ? r : read_problems(root, out, err);
}

static int read_plan(int container_dirfd, bool brief, struct plan *out, struct error *err)
{
	cleanup_json struct json *root = NULL;
	int r;

	*out = (struct plan){0};
	r = state_file_read(container_dirfd, STATE_PLAN, &root, err);
	if (r == 0)
		r = read_all_but_parts(root, out, err);
	if (r == 0 && !brief)
		r = read_parts(root, out, err);
	if (r < 0)
		plan_free(out);
	return r;
}

int plan_read(int container_dirfd, struct plan *out, struct error *err)
{
	return read_plan(container_dirfd, false, out, err);
}

int plan_read_brief(int container_dirfd, struct plan *out, struct error *err)
{
	return read_plan(container_dirfd, true, out, err);
}
