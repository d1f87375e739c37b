/* SPDX-License-Identifier: Apache-2.0 */
#include "toml_block.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cleanup.h"
#include "hash.h"

/* With the newline before it: that is part of the block, whether or not the line above ended. */
#define BEGIN "\n# begin of `oomguard configure`"
#define END "# end of `oomguard configure`\n"

static char *make_block(const char *tables)
{
	char *out;
	int r = asprintf(&out, BEGIN ", sum %016" PRIx64 "\n%s" END,
			 hash_string(HASH_START, tables), tables);

	return r < 0 ? NULL : out;
}

char *toml_block_add(const char *text, const char *tables)
{
	cleanup_free char *block = make_block(tables);
	char *out;

	return !block || asprintf(&out, "%s%s", text, block) < 0 ? NULL : out;
}

static int is_as_made(const char *begin, const char *end)
{
	const char *tables = strchr(begin + 1, '\n') + 1;
	cleanup_free char *copy = strndup(tables, (size_t)(end - tables) - strlen(END));
	cleanup_free char *made = copy ? make_block(copy) : NULL;

	if (!made)
		return -ENOMEM;
	return strlen(made) == (size_t)(end - begin) && !memcmp(made, begin, strlen(made));
}

int toml_block_cut(char *text, const char *source, bool *edited, struct error *err)
{
	char *begin = strstr(text, BEGIN), *end;

	if (edited)
		*edited = false;
	if (!begin)
		return 0;
	end = strstr(begin, "\n" END);
	if (!end)
		return error_say(err, EINVAL, "%s: the block of oomguard has no end", source);
	end += 1 + strlen(END);
	if (edited) {
		int r = is_as_made(begin, end);

		if (r < 0)
			return error_set(err, -r, "%s: cannot read the block of oomguard", source);
		*edited = !r;
	}
	memmove(begin, end, strlen(end) + 1);
	return 0;
}
