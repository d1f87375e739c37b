/* SPDX-License-Identifier: Apache-2.0 */
/* Usage and limits of a memory cgroup: memcg_usage_read() of memcg.h. */
#include "memcg.h"

#include <errno.h>
#include <limits.h>
#include <unistd.h>

/*
 * v1 has no word for "no limit": it shows PAGE_COUNTER_MAX, the largest whole number of pages
 * (9223372036854771712 with pages of 4 KiB), and before 3.19 a larger number still.
 */
static uint64_t limit_v1(int dirfd, const char *file)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE), limit;

	if (cgroup_read_u64(dirfd, file, &limit) < 0 || limit >= LONG_MAX / page * page)
		return MEMCG_NO_LIMIT;
	return limit;
}

static uint64_t number(int dirfd, const char *file)
{
	uint64_t value = 0;

	cgroup_read_u64(dirfd, file, &value);
	return value;
}

static uint64_t stat_value(const char *text, const char *key)
{
	uint64_t value = 0;

	cgroup_text_u64(text, key, &value);
	return value;
}

static void limits_v1(int dirfd, struct memcg_usage *out)
{
	uint64_t memsw_usage, memsw_limit;

	out->limit = limit_v1(dirfd, "memory.limit_in_bytes");
	if (cgroup_read_u64(dirfd, "memory.memsw.usage_in_bytes", &memsw_usage) == 0) {
		out->has_swap_files = true;
		memsw_limit = limit_v1(dirfd, "memory.memsw.limit_in_bytes");
		if (memsw_limit != MEMCG_NO_LIMIT && out->limit <= memsw_limit)
			out->swap_limit = memsw_limit - out->limit;
		/* Two reads at two moments: the difference may come out below zero. */
		out->swap_usage = memsw_usage > out->usage ? memsw_usage - out->usage : 0;
	}
}

static void usage_v1(int dirfd, const char *stat, struct memcg_usage *out)
{
	out->peak = number(dirfd, "memory.max_usage_in_bytes");
	out->anon = stat_value(stat, "total_rss");
	out->file = stat_value(stat, "total_cache");
	out->inactive_file = stat_value(stat, "total_inactive_file");
	out->active_file = stat_value(stat, "total_active_file");
	out->shmem = stat_value(stat, "total_shmem");
	out->progress = stat_value(stat, "total_pgpgin");
	out->major_faults = stat_value(stat, "total_pgmajfault");
	out->kernel = number(dirfd, "memory.kmem.usage_in_bytes");
}

static void limits_v2(int dirfd, struct memcg_usage *out)
{
	if (cgroup_read_u64(dirfd, "memory.max", &out->limit) < 0)
		out->limit = MEMCG_NO_LIMIT;
	out->has_swap_files = cgroup_read_u64(dirfd, "memory.swap.max", &out->swap_limit) == 0;
	if (!out->has_swap_files)
		out->swap_limit = MEMCG_NO_LIMIT;
	out->swap_usage = number(dirfd, "memory.swap.current");
}

static void usage_v2(int dirfd, const char *stat, struct memcg_usage *out)
{
	out->peak = number(dirfd, "memory.peak");
	out->anon = stat_value(stat, "anon");
	out->file = stat_value(stat, "file");
	out->inactive_file = stat_value(stat, "inactive_file");
	out->active_file = stat_value(stat, "active_file");
	out->shmem = stat_value(stat, "shmem");
	out->progress = stat_value(stat, "pgsteal");
	out->major_faults = stat_value(stat, "pgmajfault");
	/* The sum stands in the file since 5.18. */
	if (cgroup_text_u64(stat, "kernel", &out->kernel) < 0)
		out->kernel = stat_value(stat, "kernel_stack") + stat_value(stat, "pagetables") +
			      stat_value(stat, "percpu") + stat_value(stat, "slab");
}

int memcg_limits_read(const struct memcg *memcg, struct memcg_usage *out)
{
	const char *file = memcg->version == CGROUP_V1 ? "memory.usage_in_bytes" : "memory.current";
	int r;

	*out = (struct memcg_usage){.limit = MEMCG_NO_LIMIT, .swap_limit = MEMCG_NO_LIMIT};
	r = cgroup_read_u64(memcg->dirfd, file, &out->usage);
	if (r < 0)
		return r;
	if (memcg->version == CGROUP_V1)
		limits_v1(memcg->dirfd, out);
	else
		limits_v2(memcg->dirfd, out);
	return 0;
}

int memcg_usage_read(const struct memcg *memcg, struct memcg_usage *out)
{
	char stat[8192];
	int r = memcg_limits_read(memcg, out);

	if (r < 0)
		return r;
	cgroup_read(memcg->dirfd, "memory.stat", stat, sizeof(stat));
	if (memcg->version == CGROUP_V1)
		usage_v1(memcg->dirfd, stat, out);
	else
		usage_v2(memcg->dirfd, stat, out);
	return 0;
}
