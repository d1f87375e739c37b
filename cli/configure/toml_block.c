/* SPDX-License-Identifier: Apache-2.0 */
#include "toml_block.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* With the newline before it: that is part of the block, whether or not the line above ended. */
#define BEGIN "\n# begin of `oomguard configure`"
#define END "# end of `oomguard configure`\n"

char *toml_block_add(const char *text, const char *tables)
{
	char *out;

	return asprintf(&out, "%s" BEGIN "\n%s" END, text, tables) < 0 ? NULL : out;
}

int toml_block_cut(char *text, const char *source, struct error *err)
{
	char *begin = strstr(text, BEGIN), *end;

	if (!begin)
		return 0;
	end = strstr(begin, END);
	if (!end)
		return error_say(err, EINVAL, "%s: the block of oomguard has no end", source);
	end += strlen(END);
	memmove(begin, end, strlen(end) + 1);
	return 0;
}
