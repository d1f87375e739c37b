/* SPDX-License-Identifier: Apache-2.0 */
#include "scene_write.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "mask.h"

#define PATH_TEXT_MAX 512

const char *scene_cut_name(enum scene_cut bit)
{
	switch (bit) {
	case SCENE_CUT_PROCESSES:
		return "processes";
	case SCENE_CUT_STATUS:
		return "status";
	case SCENE_CUT_CMDLINES:
		return "cmdline";
	case SCENE_CUT_DETAILS:
		return "details";
	case SCENE_CUT_ZOMBIES:
		return "zombies";
	case SCENE_CUT_VICTIMS:
		return "victims";
	case SCENE_CUT_REPORT:
		return "kernelReport";
	case SCENE_CUT_MEMORY:
		return "memory";
	}
	return "unknown";
}

/* MEMCG_UNKNOWN, MEMCG_NO_LIMIT: null. */
static void put_bytes(struct jsonw *w, const char *key, uint64_t bytes)
{
	jsonw_kv_known_uint(w, key, bytes < MEMCG_UNKNOWN, bytes);
}

static void put_null(struct jsonw *w, const char *key)
{
	jsonw_key(w, key);
	jsonw_null(w);
}

static void put_switch(struct jsonw *w, const char *key, int value)
{
	jsonw_key(w, key);
	if (value < 0)
		jsonw_null(w);
	else
		jsonw_bool(w, value);
}

static void write_evidence(struct jsonw *w, const struct scene *scene)
{
	jsonw_key(w, "evidence");
	jsonw_object(w);
	jsonw_kv_uint(w, "budgetMs", scene ? scene->budget_ms : 0);
	jsonw_kv_uint(w, "delayUs", scene ? scene->delay_us : 0);
	jsonw_kv_uint(w, "tookUs", scene ? scene->took_us : 0);
	jsonw_key(w, "cut");
	jsonw_array(w);
	for (unsigned i = 0; scene && i < SCENE_CUTS; i++)
		if (scene->cut & 1U << i)
			jsonw_string(w, scene_cut_name((enum scene_cut)(1U << i)));
	jsonw_array_end(w);
	jsonw_object_end(w);
}

/* The path of the `up`th cgroup above: "/a/b/c", 1 is "/a/b". */
static void put_level_path(struct jsonw *w, const char *cgroup, size_t up)
{
	size_t len = strlen(cgroup);
	char path[PATH_TEXT_MAX];

	for (; up > 0; up--)
		while (len > 0 && cgroup[--len] != '/')
			;
	snprintf(path, sizeof(path), "%.*s", (int)len, cgroup);
	jsonw_kv_string(w, "cgroup", path);
}

static void write_levels(struct jsonw *w, const struct scene *scene)
{
	jsonw_key(w, "limits");
	jsonw_array(w);
	for (size_t i = 0; scene && i < scene->levels_len; i++) {
		const struct memcg_level *level = &scene->level[i];

		jsonw_object(w);
		put_level_path(w, scene->cgroup ? scene->cgroup : "", i);
		put_bytes(w, "limit", level->limit);
		jsonw_kv_uint(w, "usage", level->usage);
		put_bytes(w, "swapLimit", level->swap_limit);
		put_bytes(w, "swapUsage", level->swap_usage);
		put_bytes(w, "high", level->high);
		put_bytes(w, "failcnt", level->failcnt);
		put_switch(w, "underOom", level->has_under_oom ? level->under_oom : -1);
		jsonw_kv_bool(w, "hit", scene->hit == (int)i);
		jsonw_object_end(w);
	}
	jsonw_array_end(w);
}

static void write_host(struct jsonw *w, const struct scene *scene)
{
	if (!scene || !scene->has_host) {
		put_null(w, "host");
		return;
	}
	jsonw_key(w, "host");
	jsonw_object(w);
	put_bytes(w, "memTotal", scene->host.total);
	put_bytes(w, "memAvailable", scene->host.available);
	put_bytes(w, "memFree", scene->host.free);
	put_bytes(w, "swapTotal", scene->host.swap_total);
	put_bytes(w, "swapFree", scene->host.swap_free);
	jsonw_object_end(w);
}

static void write_pressure_line(struct jsonw *w, const char *key,
				const struct memcg_pressure_line *line)
{
	jsonw_key(w, key);
	jsonw_object(w);
	jsonw_key(w, "avg10");
	jsonw_double(w, line->avg10);
	jsonw_key(w, "avg60");
	jsonw_double(w, line->avg60);
	jsonw_key(w, "avg300");
	jsonw_double(w, line->avg300);
	jsonw_kv_uint(w, "totalUs", line->total_us);
	jsonw_object_end(w);
}

static void write_pressure(struct jsonw *w, const struct scene *scene)
{
	if (!scene || !scene->has_pressure) {
		put_null(w, "pressure");
		return;
	}
	jsonw_key(w, "pressure");
	jsonw_object(w);
	write_pressure_line(w, "some", &scene->pressure.some);
	write_pressure_line(w, "full", &scene->pressure.full);
	jsonw_object_end(w);
}

