/* SPDX-License-Identifier: Apache-2.0 */
/* The list of a scene's processes: filled from cgroup.procs and PID/stat, ordered, completed. */
#pragma once

#include "kill.h"
#include "proc.h"
#include "scene.h"

/* Lists the container's processes until end_us (CLOCK_MONOTONIC), those that are largest and
 * oddest first. No allocation. */
void scene_list(struct scene *scene, const struct kill_target *target, uint64_t end_us);

/* Memory, scores, and what those in D sleep in, in the order of the list, until end_us. None of
 * it waits for a lock of the process. No allocation. */
void scene_fill(struct scene *scene, const struct kill_target *target, uint64_t end_us);

/*
 * Zombies: cgroup.procs does not list them, so they are looked for among the children of those that
 * are listed, until end_us. All are counted by their parents, some are put into the list. Uses
 * target->pids. No allocation.
 */
void scene_zombies(struct scene *scene, const struct kill_target *target, uint64_t end_us);

/* From PID/stat. */
void scene_process_set(struct scene_process *process, const struct proc_stat *stat, pid_t init);
