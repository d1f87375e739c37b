/* SPDX-License-Identifier: Apache-2.0 */
#include "blocks.h"

#include <string.h>

#define EIGHTHS 8

/* How many eighths of `steps` the part comes to; one at least where there is anything. */
static unsigned eighths(uint64_t part, uint64_t whole, unsigned steps)
{
	unsigned __int128 all = (unsigned __int128)part * steps * EIGHTHS;
	unsigned __int128 filled = whole ? (all + whole / 2) / whole : 0;

	if (part > 0 && whole > 0 && filled == 0)
		return 1;
	return filled > steps * EIGHTHS ? steps * EIGHTHS : (unsigned)filled;
}

static size_t put(char *buf, size_t cap, size_t used, const char *piece)
{
	size_t len = strlen(piece);

	if (used + len >= cap)
		return used;
	memcpy(buf + used, piece, len + 1);
	return used + len;
}

const char *blocks_bar(uint64_t part, uint64_t whole, unsigned columns, char *buf, size_t cap)
{
	static const char *const ends[] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
	unsigned filled = eighths(part, whole, columns);
	size_t used = 0;

	if (cap == 0)
		return buf;
	buf[0] = '\0';
	for (unsigned i = 0; i < filled / EIGHTHS; i++)
		used = put(buf, cap, used, "█");
	put(buf, cap, used, ends[filled % EIGHTHS]);
	return buf;
}

const char *blocks_row(const uint64_t *values, size_t len, uint64_t top, unsigned row,
		       unsigned rows, char *buf, size_t cap)
{
	static const char *const heights[] = {" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
	unsigned below = (rows - 1 - row) * EIGHTHS;
	size_t used = 0;

	if (cap == 0)
		return buf;
	buf[0] = '\0';
	for (size_t i = 0; i < len; i++) {
		unsigned filled = eighths(values[i], top, rows);

		filled = filled > below ? filled - below : 0;
		used = put(buf, cap, used, heights[filled > EIGHTHS ? EIGHTHS : filled]);
	}
	return buf;
}
