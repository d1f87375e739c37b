/* SPDX-License-Identifier: Apache-2.0 */
#include "verdict_record.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kmsg.h"
#include "utc.h"

#define PIDS_MAX (4 * 1024 * 1024) /* PID_MAX_LIMIT of include/linux/threads.h */

static struct figure number(const struct json *object, const char *key)
{
	struct figure figure = {0};

	figure.known = json_uint64(json_get(object, key), &figure.n) == 0;
	return figure;
}

/* A limit: null says that there is none. */
static struct figure limit(const struct json *object, const char *key)
{
	return json_get_typed(object, key, JSON_NULL) ? FIGURE(FIGURE_NO_LIMIT)
						      : number(object, key);
}

/* "" stands for unknown. */
static const char *text(const struct json *object, const char *key)
{
	const char *found = json_get_string(object, key);

	return found && found[0] ? found : NULL;
}

static const char *name(const struct json *object)
{
	const char *comm = json_get_string(object, "comm");

	return comm ? comm : "?";
}

static bool is(const struct json *object, const char *key, const char *word)
{
	const char *found = json_get_string(object, key);

	return found && !strcmp(found, word);
}

static enum fact flag(const struct json *object, const char *key)
{
	const struct json *value = json_get_typed(object, key, JSON_BOOL);

	if (!value)
		return FACT_UNKNOWN;
	return value->boolean ? FACT_YES : FACT_NO;
}

static int pid_of(const struct json *object, const char *key)
{
	int64_t pid = 0;

	return json_int64(json_get(object, key), &pid) == 0 && pid > 0 && pid < INT32_MAX ? (int)pid
											  : 0;
}

static bool score_of(const struct json *object, const char *key, int *score)
{
	int64_t value;

	if (json_int64(json_get(object, key), &value) < 0 || value < -1000 || value > 1000)
		return false;
	*score = (int)value;
	return true;
}

/* A cleared array with one element for each item of a list, in *out; NULL for an empty one. */
static int make(const struct json *list, size_t size, void *out, size_t *len)
{
	void *items;

	*len = 0;
	if (!list || list->type != JSON_ARRAY || list->array.len == 0)
		return 0;
	items = calloc(list->array.len, size);
	if (!items)
		return -ENOMEM;
	memcpy(out, &items, sizeof(items));
	*len = list->array.len;
	return 0;
}

static void read_process(const struct json *item, struct verdict_process *out)
{
	const char *state = text(item, "state");

	*out = (struct verdict_process){
	    .pid = pid_of(item, "pid"),
	    .comm = name(item),
	    .state = state ? state[0] : '\0',
	    .wchan = text(item, "wchan"),
	    .anon = number(item, "rssAnon"),
	    .shmem = number(item, "rssShmem"),
	    .swap = number(item, "swap"),
	    .threads = number(item, "threads"),
	    .init = flag(item, "init"),
	};
	out->has_score = score_of(item, "oomScoreAdj", &out->oom_score_adj);
}

static int read_processes(const struct json *record, struct verdict_record *out)
{
	const struct json *list = json_path(record, "processes.list");
	const struct json *left = json_get(record, "left");
	int r = make(list, sizeof(*out->processes), &out->processes, &out->facts.processes_len);

	for (size_t i = 0; r == 0 && i < out->facts.processes_len; i++)
		read_process(list->array.items[i], &out->processes[i]);
	if (r == 0)
		r = make(left, sizeof(*out->unkilled), &out->unkilled, &out->facts.unkilled_len);
	for (size_t i = 0; r == 0 && i < out->facts.unkilled_len; i++)
		read_process(left->array.items[i], &out->unkilled[i]);
	out->facts.processes_more = number(json_get(record, "processes"), "more");
	if (out->facts.processes_more.n > PIDS_MAX)
		out->facts.processes_more = (struct figure){0};
	out->facts.processes = out->processes;
	out->facts.unkilled = out->unkilled;
	return r;
}

