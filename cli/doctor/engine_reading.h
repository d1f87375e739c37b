/* SPDX-License-Identifier: Apache-2.0 */
/* Reading the files in which engines can name us, each engine's in a file of its own. */
#pragma once

#include "facts.h"
#include "toml.h"

struct engine_reading {
	const char *root; /* put in front of every file's name */
	struct engine_facts *out;
};

/* Owned; NULL: it is not there, or cannot be read, which is noted. `file` is without the root. */
char *engine_read_text(const struct engine_reading *reading, const char *engine, const char *file);
/* The same for JSON. */
struct json *engine_read_json(const struct engine_reading *reading, const char *engine,
			      const char *file);
/* The same for TOML: every entry is shown to `visit`. */
void engine_read_toml(const struct engine_reading *reading, const char *engine, const char *file,
		      toml_visit *visit, void *context);
void engine_unreadable(const struct engine_reading *reading, const char *engine, const char *file,
		       const char *why);

/* Calls visit for each file that fits, named without the root, in lexical order. */
void engine_each_file(const struct engine_reading *reading, const char *pattern,
		      void (*visit)(void *context, const char *file), void *context);

/* Adds one; NULL: there is no more room. */
struct registration *engine_add(const struct engine_reading *reading, const char *engine,
				const char *file, const char *name, const char *program);

/* Is it a path of our wrapper? NULL is none. */
bool engine_names_wrapper(const char *path);
/* The runtime that this path of our wrapper stands for; NULL: it is no such path. */
const char *engine_wrapped(const char *path);
/* Is it an entry of our hook? NULL is none. */
bool engine_names_hook(const struct json *hook);

/* Key n from the end; "" where there are fewer. */
const char *engine_key(const struct toml_path *path, size_t n);

/* Each fills reading->out with what is its own. */
void facts_hooks_d(const struct engine_reading *reading);
void facts_podman(const struct engine_reading *reading);
void facts_containerd(const struct engine_reading *reading);
void facts_crio(const struct engine_reading *reading);
/* The hooks of ours in a base_runtime_spec that `file` of containerd names. */
void facts_base_spec(const struct engine_reading *reading, const char *file, const char *spec);
