/* SPDX-License-Identifier: Apache-2.0 */
#include "engine_name.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "container_name.h"
#include "proc.h"

#define CMDLINE_MAX_BYTES (64 * 1024)

static bool is_conmon(const char *word)
{
	const char *slash = strrchr(word, '/');

	return !strcmp(slash ? slash + 1 : word, "conmon");
}

char *engine_name_podman(int procfd, pid_t runtime)
{
	cleanup_free char *text = malloc(CMDLINE_MAX_BYTES);
	struct proc_stat stat;
	ssize_t len;

	if (!text || proc_stat_read(procfd, runtime, &stat) < 0)
		return NULL;
	len = proc_file_read(procfd, stat.ppid, "cmdline", text, CMDLINE_MAX_BYTES);
	if (len <= 0 || !is_conmon(text))
		return NULL;
	for (const char *word = text, *end = text + len; word < end; word += strlen(word) + 1) {
		const char *next = word + strlen(word) + 1;

		if (!strncmp(word, "--name=", 7))
			return container_name_checked(word + 7);
		if ((!strcmp(word, "-n") || !strcmp(word, "--name")) && next < end)
			return container_name_checked(next);
	}
	return NULL;
}
