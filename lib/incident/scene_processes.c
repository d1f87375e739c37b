/* SPDX-License-Identifier: Apache-2.0 */
/* The processes of a scene, and the closer look at the largest, as JSON. */
#include <string.h>
#include <unistd.h>

#include "mask.h"
#include "scene_write.h"

static void put_kib(struct jsonw *w, const char *key, bool known, uint32_t kib)
{
	jsonw_kv_known_uint(w, key, known, (uint64_t)kib * 1024);
}

/* What the list holds of it, or NULL: not tried, or nothing there (a kernel thread, a zombie). */
static const char *cmdline_of(const struct scene_slow *slow, size_t index)
{
	uint32_t offset;

	if (!slow || index >= slow->cmdlines_len)
		return NULL;
	offset = slow->cmdline[index];
	return offset > 0 && offset <= SCENE_CMDLINES_BYTES ? &slow->text[offset - 1] : NULL;
}

static void write_process(struct jsonw *w, const struct scene *scene, size_t index, long ticks)
{
	const struct scene_process *process = &scene->process[index];
	char state[2] = {process->state ? process->state : '?', '\0'}, name[MASK_NAME_BYTES];

	jsonw_object(w);
	jsonw_kv_int(w, "pid", process->pid);
	jsonw_kv_known_int(w, "nsPid", process->ns_pid > 0, process->ns_pid);
	jsonw_kv_int(w, "ppid", process->ppid);
	jsonw_kv_string(w, "comm", mask_name(process->comm, name));
	jsonw_kv_string(w, "cmdline", cmdline_of(scene->slow, index));
	jsonw_kv_string(w, "state", state);
	jsonw_kv_string(w, "wchan", process->wchan ? scene->wchan[process->wchan - 1] : NULL);
	jsonw_kv_uint(w, "threads", process->threads);
	put_kib(w, "rssAnon", process->has_status, process->anon_kib);
	put_kib(w, "rssFile", process->has_status, process->file_kib);
	put_kib(w, "rssShmem", process->has_status, process->shmem_kib);
	put_kib(w, "swap", process->has_status, process->swap_kib);
	jsonw_kv_known_int(w, "oomScore", process->oom_score >= 0, process->oom_score);
	jsonw_kv_known_int(w, "oomScoreAdj", process->oom_score_adj != SCENE_NO_SCORE,
			   process->oom_score_adj);
	jsonw_kv_uint(w, "startedMs", process->start_ticks * 1000 / (uint64_t)ticks);
	jsonw_kv_uint(w, "minorFaults", process->minor_faults);
	jsonw_kv_uint(w, "majorFaults", process->major_faults);
	jsonw_kv_bool(w, "init", process->is_init);
	jsonw_object_end(w);
}

/* One letter each, as in PID/stat. Zombies are counted whole: of many only some are listed. */
static void write_states(struct jsonw *w, const struct scene *scene)
{
	uint32_t count[128] = {0};

	for (size_t i = 0; i < scene->processes_len; i++)
		count[scene->process[i].state & 127]++;
	count['Z'] = scene->zombies;
	jsonw_key(w, "byState");
	jsonw_object(w);
	for (int state = 'A'; state <= 'z'; state++) {
		char key[2] = {(char)state, '\0'};

		if (count[state])
			jsonw_kv_uint(w, key, count[state]);
	}
	jsonw_object_end(w);
}

static uint32_t listed_zombies(const struct scene *scene)
{
	uint32_t zombies = 0;

	for (size_t i = 0; i < scene->processes_len; i++)
		zombies += scene->process[i].state == 'Z';
	return zombies;
}

static void write_parents(struct jsonw *w, const struct scene *scene)
{
	jsonw_key(w, "zombies");
	jsonw_array(w);
	for (size_t i = 0; i < scene->parents_len; i++) {
		char name[MASK_NAME_BYTES];

		jsonw_object(w);
		jsonw_kv_int(w, "ppid", scene->parent[i].pid);
		jsonw_kv_string(w, "comm", mask_name(scene->parent[i].comm, name));
		jsonw_kv_uint(w, "count", scene->parent[i].zombies);
		jsonw_object_end(w);
	}
	jsonw_array_end(w);
}