/* "Killed process PID (COMM) … oom_score_adj:N" of the kernel's report; COMM is hostile. */
static void score_by_kernel(const struct json *record, struct verdict_victim *victim)
{
	const struct json *lines = json_get_typed(record, "kernelReport", JSON_ARRAY);
	const char *key = " oom_score_adj:";
	char killed[48];

	snprintf(killed, sizeof(killed), "Killed process %d (", victim->pid);
	for (size_t i = 0; lines && i < lines->array.len; i++) {
		const struct json *line = lines->array.items[i];
		const char *at = line->type == JSON_STRING ? strstr(line->text, killed) : NULL;
		const char *last = NULL;

		while (at && (at = strstr(at, key))) {
			at += strlen(key);
			last = at;
		}
		if (!last)
			continue;
		victim->oom_score_adj = atoi(last);
		victim->has_score = victim->oom_score_adj >= -1000 && victim->oom_score_adj <= 1000;
	}
}

/* The record's victims carry no score; the list has it where it was read before they were gone. */
static void score_victim(const struct verdict_record *record, struct verdict_victim *victim)
{
	for (size_t i = 0; i < record->facts.processes_len; i++) {
		const struct verdict_process *process = &record->processes[i];

		if (process->pid != victim->pid || !process->has_score)
			continue;
		victim->has_score = true;
		victim->oom_score_adj = process->oom_score_adj;
	}
}

static int read_victims(const struct json *record, struct verdict_record *out)
{
	const struct json *list = json_get(record, "victims");
	int r = make(list, sizeof(*out->victims), &out->victims, &out->facts.victims_len);

	for (size_t i = 0; r == 0 && i < out->facts.victims_len; i++) {
		const struct json *item = list->array.items[i];

		out->victims[i] = (struct verdict_victim){
		    .pid = pid_of(item, "pid"),
		    .comm = name(item),
		    .rss = number(item, "rss"),
		    .init = flag(item, "init"),
		};
		score_by_kernel(record, &out->victims[i]);
		score_victim(out, &out->victims[i]);
	}
	out->facts.victims = out->victims;
	return r;
}

static int read_details(const struct json *record, struct verdict_record *out)
{
	const struct json *list = json_get(record, "details");
	const struct json *zombies = json_path(record, "processes.zombies");
	int r = make(list, sizeof(*out->details), &out->details, &out->facts.details_len);

	for (size_t i = 0; r == 0 && i < out->facts.details_len; i++) {
		const struct json *item = list->array.items[i];

		out->details[i] = (struct verdict_detail){
		    .pid = pid_of(item, "pid"),
		    .comm = name(item),
		    .rss = number(item, "rss"),
		    .arenas = number(item, "arenas"),
		    .arena_bytes = number(item, "arenaBytes"),
		};
	}
	if (r == 0)
		r = make(zombies, sizeof(*out->zombies), &out->zombies, &out->facts.zombies_len);
	for (size_t i = 0; r == 0 && i < out->facts.zombies_len; i++) {
		const struct json *item = zombies->array.items[i];

		out->zombies[i] = (struct verdict_zombies){
		    .parent_pid = pid_of(item, "ppid"),
		    .comm = name(item),
		    .count = number(item, "count").n,
		};
	}
	out->facts.details = out->details;
	out->facts.zombies = out->zombies;
	return r;
}

static int read_timeline(const struct json *record, struct verdict_record *out)
{
	const struct json *list = json_get(record, "timeline");
	int r = make(list, sizeof(*out->timeline), &out->timeline, &out->facts.timeline_len);

	for (size_t i = 0; r == 0 && i < out->facts.timeline_len; i++) {
		const struct json *item = list->array.items[i];

		out->timeline[i] = (struct verdict_sample){
		    .age_ms = number(item, "ageMs").n,
		    .usage = number(item, "usage"),
		    .anon = number(item, "anon"),
		    .file = number(item, "file"),
		    .shmem = number(item, "shmem"),
		    .kernel = number(item, "kernel"),
		    .swap = number(item, "swap"),
		};
	}
	out->facts.timeline = out->timeline;
	return r;
}

