/* SPDX-License-Identifier: Apache-2.0 */
#include "command.h"

#include <stdlib.h>
#include <string.h>

#include "cleanup.h"

/* As /proc/PID/cmdline has it; NULL when memory is out. */
static char *joined(const char *runtime, char *const rest[], size_t *len)
{
	size_t n = strlen(runtime) + 1;
	char *text;

	for (size_t i = 0; rest[i]; i++)
		n += strlen(rest[i]) + 1;
	text = malloc(n);
	if (!text)
		return NULL;
	*len = strlen(runtime) + 1;
	memcpy(text, runtime, *len);
	for (size_t i = 0; rest[i]; i++) {
		memcpy(text + *len, rest[i], strlen(rest[i]) + 1);
		*len += strlen(rest[i]) + 1;
	}
	return text;
}

bool command_makes_container(const char *runtime, char *const rest[], struct runtime_cmd *cmd)
{
	size_t len = 0;
	cleanup_free char *text = joined(runtime, rest, &len);

	return text && runtime_cmd_parse(text, len, cmd, NULL) == 0 &&
	       (cmd->verb == RUNTIME_CREATE || cmd->verb == RUNTIME_RUN);
}
