/* SPDX-License-Identifier: Apache-2.0 */
#include "scene_read.h"

#include <stddef.h>
#include <string.h>

#include "cgroup.h"
#include "clock.h"
#include "guard.h"
#include "scene_list.h"

/* A child that got nowhere for so long hangs on its process, or is kept from running by others:
 * before the action a quarter of the budget, at most as long as after it. */
#define STUCK_SHARE 4
#define STUCK_AFTER_US 1000000

void scene_begin(struct guard *guard)
{
	struct scene *scene = &guard->scene;

	/* The lists behind it count from 0, and are not touched where nothing is read. */
	memset(scene, 0, offsetof(struct scene, wchan));
	scene->budget_ms = guard->profile->evidence.budget_ms;
	scene->event_ms = guard->incident.start_us / 1000;
	scene->cgroup = guard->memcg.path;
	scene->hit = scene->oom_killer_off = scene->oom_group = -1;
	scene->timeline = &guard->timeline;
	guard->incident.scene = scene;
}

static void read_settings(const struct memcg *memcg, struct scene *scene)
{
	uint64_t value;
	char text[256];

	if (memcg->version == CGROUP_V2) {
		if (cgroup_read_u64(memcg->dirfd, "memory.oom.group", &value) == 0)
			scene->oom_group = value != 0;
	} else if (cgroup_read(memcg->dirfd, "memory.oom_control", text, sizeof(text)) > 0 &&
		   cgroup_text_u64(text, "oom_kill_disable", &value) == 0) {
		scene->oom_killer_off = value != 0;
	}
}

/* Where the memory is: gone with the first process that is killed. */
static void read_cgroup(struct guard *guard)
{
	struct scene *scene = &guard->scene;

	if (guard->incident.usage.usage == 0)
		memcg_usage_read(&guard->memcg, &guard->incident.usage);
	scene->has_split = memcg_split_read(&guard->memcg, &scene->split) == 0;
	scene->levels_len =
	    memcg_levels_read(&guard->memcg, &guard->evidence.ancestors, scene->level);
	read_settings(&guard->memcg, scene);
}

static void read_surroundings(struct guard *guard)
{
	struct scene *scene = &guard->scene;

	scene->has_pressure = memcg_pressure_all(&guard->memcg, &scene->pressure) == 0;
	scene->has_host = host_memory_read(guard->procfd, &scene->host) == 0;
}

/*
 * The list by what the kernel tells without waiting, and beside it, in a child, what it may not
 * tell at all.
 */
static void read_processes(struct guard *guard, uint64_t list_us, uint64_t end_us)
{
	struct scene *scene = &guard->scene;

	scene_list(scene, &guard->target, list_us);
	slow_start(&guard->slow, scene);
	scene_fill(scene, &guard->target, end_us);
}

/* The zombies come last into the list: the child goes by the places in it. */
static void read_rest(struct guard *guard, uint64_t end_us, uint64_t stuck_us)
{
	struct scene *scene = &guard->scene;

	read_surroundings(guard);
	slow_finish(&guard->slow, scene, end_us, stuck_us);
	scene_zombies(scene, &guard->target, end_us);
}

void scene_before(struct guard *guard)
{
	struct scene *scene = &guard->scene;
	uint64_t from_us = clock_us(CLOCK_MONOTONIC);
	uint64_t budget_us = scene->budget_ms * 1000, start_us = guard->incident.start_us;

	if (budget_us == 0)
		return;
	scene->was_read = true;
	read_cgroup(guard);
	read_processes(guard, start_us + budget_us / 2, start_us + budget_us / 8 * 5);
	scene->delay_us += clock_us(CLOCK_MONOTONIC) - from_us;
}

void scene_settle(struct guard *guard)
{
	struct scene *scene = &guard->scene;
	uint64_t from_us = clock_us(CLOCK_MONOTONIC);
	uint64_t stuck_us = scene->budget_ms * 1000 / STUCK_SHARE;

	if (!scene->was_read || scene->settled)
		return;
	scene->settled = true;
	if (stuck_us > STUCK_AFTER_US)
		stuck_us = STUCK_AFTER_US;
	/* The last quarter is for the kernel's log, which may say what is to be done. */
	read_rest(guard, guard->incident.start_us + scene->budget_ms * 750, stuck_us);
	scene->delay_us += clock_us(CLOCK_MONOTONIC) - from_us;
}

void scene_after(struct guard *guard, bool killed)
{
	struct scene *scene = &guard->scene;
	uint64_t from_us = clock_us(CLOCK_MONOTONIC), end_us = from_us + SCENE_AFTER_MS * 1000;

	if (!scene->was_read) {
		scene->cut |= SCENE_CUT_MEMORY;
		scene->was_read = scene->settled = true;
		read_cgroup(guard);
		if (killed) {
			scene->cut |= SCENE_CUT_PROCESSES;
			read_surroundings(guard);
		} else {
			read_processes(guard, end_us, end_us);
			read_rest(guard, end_us, STUCK_AFTER_US);
		}
		scene->took_us = clock_us(CLOCK_MONOTONIC) - from_us;
	}
	if (scene->took_us < scene->delay_us)
		scene->took_us = scene->delay_us;
}

/* How many components `top` is above `path`; -1 when it is not above it. */
static int levels_up(const char *path, const char *top)
{
	size_t len = strlen(top);
	int up = 0;

	if (!len || strncmp(path, top, len) != 0 || (path[len] && path[len] != '/'))
		return -1;
	for (const char *at = path + len; *at; at++)
		up += *at == '/';
	return up;
}

void scene_note_hit(struct guard *guard, enum limit_owner owner)
{
	const char *named = guard->incident.limit_cgroup;
	int ancestor;

	if (owner != LIMIT_OF_CONTAINER && owner != LIMIT_OF_ANCESTOR)
		return;
	if (named[0]) {
		/* A cgroup below the container is none of the chain. */
		guard->scene.hit = levels_up(guard->memcg.path, named);
	} else if (owner == LIMIT_OF_CONTAINER) {
		guard->scene.hit = 0;
	} else {
		ancestor = memcg_ancestors_hit(&guard->evidence.ancestors);
		guard->scene.hit = ancestor < 0 ? -1 : ancestor + 1;
	}
}

void scene_note_removed(struct guard *guard)
{
	struct scene *scene = &guard->scene;
	struct memcg_usage usage;

	if (memcg_usage_read(&guard->memcg, &usage) < 0)
		return;
	scene->has_removed = true;
	scene->removed_shmem = usage.shmem;
	/* Both hierarchies count shared memory as file pages, too. */
	scene->removed_file = usage.file > usage.shmem ? usage.file - usage.shmem : 0;
}