void scene_write_memory(struct jsonw *w, const struct memcg_usage *usage, const struct scene *scene)
{
	static const struct memcg_split unknown = {MEMCG_UNKNOWN, MEMCG_UNKNOWN, MEMCG_UNKNOWN,
						   MEMCG_UNKNOWN, MEMCG_UNKNOWN, MEMCG_UNKNOWN,
						   MEMCG_UNKNOWN, MEMCG_UNKNOWN, MEMCG_UNKNOWN};
	bool has = scene && scene->has_split;
	const struct memcg_split *split = has ? &scene->split : &unknown;

	put_bytes(w, "activeFile", split->active_file);
	put_bytes(w, "slabReclaimable", split->slab_reclaimable);
	put_bytes(w, "slabUnreclaimable", split->slab_unreclaimable);
	put_bytes(w, "kernelStack", split->kernel_stack);
	put_bytes(w, "pageTables", split->page_tables);
	put_bytes(w, "sock", split->sock);
	put_bytes(w, "mappedFile", split->mapped_file);
	put_bytes(w, "dirty", split->dirty);
	put_bytes(w, "writeback", split->writeback);
	put_bytes(w, "workingSet", has ? memcg_working_set(usage) : MEMCG_UNKNOWN);
	put_bytes(w, "reclaimable", has ? memcg_split_reclaimable(usage, split) : MEMCG_UNKNOWN);
}

static void write_settings(struct jsonw *w, const struct scene *scene)
{
	int init = SCENE_NO_SCORE, min = SCENE_NO_SCORE, max = SCENE_NO_SCORE;
	const struct {
		const char *key;
		const int *value;
	} scores[] = {{"init", &init}, {"min", &min}, {"max", &max}};

	for (size_t i = 0; scene && i < scene->processes_len; i++) {
		const struct scene_process *process = &scene->process[i];

		if (process->oom_score_adj == SCENE_NO_SCORE)
			continue;
		if (process->is_init)
			init = process->oom_score_adj;
		if (min == SCENE_NO_SCORE || process->oom_score_adj < min)
			min = process->oom_score_adj;
		if (process->oom_score_adj > max)
			max = process->oom_score_adj;
	}
	jsonw_key(w, "settings");
	jsonw_object(w);
	jsonw_kv_string(w, "oomKiller",
			!scene || scene->oom_killer_off < 0 ? NULL
			: scene->oom_killer_off		    ? "off"
							    : "on");
	put_switch(w, "oomGroup", scene ? scene->oom_group : -1);
	jsonw_key(w, "scores");
	jsonw_object(w);
	for (size_t i = 0; i < 3; i++)
		jsonw_kv_known_int(w, scores[i].key, *scores[i].value != SCENE_NO_SCORE,
				   *scores[i].value);
	jsonw_object_end(w);
	jsonw_object_end(w);
}

/* Line by line: nothing of it is longer than the kernel's own record. */
static void write_report(struct jsonw *w, const struct scene *scene)
{
	const char *at, *end;

	if (!scene || !scene->has_report) {
		put_null(w, "kernelReport");
		return;
	}
	jsonw_key(w, "kernelReport");
	jsonw_array(w);
	at = scene->report;
	end = at + scene->report_len;
	while (at < end) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));
		size_t len = (size_t)((newline ? newline : end) - at);
		char line[1024], masked[1024];

		snprintf(line, sizeof(line), "%.*s", (int)len, at);
		mask_kernel_line(line, masked, sizeof(masked));
		jsonw_string(w, masked);
		at += len + 1;
	}
	jsonw_array_end(w);
}

static uint64_t bytes_of(uint32_t kib)
{
	return (uint64_t)kib * 1024;
}

static void write_sample(struct jsonw *w, const struct scene_sample *sample, uint64_t event_ms)
{
	jsonw_object(w);
	jsonw_kv_uint(w, "ageMs", event_ms > sample->at_ms ? event_ms - sample->at_ms : 0);
	jsonw_kv_uint(w, "usage", bytes_of(sample->usage_kib));
	jsonw_kv_uint(w, "anon", bytes_of(sample->anon_kib));
	jsonw_kv_uint(w, "file", bytes_of(sample->file_kib));
	jsonw_kv_uint(w, "shmem", bytes_of(sample->shmem_kib));
	jsonw_kv_uint(w, "kernel", bytes_of(sample->kernel_kib));
	jsonw_kv_uint(w, "swap", bytes_of(sample->swap_kib));
	jsonw_key(w, "pressureFull");
	if (sample->pressure_centi < 0)
		jsonw_null(w);
	else
		jsonw_double(w, (double)sample->pressure_centi / 100);
	jsonw_object_end(w);
}

/* Oldest first. */
static void write_timeline(struct jsonw *w, const struct scene *scene)
{
	const struct scene_timeline *timeline = scene ? scene->timeline : NULL;
	uint32_t len = timeline ? timeline->len : 0;

	jsonw_key(w, "timeline");
	jsonw_array(w);
	for (uint32_t i = 0; i < len; i++) {
		uint32_t at = (timeline->next + SCENE_TIMELINE_MAX - len + i) % SCENE_TIMELINE_MAX;

		/* Rewritten records: what was sampled later is of what came after. */
		if (timeline->sample[at].at_ms <= scene->event_ms)
			write_sample(w, &timeline->sample[at], scene->event_ms);
	}
	jsonw_array_end(w);
}

static void write_removed(struct jsonw *w, const struct scene *scene)
{
	if (!scene || !scene->has_removed) {
		put_null(w, "removedCharge");
		return;
	}
	jsonw_key(w, "removedCharge");
	jsonw_object(w);
	jsonw_kv_uint(w, "shmem", scene->removed_shmem);
	jsonw_kv_uint(w, "file", scene->removed_file);
	jsonw_object_end(w);
}

void scene_write(struct jsonw *w, const struct scene *scene)
{
	write_evidence(w, scene);
	write_levels(w, scene);
	write_host(w, scene);
	write_pressure(w, scene);
	write_settings(w, scene);
	scene_write_processes(w, scene);
	scene_write_details(w, scene);
	write_report(w, scene);
	write_timeline(w, scene);
	write_removed(w, scene);
}
