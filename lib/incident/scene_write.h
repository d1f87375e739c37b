/* SPDX-License-Identifier: Apache-2.0 */
/* A scene as members of the record: `memory` is written by incident.c, all else here. */
#pragma once

#include "jsonw.h"
#include "scene.h"

/* The members "evidence", "limits", "host", "pressure", "processes", "details", "kernelReport",
 * "timeline", "settings" and "removedCharge" of the open object; NULL writes nulls. No allocation.
 */
void scene_write(struct jsonw *w, const struct scene *scene);
/* The members of "memory" that a scene knows. */
void scene_write_memory(struct jsonw *w, const struct memcg_usage *usage,
			const struct scene *scene);
/* Parts of scene_write(): the members "processes" and "details". */
void scene_write_processes(struct jsonw *w, const struct scene *scene);
void scene_write_details(struct jsonw *w, const struct scene *scene);
