/* SPDX-License-Identifier: Apache-2.0 */
#include "plan.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cleanup.h"
#include "escape.h"
#include "jsonw.h"
#include "memcg_counters.h"
#include "state.h"

#define FIRST_BYTES (32 * 1024)
#define PROBLEM_BYTES 1024

const char *restart_way_name(enum restart_way way)
{
	switch (way) {
	case RESTART_RUNTIME:
		return "runtime";
	case RESTART_MANAGER:
		return "manager";
	case RESTART_NONE:
		break;
	}
	return "none";
}

static void free_words(char ***words)
{
	for (size_t i = 0; *words && (*words)[i]; i++)
		free((*words)[i]);
	free(*words);
	*words = NULL;
}

void plan_free(struct plan *plan)
{
	identity_free(&plan->identity);
	free(take_ptr(plan->cgroup_dir));
	effective_policy_free(take_ptr(plan->policy));
	free(take_ptr(plan->restart.why));
	free_words(&plan->restart.argv);
	free_words(&plan->restart.delete_argv);
	free(take_ptr(plan->restart.state_dir));
	free(take_ptr(plan->settings));
	free(take_ptr(plan->caller_cgroups));
	for (size_t i = 0; i < plan->problems_len; i++)
		free(take_ptr(plan->problems[i]));
	plan->problems_len = 0;
}

void plan_problem(struct plan *plan, const char *format, ...)
{
	char text[PROBLEM_BYTES];
	char *copy;
	va_list args;

	if (plan->problems_len == PLAN_PROBLEMS_MAX)
		return;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	copy = strdup(text);
	if (copy)
		plan->problems[plan->problems_len++] = copy;
}

static void write_container(struct jsonw *w, const struct identity *id)
{
	jsonw_key(w, "container");
	jsonw_object(w);
	identity_write(w, id, SIZE_MAX, SIZE_MAX);
	jsonw_kv_bool(w, "sandbox", id->sandbox);
	jsonw_object_end(w);
}

static void write_words(struct jsonw *w, const char *key, char *const *words)
{
	jsonw_key(w, key);
	jsonw_array(w);
	for (size_t i = 0; words && words[i]; i++)
		jsonw_string(w, words[i]);
	jsonw_array_end(w);
}

static bool is_utf8(const char *text)
{
	cleanup_free char *copy = NULL;
	size_t len = strlen(text);

	copy = malloc(3 * len + 1);
	if (!copy)
		return false;
	escape_utf8(text, len, copy, 3 * len + 1);
	return !strcmp(copy, text);
}

/* JSON holds no bytes that are no UTF-8: a command with such words would come back as another. */
static bool writable_command(const struct restart_plan *restart)
{
	for (size_t i = 0; restart->argv && restart->argv[i]; i++) {
		if (!is_utf8(restart->argv[i]))
			return false;
	}
	for (size_t i = 0; restart->delete_argv && restart->delete_argv[i]; i++) {
		if (!is_utf8(restart->delete_argv[i]))
			return false;
	}
	return is_utf8(restart->state_dir ? restart->state_dir : "");
}

static void write_restart(struct jsonw *w, const struct restart_plan *restart)
{
	const struct restart_plan none = {
	    .way = RESTART_NONE,
	    .why = (char *)"the runtime's command line is not UTF-8",
	};

	if (restart->way == RESTART_RUNTIME && !writable_command(restart))
		restart = &none;
	jsonw_key(w, "restart");
	jsonw_object(w);
	jsonw_kv_string(w, "way", restart_way_name(restart->way));
	jsonw_kv_string(w, "why", restart->why ? restart->why : "");
	write_words(w, "argv", restart->argv);
	write_words(w, "deleteArgv", restart->delete_argv);
	jsonw_kv_string(w, "stateDir", restart->state_dir ? restart->state_dir : "");
	jsonw_object_end(w);
}

static void write_caller(struct jsonw *w, const struct plan *plan)
{
	jsonw_key(w, "caller");
	jsonw_object(w);
	jsonw_kv_int(w, "score", plan->caller_score);
	jsonw_kv_int(w, "umask", plan->caller_umask);
	jsonw_kv_string(w, "cgroups", plan->caller_cgroups ? plan->caller_cgroups : "");
	jsonw_object_end(w);
}

static void write_plan(struct jsonw *w, const struct plan *plan)
{
	jsonw_object(w);
	jsonw_kv_int(w, "version", STATE_VERSION);
	jsonw_kv_string(w, "created", plan->created);
	jsonw_kv_bool(w, "guarded", plan->guarded);
	write_container(w, &plan->identity);
	jsonw_key(w, "init");
	jsonw_object(w);
	jsonw_kv_int(w, "pid", plan->init_pid);
	jsonw_kv_uint(w, "startTicks", plan->init_start_ticks);
	jsonw_object_end(w);
	jsonw_kv_string(w, "bootId", plan->boot_id);
	jsonw_kv_int(w, "cgroupVersion", plan->cgroup_version);
	jsonw_kv_string(w, "cgroupDir", plan->cgroup_dir ? plan->cgroup_dir : "");
	jsonw_kv_bool(w, "cleanupByPoststop", plan->cleanup_by_poststop);
	memcg_counters_write(w, "baseline", &plan->baseline);
	write_restart(w, &plan->restart);
	write_caller(w, plan);
	jsonw_key(w, "problems");
	jsonw_array(w);
	for (size_t i = 0; i < plan->problems_len; i++)
		jsonw_string(w, plan->problems[i]);
	jsonw_array_end(w);
	jsonw_key(w, "settings");
	if (plan->settings)
		settings_results_write(plan->settings, w);
	else
		jsonw_null(w);
	jsonw_key(w, "policy");
	if (plan->policy) {
		jsonw_object(w);
		effective_policy_freeze(plan->policy, w);
		jsonw_object_end(w);
	} else {
		jsonw_null(w);
	}
	jsonw_object_end(w);
}

int plan_write(int container_dirfd, const struct plan *plan, struct error *err)
{
	for (size_t cap = FIRST_BYTES; cap <= STATE_FILE_MAX_BYTES; cap *= 2) {
		cleanup_free char *buf = malloc(cap);
		struct jsonw w;
		int r;

		if (!buf)
			return error_set(err, ENOMEM, "cannot write %s", STATE_PLAN);
		r = jsonw_init(&w, buf, cap, true);
		if (r < 0)
			return error_set(err, -r, "cannot write %s", STATE_PLAN);
		write_plan(&w, plan);
		r = jsonw_finish(&w);
		jsonw_close(&w);
		if (r == -ENOBUFS)
			continue;
		if (r >= 0)
			r = state_file_write(container_dirfd, STATE_PLAN, buf, (size_t)r);
		return r < 0 ? error_set(err, -r, "cannot write %s", STATE_PLAN) : 0;
	}
	return error_set(err, E2BIG, "cannot write %s", STATE_PLAN);
}
