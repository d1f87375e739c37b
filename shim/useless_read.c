/* SPDX-License-Identifier: Apache-2.0 */
/* The facts of useless.h. */
#include <string.h>

#include "host_memory.h"
#include "useless.h"

/* Free swap of the host, in bytes; 0 when it does not tell. */
static uint64_t host_swap_free(int procfd)
{
	struct host_memory host;

	if (host_memory_read(procfd, &host) < 0 || host.swap_free == HOST_MEMORY_UNKNOWN)
		return 0;
	return host.swap_free;
}

static bool read_level(const struct memcg *memcg, uint64_t swap_free, struct useless_level *out)
{
	struct memcg_usage usage;
	uint64_t room;

	if (memcg_usage_read(memcg, &usage) < 0)
		return false;
	room = usage.swap_limit > usage.swap_usage ? usage.swap_limit - usage.swap_usage : 0;
	*out = (struct useless_level){
	    .held = usage.anon + usage.shmem,
	    .shmem = usage.shmem,
	    .limit = usage.limit,
	    .swap_room = room < swap_free ? room : swap_free,
	};
	return true;
}

void useless_read(const struct memcg *memcg, const struct memcg_ancestors *ancestors, int procfd,
		  const char *runtime, struct useless_facts *out)
{
	uint64_t swap_free = host_swap_free(procfd);
	const char *name = strrchr(runtime, '/');

	*out = (struct useless_facts){.runtime = name ? name + 1 : runtime};
	if (strcmp(out->runtime, "runc") == 0)
		out->init_bytes = USELESS_RUNC_BYTES;
	else if (strcmp(out->runtime, "crun") == 0)
		out->init_bytes = USELESS_CRUN_BYTES;
	out->has_own = read_level(memcg, swap_free, &out->own);
	for (size_t i = 0; i < ancestors->len; i++) {
		struct memcg above = {.version = ancestors->version, .dirfd = ancestors->dirfd[i]};

		/* One that cannot be read is as good as one without a limit. */
		if (!read_level(&above, swap_free, &out->ancestors[i]))
			out->ancestors[i] = (struct useless_level){.limit = MEMCG_NO_LIMIT};
	}
	out->ancestors_len = ancestors->len;
}
