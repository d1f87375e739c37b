/* SPDX-License-Identifier: Apache-2.0 */
#include "container_name.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "json.h"
#include "read_all.h"

#define DAEMON_FILE "etc/docker/daemon.json"
#define DATA_ROOT "/var/lib/docker" /* dockerd(8), --data-root */
#define FILE_MAX_BYTES (1024 * 1024)
#define ID_LEN 64
#define NAME_MAX_BYTES 256

char *container_name_checked(const char *name)
{
	size_t len = strnlen(name, NAME_MAX_BYTES + 1);

	if (len == 0 || len > NAME_MAX_BYTES ||
	    strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-") !=
		len)
		return NULL;
	return strdup(name);
}

static struct json *read_json(int hostfd, const char *path)
{
	/* Go's decoder is as liberal. */
	struct json_limits limits = {
	    .source = path, .max_bytes = FILE_MAX_BYTES, .max_depth = 64, .invalid_utf8 = true};
	cleanup_free char *text = NULL;
	struct json *root = NULL;
	size_t len;

	if (read_all_at(hostfd, path, FILE_MAX_BYTES, &text, &len) < 0 ||
	    json_parse(text, len, &limits, &root, NULL) < 0)
		return NULL;
	return root;
}

char *container_name_docker(int hostfd, const char *id)
{
	cleanup_json struct json *daemon = NULL, *container = NULL;
	cleanup_free char *path = NULL;
	const char *root, *own, *name;

	if (strlen(id) != ID_LEN || strspn(id, "0123456789abcdef") != ID_LEN)
		return NULL;
	daemon = read_json(hostfd, DAEMON_FILE);
	root = json_get_string(daemon, "data-root");
	if (!root || root[0] != '/')
		root = DATA_ROOT;
	if (asprintf(&path, "%s/containers/%s/config.v2.json", root + strspn(root, "/"), id) < 0)
		path = NULL;
	container = path ? read_json(hostfd, path) : NULL;
	own = json_get_string(container, "ID");
	name = json_get_string(container, "Name");
	return own && !strcmp(own, id) && name && name[0] == '/' ? container_name_checked(name + 1)
								 : NULL;
}

void container_name_fill(struct identity *id)
{
	cleanup_close int hostfd = -1;
	char *name;

	if (id->container[0] || strcmp(id->manager, "docker"))
		return;
	hostfd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	name = hostfd >= 0 ? container_name_docker(hostfd, id->id) : NULL;
	if (!name)
		return;
	free(id->container);
	id->container = name;
}
