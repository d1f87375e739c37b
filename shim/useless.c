/* SPDX-License-Identifier: Apache-2.0 */
#include "useless.h"

#include <stdio.h>

#include "units.h"

static uint64_t after(uint64_t bytes, uint64_t taken)
{
	return bytes > taken ? bytes - taken : 0;
}

/* There is no room for another init, whatever is reclaimed and swapped out. */
static bool is_full(const struct useless_level *level, uint64_t init_bytes)
{
	uint64_t stays = after(level->held, level->swap_room);

	return level->limit != MEMCG_NO_LIMIT && after(level->limit, stays) <= init_bytes;
}

static bool outlives(const struct useless_level *own)
{
	uint64_t stays = after(own->shmem, own->swap_room);

	return own->limit != MEMCG_NO_LIMIT &&
	       (unsigned __int128)stays * 100 >=
		   (unsigned __int128)own->limit * USELESS_OUTLIVING_PERCENT;
}

const char *restart_useless(const struct useless_facts *facts, char *buf, size_t cap)
{
	const struct useless_level *own = &facts->own;
	char size[32], limit[32];

	if (facts->has_own && own->limit < facts->init_bytes) {
		snprintf(buf, cap, "a restart is useless: %s's own init needs %s, the limit is %s",
			 facts->runtime, size_text(facts->init_bytes, size, sizeof(size)),
			 size_text(own->limit, limit, sizeof(limit)));
		return buf;
	}
	if (facts->has_own && outlives(own)) {
		snprintf(buf, cap,
			 "a restart is useless: %s in files of tmpfs outlived it, of a limit of %s",
			 size_text(own->shmem, size, sizeof(size)),
			 size_text(own->limit, limit, sizeof(limit)));
		return buf;
	}
	for (size_t i = 0; i < facts->ancestors_len; i++) {
		const struct useless_level *level = &facts->ancestors[i];

		if (!is_full(level, facts->init_bytes))
			continue;
		snprintf(
		    buf, cap,
		    "a restart is useless: without it %s are held %zu level%s above, where the "
		    "limit is %s",
		    size_text(level->held, size, sizeof(size)), i + 1, i ? "s" : "",
		    size_text(level->limit, limit, sizeof(limit)));
		return buf;
	}
	return NULL;
}
