/* SPDX-License-Identifier: Apache-2.0 */
/* Where engines can name us. docker's daemon.json here, the others in files of their own. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "engine_runtimes.h"

#define POLICY_OPTION "--oomguard-policy" /* of the wrapper */

/* Without an entry docker takes the name of a shim of containerd (its names have dots), or a path.
 */
static void judge_docker(const struct engine_reading *reading, struct engine_runtimes *runtimes)
{
	static const char *const own[] = {"runc", NULL};

	if (!strchr(runtimes->chosen, '.'))
		engine_runtimes_judge(runtimes, reading, "docker", own);
}

static void add_wrapper(const struct engine_reading *reading, const char *file,
			const struct json_member *member, const char *path)
{
	const struct json *args = json_get_typed(member->value, "runtimeArgs", JSON_ARRAY);
	struct registration *item = engine_add(reading, "docker", file, member->key, path);

	for (size_t i = 0; item && args && i < args->array.len; i++)
		item->own_policy |=
		    args->array.items[i]->type == JSON_STRING &&
		    !strncmp(args->array.items[i]->text, POLICY_OPTION, strlen(POLICY_OPTION));
}

/* daemon.json, "default-runtime" and "runtimes": {NAME: {"path", "runtimeArgs"}}. */
static void read_docker(const struct engine_reading *reading)
{
	static const char file[] = "/etc/docker/daemon.json";
	cleanup_json struct json *json = engine_read_json(reading, "docker", file);
	const struct json *runtimes = json_get_typed(json, "runtimes", JSON_OBJECT);
	cleanup_free struct engine_runtimes *all = calloc(1, sizeof(*all));

	if (!all)
		return;
	for (size_t i = 0; runtimes && i < runtimes->object.len; i++) {
		const struct json_member *member = &runtimes->object.members[i];
		const char *path = json_get_string(member->value, "path");

		engine_runtimes_add(all, member->key);
		if (engine_names_wrapper(path))
			add_wrapper(reading, file, member, path);
	}
	engine_runtimes_choose(all, file, json_get_string(json, "default-runtime"));
	judge_docker(reading, all);
}

static void find_engines(const struct engine_reading *reading)
{
	static const char *const names[] = {"podman", "dockerd", "containerd", "crio"};
	static const char *const folders[] = {"/usr/local/sbin", "/usr/local/bin", "/usr/sbin",
					      "/usr/bin"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		for (size_t j = 0; j < sizeof(folders) / sizeof(folders[0]); j++) {
			struct named_file file;
			char path[64];

			snprintf(path, sizeof(path), "%s/%s", folders[j], names[i]);
			facts_named_file(reading->root, path, &file);
			if (!file.executable)
				continue;
			reading->out->installed[reading->out->installed_len].name = names[i];
			snprintf(reading->out->installed[reading->out->installed_len++].path,
				 PATH_MAX, "%s", path);
			break;
		}
	}
}

void facts_engines(const char *root, struct engine_facts *out)
{
	const struct engine_reading reading = {.root = root, .out = out};

	*out = (struct engine_facts){0};
	find_engines(&reading);
	facts_hooks_d(&reading);
	facts_podman(&reading);
	read_docker(&reading);
	facts_containerd(&reading);
	facts_crio(&reading);
}
