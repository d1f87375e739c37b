/* SPDX-License-Identifier: Apache-2.0 */
#include "status.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "json.h"
#include "jsonw.h"
#include "memcg_counters.h"
#include "state.h"

#define STATUS_MAX_BYTES 4096

static const char *const phase_names[] = {
    [SHIM_ARMING] = "arming",	      [SHIM_WATCHING] = "watching",
    [SHIM_ACTING] = "acting",	      [SHIM_BACKOFF] = "backoff",
    [SHIM_RESTARTING] = "restarting", [SHIM_GAVE_UP] = "gave-up",
    [SHIM_ASIDE] = "switched-off",    [SHIM_LEFT] = "left",
};
#define PHASES (sizeof(phase_names) / sizeof(phase_names[0]))

static const char *const score_ways[] = {
    [SCORES_NOT_WANTED] = "not wanted",
    [SCORES_FORK_EVENTS] = "fork events",
    [SCORES_AT_START] = "at start and near the limit",
    [SCORES_NEAR_LIMIT] = "near the limit, because its init forks too often",
};
#define SCORE_WAYS (sizeof(score_ways) / sizeof(score_ways[0]))

const char *score_way_name(enum score_way way)
{
	return (size_t)way < SCORE_WAYS ? score_ways[way] : "unknown";
}

const char *shim_phase_name(enum shim_phase phase)
{
	return (size_t)phase < PHASES ? phase_names[phase] : "unknown";
}

static void write_process(struct jsonw *w, const char *key, pid_t pid, uint64_t start_ticks)
{
	jsonw_key(w, key);
	jsonw_object(w);
	jsonw_kv_int(w, "pid", pid);
	jsonw_kv_uint(w, "startTicks", start_ticks);
	jsonw_object_end(w);
}

int status_write(int container_dirfd, const struct shim_status *status)
{
	char buf[STATUS_MAX_BYTES];
	struct jsonw w;
	int r = jsonw_init(&w, buf, sizeof(buf), true);

	if (r < 0)
		return r;
	jsonw_start(&w);
	jsonw_object(&w);
	jsonw_kv_int(&w, "version", STATE_VERSION);
	jsonw_kv_string(&w, "phase", shim_phase_name(status->phase));
	write_process(&w, "shim", status->shim_pid, status->shim_start_ticks);
	write_process(&w, "init", status->init_pid, status->init_start_ticks);
	jsonw_kv_bool(&w, "late", status->late);
	memcg_counters_write(&w, "seen", &status->seen);
	jsonw_kv_uint(&w, "oomKills", status->oom_kills);
	jsonw_kv_uint(&w, "incidents", status->incidents);
	jsonw_kv_uint(&w, "lostIncidents", status->lost_incidents);
	jsonw_kv_uint(&w, "restarts", status->restarts);
	jsonw_kv_uint(&w, "backoffEndsMs", status->backoff_ends_ms);
	jsonw_kv_bool(&w, "initScoreSet", status->init_score_set);
	jsonw_kv_string(&w, "scores", score_way_name(status->scores));
	jsonw_kv_string(&w, "lastEvent", status->last_event);
	jsonw_kv_string(&w, "confinement", status->confinement);
	jsonw_object_end(&w);
	r = jsonw_finish(&w);
	jsonw_close(&w);
	return r < 0 ? r : state_file_write(container_dirfd, STATE_STATUS, buf, (size_t)r);
}

static int read_phase(const struct json *root, enum shim_phase *out)
{
	const char *text = json_get_string(root, "phase");

	for (size_t i = 0; text && i < PHASES; i++) {
		if (!strcmp(text, phase_names[i])) {
			*out = (enum shim_phase)i;
			return 0;
		}
	}
	return -EINVAL;
}

static int read_score_way(const struct json *root, enum score_way *out)
{
	const char *text = json_get_string(root, "scores");

	for (size_t i = 0; text && i < SCORE_WAYS; i++) {
		if (!strcmp(text, score_ways[i])) {
			*out = (enum score_way)i;
			return 0;
		}
	}
	return -EINVAL;
}

static int read_process(const struct json *root, const char *key, pid_t *pid, uint64_t *start_ticks)
{
	const struct json *object = json_get_typed(root, key, JSON_OBJECT);
	int64_t number;
	int r = json_int64(json_get(object, "pid"), &number);

	if (r < 0)
		return r;
	if (number < 0 || number > INT32_MAX)
		return -ERANGE;
	*pid = (pid_t)number;
	return json_uint64(json_get(object, "startTicks"), start_ticks);
}

static int read_bool(const struct json *root, const char *key, bool *out)
{
	const struct json *value = json_get_typed(root, key, JSON_BOOL);

	if (!value)
		return -EINVAL;
	*out = value->boolean;
	return 0;
}

static int read_text(const struct json *root, const char *key, char *out, size_t cap)
{
	const char *text = json_get_string(root, key);

	if (!text)
		return -EINVAL;
	snprintf(out, cap, "%s", text);
	return 0;
}

static int read_numbers(const struct json *root, struct shim_status *out)
{
	const struct {
		const char *key;
		uint64_t *to;
	} numbers[] = {
	    {"oomKills", &out->oom_kills},
	    {"incidents", &out->incidents},
	    {"lostIncidents", &out->lost_incidents},
	    {"backoffEndsMs", &out->backoff_ends_ms},
	};
	uint64_t restarts;
	int r;

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		r = json_uint64(json_get(root, numbers[i].key), numbers[i].to);
		if (r < 0)
			return r;
	}
	r = json_uint64(json_get(root, "restarts"), &restarts);
	if (r == 0 && restarts > UINT32_MAX)
		r = -ERANGE;
	out->restarts = r < 0 ? 0 : (unsigned)restarts;
	return r;
}

int status_read(int container_dirfd, struct shim_status *out, struct error *err)
{
	cleanup_json struct json *root = NULL;
	int r;

	*out = (struct shim_status){0};
	r = state_file_read(container_dirfd, STATE_STATUS, &root, err);
	if (r < 0)
		return r;
	if (read_phase(root, &out->phase) < 0 ||
	    read_process(root, "shim", &out->shim_pid, &out->shim_start_ticks) < 0 ||
	    read_process(root, "init", &out->init_pid, &out->init_start_ticks) < 0 ||
	    read_bool(root, "late", &out->late) < 0 ||
	    read_bool(root, "initScoreSet", &out->init_score_set) < 0 ||
	    read_score_way(root, &out->scores) < 0 || read_numbers(root, out) < 0 ||
	    memcg_counters_parse(root, "seen", &out->seen) < 0 ||
	    read_text(root, "lastEvent", out->last_event, sizeof(out->last_event)) < 0 ||
	    read_text(root, "confinement", out->confinement, sizeof(out->confinement)) < 0)
		return error_say(err, EINVAL, "%s: a member is missing or wrong", STATE_STATUS);
	return 0;
}
