/* SPDX-License-Identifier: Apache-2.0 */
/* The runtimes that an engine's files name, and the one that it takes where none is asked for. */
#pragma once

#include "engine_reading.h"

#define ENGINE_RUNTIMES_MAX 64

struct engine_runtimes {
	char name[ENGINE_RUNTIMES_MAX][TOML_KEY_MAX];
	size_t len;
	bool more; /* than can be held */
	/* Its default, a name or an absolute path, and the file that says so; "" none does. */
	char chosen[PATH_MAX], file[PATH_MAX];
};

void engine_runtimes_add(struct engine_runtimes *runtimes, const char *name);
/* What a later file says holds. `name` NULL: it cannot be told what it says. */
void engine_runtimes_choose(struct engine_runtimes *runtimes, const char *file, const char *name);

/*
 * Notes a default that leads nowhere, and one that is our wrapper's path. `own`, ended by NULL, are
 * the names that the engine knows by itself.
 */
void engine_runtimes_judge(const struct engine_runtimes *runtimes,
			   const struct engine_reading *reading, const char *engine,
			   const char *const *own);
