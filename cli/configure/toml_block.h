/* SPDX-License-Identifier: Apache-2.0 */
/* Our tables in somebody else's TOML file: a block of their own at its end, between two comments.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "error.h"

/* Where the block is: from `begin` to before `end`, which are the same where there is none. */
struct toml_block {
	size_t begin, end;
	bool edited; /* somebody has changed it: its first line has the sum of the others */
};

/* The file with the block behind it; owned, NULL when memory is out. */
char *toml_block_add(const char *text, const char *tables);

/* -EINVAL for a block without an end. `source` is for messages. */
int toml_block_find(const char *text, const char *source, struct toml_block *out,
		    struct error *err);

/*
 * Cuts the block out of the text, so that what was there before is there again, byte for byte. One
 * byte is more where text was put behind the block since, and the line before it has no end.
 */
void toml_block_cut(char *text, const struct toml_block *block);

/* Puts blanks in the block's place: the other lines keep their numbers. */
void toml_block_blank(char *text, const struct toml_block *block);
