/* SPDX-License-Identifier: Apache-2.0 */
#include "incident.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "escape.h"
#include "identity.h"
#include "jsonw.h"
#include "mask.h"
#include "memcg_counters.h"
#include "scene_write.h"
#include "state.h"
#include "utc.h"

/* Bytes of a path that are kept: a hostile name cannot make a record too long to be written. */
#define PATH_TEXT_MAX IDENTITY_CUT_MAX
/* Of so many processes on, one line each would be too long to look through: no indentation. */
#define PRETTY_PROCESSES_MAX 64

const char *incident_basis_name(enum incident_basis basis)
{
	switch (basis) {
	case BASIS_KMSG:
		return "kmsg";
	case BASIS_COUNTERS:
		return "counters";
	case BASIS_NOTHING:
		break;
	}
	return "nothing";
}

static void put_limit(struct jsonw *w, const char *key, uint64_t bytes)
{
	jsonw_kv_known_uint(w, key, bytes != MEMCG_NO_LIMIT, bytes);
}

static void write_memory(struct jsonw *w, const struct incident *incident)
{
	const struct memcg_usage *usage = &incident->usage;

	jsonw_key(w, "memory");
	jsonw_object(w);
	jsonw_kv_uint(w, "usage", usage->usage);
	put_limit(w, "limit", usage->limit);
	jsonw_kv_uint(w, "swapUsage", usage->swap_usage);
	put_limit(w, "swapLimit", usage->swap_limit);
	jsonw_kv_bool(w, "swapAccounted", usage->has_swap_files);
	jsonw_kv_uint(w, "peak", usage->peak);
	jsonw_kv_uint(w, "anon", usage->anon);
	jsonw_kv_uint(w, "file", usage->file);
	jsonw_kv_uint(w, "inactiveFile", usage->inactive_file);
	jsonw_kv_uint(w, "shmem", usage->shmem);
	jsonw_kv_uint(w, "kernel", usage->kernel);
	scene_write_memory(w, usage, incident->scene);
	jsonw_object_end(w);
}

static void write_victims(struct jsonw *w, const struct incident *incident)
{
	jsonw_key(w, "victims");
	jsonw_array(w);
	for (size_t i = 0; i < incident->victims_len && i < INCIDENT_VICTIMS_MAX; i++) {
		const struct incident_victim *victim = &incident->victims[i];
		char name[MASK_NAME_BYTES];

		jsonw_object(w);
		jsonw_kv_int(w, "pid", victim->pid);
		jsonw_kv_string(w, "comm", mask_name(victim->comm, name));
		jsonw_kv_known_uint(w, "rss", victim->rss_bytes > 0, victim->rss_bytes);
		jsonw_kv_bool(w, "init", victim->is_init);
		jsonw_kv_string(w, "source",
				victim->source == VICTIM_KMSG ? "kmsg" : "process-list");
		jsonw_object_end(w);
	}
	jsonw_array_end(w);
	jsonw_kv_uint(w, "victimsMore", incident->victims_more);
}

/* Processes with what they do; the state is one letter of /proc/PID/stat. */
static void write_processes(struct jsonw *w, const char *key, const struct incident_left *list,
			    size_t len)
{
	jsonw_key(w, key);
	jsonw_array(w);
	for (size_t i = 0; i < len && i < INCIDENT_LEFT_MAX; i++) {
		char state[2] = {list[i].state ? list[i].state : '?', '\0'};
		char name[MASK_NAME_BYTES];

		jsonw_object(w);
		jsonw_kv_int(w, "pid", list[i].pid);
		jsonw_kv_string(w, "comm", mask_name(list[i].comm, name));
		jsonw_kv_string(w, "state", state);
		jsonw_kv_string(w, "wchan", list[i].wchan);
		jsonw_object_end(w);
	}
	jsonw_array_end(w);
}

static void write_stall(struct jsonw *w, const struct incident *incident)
{
	jsonw_kv_string(w, "stall", incident->stall);
	jsonw_key(w, "rungs");
	jsonw_array(w);
	for (size_t i = 0; i < incident->rungs_len && i < POLICY_RUNGS_MAX; i++) {
		jsonw_object(w);
		jsonw_kv_string(w, "rung", ladder_rung_name(incident->rungs[i].rung));
		jsonw_kv_bool(w, "helped", incident->rungs[i].helped);
		jsonw_kv_uint(w, "tookUs", incident->rungs[i].took_us);
		jsonw_kv_string(w, "detail", incident->rungs[i].detail);
		jsonw_object_end(w);
	}
	jsonw_array_end(w);
	write_processes(w, "sleepers", incident->sleepers, incident->sleepers_len);
	jsonw_kv_uint(w, "sleepersMore", incident->sleepers_more);
}

/* An instant that did not happen is null. */
static void put_time(struct jsonw *w, const char *key, uint64_t value)
{
	jsonw_kv_known_uint(w, key, value > 0, value);
}

