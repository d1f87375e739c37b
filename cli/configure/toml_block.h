/* SPDX-License-Identifier: Apache-2.0 */
/* Our tables in somebody else's TOML file: a block of their own at its end, between two comments.
 */
#pragma once

#include "error.h"

/* The file with the block behind it; owned, NULL when memory is out. */
char *toml_block_add(const char *text, const char *tables);

/*
 * Cuts the block out of the text, so that what was there before is there again, byte for byte.
 * Without a block nothing happens. -EINVAL for a block without an end.
 */
int toml_block_cut(char *text, const char *source, struct error *err);
