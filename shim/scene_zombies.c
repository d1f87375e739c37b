/* SPDX-License-Identifier: Apache-2.0 */
/* The zombies of a scene. */
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "scene_list.h"

/* Of so many in the list all have been seen. */
#define ZOMBIES_LISTED 64

struct search {
	struct scene *scene;
	const struct kill_target *target;
	size_t listed;	  /* numbers in target->pids, in order */
	uint32_t own;	  /* zombies of the parent at hand */
	uint32_t in_list; /* zombies put into the list */
};

static int compare_pids(const void *a, const void *b)
{
	pid_t x = *(const pid_t *)a, y = *(const pid_t *)b;

	return (x > y) - (x < y);
}

/* The kernel lists them nearly in order, so this is soon done, and it takes no memory. */
static void sort_pids(pid_t *pids, size_t len)
{
	for (size_t i = 1; i < len; i++) {
		pid_t pid = pids[i];
		size_t at = i;

		for (; at > 0 && pids[at - 1] > pid; at--)
			pids[at] = pids[at - 1];
		pids[at] = pid;
	}
}

static void keep(struct search *search, const struct proc_stat *stat)
{
	struct scene *scene = search->scene;

	if (search->in_list == ZOMBIES_LISTED || scene->processes_len == SCENE_PROCESSES_MAX)
		return;
	scene_process_set(&scene->process[scene->processes_len++], stat, search->target->init);
	search->in_list++;
}

static int visit_child(pid_t child, void *context)
{
	struct search *search = context;
	struct proc_stat stat;

	/* Who is listed is no zombie, and was read before. */
	if (bsearch(&child, search->target->pids, search->listed, sizeof(child), compare_pids) ||
	    proc_stat_read(search->target->procfd, child, &stat) < 0 || stat.state != 'Z')
		return 0;
	search->own++;
	keep(search, &stat);
	return 0;
}

/* Those with the most first. */
static void note_parent(struct scene *scene, const struct scene_process *process, uint32_t zombies)
{
	size_t at = scene->parents_len;

	while (at > 0 && scene->parent[at - 1].zombies < zombies)
		at--;
	if (at == SCENE_PARENTS_MAX)
		return;
	if (scene->parents_len < SCENE_PARENTS_MAX)
		scene->parents_len++;
	memmove(&scene->parent[at + 1], &scene->parent[at],
		(scene->parents_len - 1 - at) * sizeof(scene->parent[0]));
	scene->parent[at] = (struct scene_parent){.pid = process->pid, .zombies = zombies};
	memcpy(scene->parent[at].comm, process->comm, sizeof(process->comm));
}

void scene_zombies(struct scene *scene, const struct kill_target *target, uint64_t end_us)
{
	struct search search = {.scene = scene, .target = target, .listed = scene->processes_len};

	if (search.listed > KILL_PIDS_MAX)
		search.listed = KILL_PIDS_MAX;
	for (size_t i = 0; i < search.listed; i++) {
		target->pids[i] = scene->process[i].pid;
		/* The main thread of a process whose other threads live on. */
		scene->zombies += scene->process[i].state == 'Z';
	}
	sort_pids(target->pids, search.listed);
	for (size_t i = 0; i < search.listed; i++) {
		if (clock_us(CLOCK_MONOTONIC) >= end_us) {
			scene->cut |= SCENE_CUT_ZOMBIES;
			return;
		}
		search.own = 0;
		proc_children(target->procfd, scene->process[i].pid, visit_child, &search);
		if (search.own == 0)
			continue;
		scene->zombies += search.own;
		note_parent(scene, &scene->process[i], search.own);
	}
}