static void read_memory(const struct json *record, struct verdict_facts *facts)
{
	const struct json *memory = json_get(record, "memory"), *host = json_get(record, "host");
	bool swap = flag(memory, "swapAccounted") == FACT_YES;

	facts->memory = (struct verdict_memory){
	    .usage = number(memory, "usage"),
	    .anon = number(memory, "anon"),
	    .file = number(memory, "file"),
	    .inactive_file = number(memory, "inactiveFile"),
	    .active_file = number(memory, "activeFile"),
	    .shmem = number(memory, "shmem"),
	    .kernel = number(memory, "kernel"),
	    .slab_reclaimable = number(memory, "slabReclaimable"),
	    .slab_unreclaimable = number(memory, "slabUnreclaimable"),
	    .kernel_stack = number(memory, "kernelStack"),
	    .page_tables = number(memory, "pageTables"),
	    .sock = number(memory, "sock"),
	    .working_set = number(memory, "workingSet"),
	    .reclaimable = number(memory, "reclaimable"),
	};
	facts->own_limit = limit(memory, "limit");
	/* Without accounting zero means nothing, and null neither. */
	if (swap) {
		facts->memory.swap_usage = number(memory, "swapUsage");
		facts->swap_limit = limit(memory, "swapLimit");
	}
	facts->host_total = number(host, "memTotal");
	facts->host_available = number(host, "memAvailable");
	facts->host_swap_total = number(host, "swapTotal");
	facts->host_swap_free = number(host, "swapFree");
}

/* The kernel's own word: the slot counts a cpuset's nodes to the host. */
static bool nodes_were_full(const struct json *record)
{
	const struct json *lines = json_get_typed(record, "kernelReport", JSON_ARRAY);
	struct kmsg_line line;

	for (size_t i = 0; lines && i < lines->array.len; i++) {
		const struct json *item = lines->array.items[i];

		if (item->type == JSON_STRING &&
		    kmsg_parse_text(item->text, strlen(item->text), true, &line) == KMSG_SUMMARY)
			return line.constraint == KMSG_CONSTRAINT_OTHER;
	}
	return false;
}

/* Told by the chain of limits; else by the slot or the kind of stall, where they are sure. */
static void read_whose(const struct json *record, struct verdict_facts *facts)
{
	const struct json *limits = json_get_typed(record, "limits", JSON_ARRAY);
	const char *own[] = {"init", "process", "group"};

	facts->hit_cgroup = text(record, "limitCgroup");
	if (is(record, "slot", "global"))
		facts->whose = nodes_were_full(record) ? WHOSE_NODES : WHOSE_HOST;
	else if (is(record, "slot", "ancestor") || is(record, "stall", "ancestor"))
		facts->whose = WHOSE_ANCESTOR;
	else if (is(record, "stall", "oom-killer-off") || facts->event == VERDICT_OF_NEAR_LIMIT)
		facts->whose = WHOSE_OWN;
	for (size_t i = 0; i < 3; i++)
		if (is(record, "slot", own[i]) && !is(record, "basis", "nothing"))
			facts->whose = WHOSE_OWN;
	facts->limit = facts->whose == WHOSE_HOST ? facts->host_total : facts->own_limit;
	if (facts->whose == WHOSE_ANCESTOR || facts->whose == WHOSE_NODES)
		facts->limit = (struct figure){0};
	for (size_t i = 0; limits && i < limits->array.len; i++) {
		const struct json *item = limits->array.items[i];

		if (i == 0)
			facts->high = limit(item, "high");
		if (flag(item, "hit") != FACT_YES || is(record, "slot", "global"))
			continue;
		facts->whose = i == 0 ? WHOSE_OWN : WHOSE_ANCESTOR;
		facts->hit_cgroup = text(item, "cgroup");
		facts->limit = limit(item, "limit");
		break;
	}
}

