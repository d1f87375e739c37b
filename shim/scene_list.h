/* SPDX-License-Identifier: Apache-2.0 */
/* The list of a scene's processes: filled from cgroup.procs and PID/stat, ordered, completed. */
#pragma once

#include "kill.h"
#include "scene.h"

/* Lists the container's processes until end_us (CLOCK_MONOTONIC), those that are largest and
 * oddest first. No allocation. */
void scene_list(struct scene *scene, const struct kill_target *target, uint64_t end_us);
