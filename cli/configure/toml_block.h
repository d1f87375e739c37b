/* SPDX-License-Identifier: Apache-2.0 */
/* Our tables in somebody else's TOML file: a block of their own at its end, between two comments.
 */
#pragma once

#include <stdbool.h>

#include "error.h"

/* The file with the block behind it; owned, NULL when memory is out. */
char *toml_block_add(const char *text, const char *tables);

/*
 * Cuts the block out of the text, so that what was there before is there again, byte for byte.
 * Without a block nothing happens. *edited, where it is not NULL, tells whether somebody has
 * changed the block since it was made: its first line has the sum of the others. -EINVAL for a
 * block without an end.
 */
int toml_block_cut(char *text, const char *source, bool *edited, struct error *err);
