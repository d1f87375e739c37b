/* SPDX-License-Identifier: Apache-2.0 */
#include "memcg_scene.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

static uint64_t stat_value(const char *text, const char *key)
{
	uint64_t value;

	return cgroup_text_u64(text, key, &value) == 0 ? value : MEMCG_UNKNOWN;
}

static uint64_t number(int dirfd, const char *file)
{
	uint64_t value;

	return cgroup_read_u64(dirfd, file, &value) == 0 ? value : MEMCG_UNKNOWN;
}

int memcg_split_read(const struct memcg *memcg, struct memcg_split *out)
{
	bool v1 = memcg->version == CGROUP_V1;
	char stat[8192];
	ssize_t len = cgroup_read(memcg->dirfd, "memory.stat", stat, sizeof(stat));

	if (len < 0)
		return (int)len;
	*out = (struct memcg_split){
	    .active_file = stat_value(stat, v1 ? "total_active_file" : "active_file"),
	    .mapped_file = stat_value(stat, v1 ? "total_mapped_file" : "file_mapped"),
	    .dirty = stat_value(stat, v1 ? "total_dirty" : "file_dirty"),
	    .writeback = stat_value(stat, v1 ? "total_writeback" : "file_writeback"),
	    .slab_reclaimable = v1 ? MEMCG_UNKNOWN : stat_value(stat, "slab_reclaimable"),
	    .slab_unreclaimable = v1 ? MEMCG_UNKNOWN : stat_value(stat, "slab_unreclaimable"),
	    .kernel_stack = v1 ? MEMCG_UNKNOWN : stat_value(stat, "kernel_stack"),
	    .page_tables = v1 ? MEMCG_UNKNOWN : stat_value(stat, "pagetables"),
	    .sock = v1 ? number(memcg->dirfd, "memory.kmem.tcp.usage_in_bytes")
		       : stat_value(stat, "sock"),
	};
	return 0;
}

static uint64_t known(uint64_t bytes)
{
	return bytes == MEMCG_UNKNOWN ? 0 : bytes;
}

uint64_t memcg_split_reclaimable(const struct memcg_usage *usage, const struct memcg_split *split)
{
	uint64_t cache = usage->inactive_file + usage->active_file;
	uint64_t busy = known(split->dirty) + known(split->writeback);

	return (cache > busy ? cache - busy : 0) + known(split->slab_reclaimable);
}

/* v1 writes a limit that is none as the largest number of whole pages (PAGE_COUNTER_MAX). */
static uint64_t limit_v1(int dirfd, const char *file)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE), limit = number(dirfd, file);

	return limit != MEMCG_UNKNOWN && limit >= LONG_MAX / page * page ? MEMCG_NO_LIMIT : limit;
}

static void level_v1(int dirfd, struct memcg_level *out)
{
	uint64_t memsw = number(dirfd, "memory.memsw.usage_in_bytes"), under_oom = 0;
	char text[256];

	out->limit = limit_v1(dirfd, "memory.limit_in_bytes");
	out->swap_limit = limit_v1(dirfd, "memory.memsw.limit_in_bytes");
	if (memsw != MEMCG_UNKNOWN)
		memsw = memsw > out->usage ? memsw - out->usage : 0;
	out->swap_usage = memsw;
	out->high = MEMCG_UNKNOWN;
	out->failcnt = number(dirfd, "memory.failcnt");
	out->has_under_oom = cgroup_read(dirfd, "memory.oom_control", text, sizeof(text)) > 0 &&
			     cgroup_text_u64(text, "under_oom", &under_oom) == 0;
	out->under_oom = under_oom == 1;
}

static void level_v2(int dirfd, struct memcg_level *out)
{
	char text[512];

	out->limit = number(dirfd, "memory.max");
	out->swap_limit = number(dirfd, "memory.swap.max");
	out->swap_usage = number(dirfd, "memory.swap.current");
	out->high = number(dirfd, "memory.high");
	out->failcnt = MEMCG_UNKNOWN;
	/* The hierarchical file counts what failed below, too; .local came with 5.2. */
	if (cgroup_read(dirfd, "memory.events.local", text, sizeof(text)) > 0 ||
	    cgroup_read(dirfd, "memory.events", text, sizeof(text)) > 0)
		out->failcnt = stat_value(text, "max");
}

static bool level_read(enum cgroup_version version, int dirfd, struct memcg_level *out)
{
	bool v1 = version == CGROUP_V1;

	*out = (struct memcg_level){0};
	if (cgroup_read_u64(dirfd, v1 ? "memory.usage_in_bytes" : "memory.current", &out->usage) <
	    0)
		return false;
	if (v1)
		level_v1(dirfd, out);
	else
		level_v2(dirfd, out);
	return true;
}

size_t memcg_levels_read(const struct memcg *memcg, const struct memcg_ancestors *ancestors,
			 struct memcg_level out[static MEMCG_LEVELS_MAX])
{
	size_t len = 0;

	if (!level_read(memcg->version, memcg->dirfd, &out[len]))
		return 0;
	len++;
	for (size_t i = 0; i < ancestors->len && len < MEMCG_LEVELS_MAX; i++) {
		if (!level_read(ancestors->version, ancestors->dirfd[i], &out[len]))
			break;
		len++;
	}
	return len;
}
