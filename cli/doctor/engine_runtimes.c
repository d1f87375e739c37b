/* SPDX-License-Identifier: Apache-2.0 */
#include "engine_runtimes.h"

#include <stdio.h>
#include <string.h>

static bool is_known(const struct engine_runtimes *runtimes, const char *name)
{
	for (size_t i = 0; i < runtimes->len; i++)
		if (!strcmp(runtimes->name[i], name))
			return true;
	return false;
}

void engine_runtimes_add(struct engine_runtimes *runtimes, const char *name)
{
	if (is_known(runtimes, name))
		return;
	/* One that is cut would never be found. */
	if (runtimes->len == ENGINE_RUNTIMES_MAX || strlen(name) >= TOML_KEY_MAX)
		runtimes->more = true;
	else
		strcpy(runtimes->name[runtimes->len++], name);
}

void engine_runtimes_choose(struct engine_runtimes *runtimes, const char *file, const char *name)
{
	snprintf(runtimes->file, sizeof(runtimes->file), "%s", file);
	snprintf(runtimes->chosen, sizeof(runtimes->chosen), "%s", name ? name : "");
}

static bool has_word(const char *const *words, const char *word)
{
	for (; *words; words++)
		if (!strcmp(*words, word))
			return true;
	return false;
}

void engine_runtimes_judge(const struct engine_runtimes *runtimes,
			   const struct engine_reading *reading, const char *engine,
			   const char *const *own)
{
	struct engine_facts *out = reading->out;
	const char *name = runtimes->chosen;
	struct named_file program;

	if (!name[0] || is_known(runtimes, name) || has_word(own, name) || runtimes->more)
		return;
	if (engine_names_wrapper(name) && name[0] == '/') {
		engine_add(reading, engine, runtimes->file, "", name);
		return;
	}
	facts_named_file(reading->root, name, &program);
	if (program.executable || out->lost_len == ENGINES_MAX)
		return;
	out->lost[out->lost_len].engine = engine;
	snprintf(out->lost[out->lost_len].file, PATH_MAX, "%s", runtimes->file);
	snprintf(out->lost[out->lost_len].name, PATH_MAX, "%s", name);
	out->lost_len++;
}
