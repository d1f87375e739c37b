/* SPDX-License-Identifier: Apache-2.0 */
#include "command.h"

int command_makes_container(const char *const words[], struct runtime_cmd *cmd, struct error *err)
{
	size_t len = 0;
	int r;

	while (words[len])
		len++;
	r = runtime_cmd_parse_words(words, len, cmd, err);
	if (cmd->verb != RUNTIME_CREATE && cmd->verb != RUNTIME_RUN)
		return 0;
	return r < 0 ? r : cmd->id && !cmd->only_says;
}