static void write_course(struct jsonw *w, const struct incident *incident)
{
	/* Only an OOM has a slot of onOom. */
	jsonw_kv_string(w, "asked",
			incident->kind == INCIDENT_OOM ? policy_action_name(incident->asked)
						       : NULL);
	jsonw_kv_string(w, "decision", incident->decision);
	jsonw_kv_string(w, "reason", incident->reason);
	jsonw_key(w, "times");
	jsonw_object(w);
	put_time(w, "decidedUs", incident->decided_us);
	put_time(w, "actedUs", incident->acted_us);
	put_time(w, "emptyMs", incident->empty_ms);
	jsonw_object_end(w);
	jsonw_kv_uint(w, "killed", incident->killed);
	write_processes(w, "left", incident->left, incident->left_len);
	jsonw_kv_uint(w, "restartNumber", incident->restart_number);
	jsonw_kv_uint(w, "backoffMs", incident->backoff_ms);
	jsonw_kv_string(w, "result", incident->result);
}

static void write_actions(struct jsonw *w, const struct incident *incident)
{
	jsonw_key(w, "actions");
	jsonw_array(w);
	for (size_t i = 0; i < incident->actions_len && i < INCIDENT_ACTIONS_MAX; i++) {
		const struct incident_action *action = &incident->actions[i];

		jsonw_object(w);
		jsonw_kv_string(w, "action", action->action);
		jsonw_kv_string(w, "result", action->result);
		jsonw_kv_uint(w, "atUs", action->at_us);
		jsonw_kv_string(w, "detail", action->detail);
		jsonw_object_end(w);
	}
	jsonw_array_end(w);
	jsonw_key(w, "restarts");
	if (!incident->may_restart) {
		jsonw_null(w);
		return;
	}
	jsonw_object(w);
	jsonw_kv_uint(w, "used", incident->restarts_used);
	jsonw_kv_uint(w, "max", incident->restarts_max);
	jsonw_kv_uint(w, "withinMs", incident->restarts_within_ms);
	jsonw_object_end(w);
}

/* What was counted already when the watch was armed. */
static void write_armed(struct jsonw *w, const struct incident *incident)
{
	char time[UTC_TEXT_MAX];

	jsonw_key(w, "armed");
	jsonw_object(w);
	jsonw_kv_string(w, "time", incident->armed_ms ? utc_text(incident->armed_ms, time) : NULL);
	memcg_counters_write(w, "counters", &incident->armed);
	jsonw_object_end(w);
}

static const char *incident_kind_name(enum incident_kind kind)
{
	switch (kind) {
	case INCIDENT_OOM:
		break;
	case INCIDENT_STALL:
		return "stall";
	case INCIDENT_NEAR_LIMIT:
		return "near-limit";
	}
	return "oom";
}

static void write_record(struct jsonw *w, const struct incident *incident)
{
	char time[UTC_TEXT_MAX];

	jsonw_object(w);
	jsonw_kv_int(w, "version", INCIDENT_VERSION);
	jsonw_kv_string(w, "name", incident->name);
	jsonw_kv_string(w, "time", utc_text(incident->time_ms, time));
	identity_write(w, incident->identity, INCIDENT_ID_MAX, PATH_TEXT_MAX);
	jsonw_kv_string(w, "profile", incident->profile_name);
	jsonw_kv_string(w, "kind", incident_kind_name(incident->kind));
	jsonw_kv_string(w, "slot",
			incident->kind == INCIDENT_OOM ? oom_slot_name(incident->slot) : NULL);
	jsonw_kv_string(w, "basis", incident_basis_name(incident->basis));
	jsonw_kv_string(w, "limitCgroup", incident->limit_cgroup);
	jsonw_kv_uint(w, "kills", incident->kills);
	jsonw_key(w, "counters");
	jsonw_object(w);
	memcg_counters_write(w, "before", &incident->before);
	memcg_counters_write(w, "after", &incident->after);
	jsonw_object_end(w);
	write_armed(w, incident);
	write_memory(w, incident);
	write_victims(w, incident);
	write_stall(w, incident);
	write_course(w, incident);
	write_actions(w, incident);
	scene_write(w, incident->scene);
	jsonw_object_end(w);
}

void incident_act(struct incident *incident, uint64_t now_us, const char *action,
		  const char *result, const char *format, ...)
{
	struct incident_action *entry;
	va_list args;

	if (incident->actions_len == INCIDENT_ACTIONS_MAX)
		return;
	entry = &incident->actions[incident->actions_len++];
	snprintf(entry->action, sizeof(entry->action), "%s", action);
	snprintf(entry->result, sizeof(entry->result), "%s", result);
	entry->at_us = now_us > incident->start_us ? now_us - incident->start_us : 0;
	va_start(args, format);
	vsnprintf(entry->detail, sizeof(entry->detail), format, args);
	va_end(args);
}

static bool is_long(const struct incident *incident)
{
	return incident->scene && incident->scene->processes_len > PRETTY_PROCESSES_MAX;
}

int incident_write(const struct incident *incident, int incidents_dirfd, char *buf, size_t cap)
{
	char name[sizeof(incident->name) + sizeof(".json")];
	struct state_file file;
	struct jsonw w;
	int r = jsonw_init(&w, buf, cap, !is_long(incident));

	if (r < 0)
		return r;
	snprintf(name, sizeof(name), "%s.json", incident->name);
	r = state_file_begin(&file, incidents_dirfd, name);
	if (r < 0) {
		jsonw_close(&w);
		return r;
	}
	jsonw_stream(&w, state_file_add, &file);
	jsonw_start(&w);
	write_record(&w, incident);
	r = jsonw_finish(&w);
	jsonw_close(&w);
	return state_file_end(&file, name, r);
}