static bool is_odd(const struct scene_process *process)
{
	return process->is_init || process->state == 'D' || process->state == 'Z';
}

void scene_write_processes(struct jsonw *w, const struct scene *scene)
{
	uint64_t threads = 0;
	uint32_t unlisted, listed;
	long ticks = sysconf(_SC_CLK_TCK);

	jsonw_key(w, "processes");
	if (!scene || !scene->has_processes) {
		jsonw_null(w);
		return;
	}
	for (size_t i = 0; i < scene->processes_len; i++)
		threads += scene->process[i].threads;
	/* One in the list may have become a zombie since they were counted. */
	listed = listed_zombies(scene);
	unlisted = scene->zombies > listed ? scene->zombies - listed : 0;
	unlisted += scene->processes_more;
	jsonw_object(w);
	jsonw_kv_uint(w, "count", scene->processes_len + unlisted);
	jsonw_kv_known_int(w, "threads", scene->processes_more == 0, (int64_t)threads);
	write_states(w, scene);
	jsonw_kv_uint(w, "more", unlisted);
	jsonw_key(w, "list");
	jsonw_array(w);
	/* Zombies stand behind the others, as they are found last. */
	for (int rest = 0; rest < 2; rest++)
		for (size_t i = 0; i < scene->processes_len; i++)
			if (is_odd(&scene->process[i]) == !rest)
				write_process(w, scene, i, ticks > 0 ? ticks : 100);
	jsonw_array_end(w);
	write_parents(w, scene);
	jsonw_object_end(w);
}

static const char *mapping_kind_name(enum scene_mapping_kind kind)
{
	switch (kind) {
	case MAPPING_HEAP:
		return "heap";
	case MAPPING_ANON:
		return "anon";
	case MAPPING_STACK:
		return "stack";
	case MAPPING_FILE:
		return "file";
	case MAPPING_SHMEM:
		return "shmem";
	case MAPPING_ARENA:
		return "arena";
	}
	return "anon";
}

static void write_detail(struct jsonw *w, const struct scene_detail *detail)
{
	bool rollup = detail->has_rollup;
	char name[MASK_NAME_BYTES];

	jsonw_object(w);
	jsonw_kv_int(w, "pid", detail->pid);
	jsonw_kv_string(w, "comm", mask_name(detail->comm, name));
	jsonw_kv_known_uint(w, "rss", rollup, detail->rss);
	jsonw_kv_known_uint(w, "pss", rollup, detail->pss);
	jsonw_kv_known_uint(w, "privateDirty", rollup, detail->private_dirty);
	jsonw_kv_known_uint(w, "anonymous", rollup, detail->anonymous);
	jsonw_kv_known_uint(w, "swap", rollup, detail->swap);
	jsonw_kv_known_uint(w, "arenas", detail->has_maps, detail->arenas);
	jsonw_kv_known_uint(w, "arenaBytes", detail->has_maps, detail->arena_bytes);
	jsonw_key(w, "mappings");
	jsonw_array(w);
	for (size_t i = 0; i < detail->mappings_len && i < SCENE_MAPPINGS_MAX; i++) {
		const struct scene_mapping *mapping = &detail->mapping[i];

		jsonw_object(w);
		jsonw_kv_string(w, "kind", mapping_kind_name(mapping->kind));
		jsonw_kv_uint(w, "size", mapping->size);
		jsonw_kv_uint(w, "rss", mapping->rss);
		jsonw_kv_string(w, "name", mapping->name[0] ? mapping->name : NULL);
		jsonw_object_end(w);
	}
	jsonw_array_end(w);
	jsonw_object_end(w);
}

void scene_write_details(struct jsonw *w, const struct scene *scene)
{
	const struct scene_slow *slow = scene ? scene->slow : NULL;

	jsonw_key(w, "details");
	jsonw_array(w);
	for (size_t i = 0; slow && i < slow->details_len && i < SCENE_DETAILS_MAX; i++)
		write_detail(w, &slow->detail[i]);
	jsonw_array_end(w);
}
