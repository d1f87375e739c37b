/* SPDX-License-Identifier: Apache-2.0 */
/* Where engines can name us. docker's daemon.json here, the others in files of their own. */
#include <stdio.h>
#include <string.h>

#include "cleanup.h"
#include "engine_files.h"

/* daemon.json, "runtimes": {NAME: {"path", "runtimeArgs"}}. */
static void read_docker(const struct engine_reading *reading)
{
	static const char file[] = "/etc/docker/daemon.json";
	cleanup_json struct json *json = engine_read_json(reading, "docker", file);
	const struct json *runtimes = json_get_typed(json, "runtimes", JSON_OBJECT);

	for (size_t i = 0; runtimes && i < runtimes->object.len; i++) {
		const struct json_member *member = &runtimes->object.members[i];
		const char *path = json_get_string(member->value, "path");

		if (engine_names_wrapper(path))
			engine_add(reading, "docker", file, member->key, path);
	}
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
	read_docker(&reading);
	facts_containerd(&reading);
	facts_crio(&reading);
}