/* The killer as it was found, before anything of ours switched it on. */
static enum fact read_killer(const struct json *record)
{
	if (is(record, "stall", "oom-killer-off"))
		return FACT_YES;
	if (text(json_get(record, "settings"), "oomKiller"))
		return is(json_get(record, "settings"), "oomKiller", "off") ? FACT_YES : FACT_NO;
	return flag(json_path(record, "counters.after"), "killDisabled");
}

static void read_age(const struct json *record, struct verdict_facts *facts)
{
	const char *armed = text(json_get(record, "armed"), "time"), *now = text(record, "time");
	uint64_t from, to;

	if (armed && now && utc_parse(armed, &from) == 0 && utc_parse(now, &to) == 0 && to >= from)
		facts->since_armed_ms = FIGURE(to - from);
}

static void read_course(const struct json *record, struct verdict_facts *facts)
{
	const struct json *restarts = json_get(record, "restarts");
	const struct json *removed = json_get(record, "removedCharge");
	const struct json *full = json_path(record, "pressure.full");
	const struct json *average = json_get_typed(full, "avg10", JSON_NUMBER);
	const char *reason = text(record, "reason");
	double percent = average ? strtod(average->text, NULL) : -1;

	facts->kills = number(record, "kills");
	if (percent >= 0 && percent <= 100)
		facts->pressure_full_percent = FIGURE((uint64_t)percent);
	facts->init_alive = is(record, "slot", "process") ? FACT_YES
			    : is(record, "slot", "init") || is(record, "slot", "group")
				? FACT_NO
				: FACT_UNKNOWN;
	facts->group_kill = is(record, "slot", "group") ? FACT_YES : FACT_NO;
	facts->killer_off = read_killer(record);
	facts->ancestor_killer_off = is(record, "stall", "ancestor") ? FACT_YES : FACT_UNKNOWN;
	facts->nothing_killable = is(record, "stall", "nothing-killable") ? FACT_YES : FACT_UNKNOWN;
	facts->thrashing = is(record, "stall", "pressure") ? FACT_YES : FACT_NO;
	facts->zombie_stall = is(record, "stall", "zombies") ? FACT_YES : FACT_NO;
	facts->restarts_used = number(restarts, "used");
	facts->restarts_max = number(restarts, "max");
	facts->restarts_within_ms = number(restarts, "withinMs");
	facts->gave_up = is(record, "result", "gave-up") ? FACT_YES : FACT_NO;
	facts->left_shmem = number(removed, "shmem");
	facts->left_file = number(removed, "file");
	facts->restart_useless =
	    reason && !strncmp(reason, "a restart is useless", 20) ? FACT_YES : FACT_UNKNOWN;
	read_age(record, facts);
}

int verdict_record_read(const struct json *record, struct verdict_record *out)
{
	int r;

	*out = (struct verdict_record){0};
	if (is(record, "kind", "stall"))
		out->facts.event = VERDICT_OF_STALL;
	else if (is(record, "kind", "near-limit"))
		out->facts.event = VERDICT_OF_NEAR_LIMIT;
	read_memory(record, &out->facts);
	read_whose(record, &out->facts);
	read_course(record, &out->facts);
	r = read_processes(record, out);
	if (r == 0)
		r = read_victims(record, out);
	if (r == 0)
		r = read_details(record, out);
	return r < 0 ? r : read_timeline(record, out);
}

void verdict_record_free(struct verdict_record *record)
{
	free(record->processes);
	free(record->unkilled);
	free(record->victims);
	free(record->details);
	free(record->zombies);
	free(record->timeline);
	*record = (struct verdict_record){0};
}
