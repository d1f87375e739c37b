/* SPDX-License-Identifier: Apache-2.0 */
/* What kind of memory filled the limit. Sources: cgroup-v2.rst and cgroup-v1/memory.rst, 5.2. */
#include "verdict_rules.h"

/* Percent of the limit, except where said otherwise. */
#define SHMEM_SHARE 30
#define SHMEM_MOST 50
#define KERNEL_SHARE 30
#define KERNEL_MOST 50
#define SWAP_SHARE 10
#define SWAP_FULL 95	  /* of the container's swap limit */
#define HOST_SWAP_FULL 98 /* of the host's swap */
#define CACHE_SHARE 50	  /* of usage */
#define NEAR 80
#define WORKING_SET_FINE 70
#define HIGH_REACHED 98 /* of memory.high */

/* glibc makes up to 8 arenas per processor; a process without threads has one, and no heap. */
#define ARENAS_MANY 8
#define ARENA_SHARE 20

static bool swap_without_limit(const struct verdict_facts *facts, struct verdict *verdict)
{
	struct figure swap = facts->memory.swap_usage;

	if (!facts->swap_limit.known || facts->swap_limit.n != FIGURE_NO_LIMIT ||
	    !figure_reaches(swap, SWAP_SHARE, facts->own_limit))
		return false;
	verdict->confidence = VERDICT_CERTAIN;
	verdict_add_known(verdict, "in swap", UNIT_BYTES, swap);
	verdict_add(verdict, "swap limit", UNIT_WORD, 0, "none");
	verdict_add_known(verdict, "limit", UNIT_BYTES, facts->own_limit);
	verdict_add_known(verdict, "free swap of the host", UNIT_BYTES, facts->host_swap_free);
	return true;
}

static bool shmem(const struct verdict_facts *facts, struct verdict *verdict)
{
	struct figure size = facts->memory.shmem;

	if (!figure_reaches(size, SHMEM_SHARE, facts->limit))
		return false;
	verdict->confidence =
	    figure_reaches(size, SHMEM_MOST, facts->limit) ? VERDICT_CERTAIN : VERDICT_LIKELY;
	verdict_add_known(verdict, "tmpfs and shared memory", UNIT_BYTES, size);
	verdict_add_known(verdict, "limit", UNIT_BYTES, facts->limit);
	verdict_add_known(verdict, "anonymous memory", UNIT_BYTES, facts->memory.anon);
	return true;
}

static void add_kernel_parts(const struct verdict_memory *memory, struct verdict *verdict)
{
	const struct {
		const char *what;
		struct figure figure;
	} parts[] = {
	    {"slab that can be reclaimed (dentries, inodes)", memory->slab_reclaimable},
	    {"slab that cannot", memory->slab_unreclaimable},
	    {"network buffers", memory->sock},
	    {"page tables", memory->page_tables},
	    {"kernel stacks (threads)", memory->kernel_stack},
	};
	size_t first = 0;

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		if (parts[i].figure.known && parts[i].figure.n > parts[first].figure.n)
			first = i;
	if (figure_is_size(parts[first].figure))
		verdict_add_known(verdict, parts[first].what, UNIT_BYTES, parts[first].figure);
}

/* v2 counts network buffers apart from `kernel`. */
static struct figure all_kernel(const struct verdict_memory *memory)
{
	struct figure parts =
	    figure_sum(figure_sum(memory->slab_reclaimable, memory->slab_unreclaimable),
		       figure_sum(memory->kernel_stack, memory->page_tables));

	return figure_sum(memory->kernel.known ? memory->kernel : parts, memory->sock);
}

static bool kernel_memory(const struct verdict_facts *facts, struct verdict *verdict)
{
	struct figure all = all_kernel(&facts->memory);
	struct figure slab = facts->memory.slab_reclaimable;

	if (!figure_reaches(all, KERNEL_SHARE, facts->limit))
		return false;
	verdict->confidence =
	    figure_reaches(all, KERNEL_MOST, facts->limit) ? VERDICT_CERTAIN : VERDICT_LIKELY;
	/* Below the limit the kernel has not yet tried to take slab back. */
	if (facts->event == VERDICT_OF_NEAR_LIMIT && figure_reaches(slab, 50, all))
		verdict->confidence = VERDICT_POSSIBLE;
	verdict_add_known(verdict, "kernel memory", UNIT_BYTES, all);
	add_kernel_parts(&facts->memory, verdict);
	verdict_add_known(verdict, "limit", UNIT_BYTES, facts->limit);
	return true;
}

static bool glibc_arenas(const struct verdict_facts *facts, struct verdict *verdict)
{
	const struct verdict_detail *worst = NULL;

	for (size_t i = 0; i < facts->details_len; i++) {
		const struct verdict_detail *detail = &facts->details[i];

		if (detail->arenas.known && detail->arenas.n >= ARENAS_MANY &&
		    (!worst || detail->arena_bytes.n > worst->arena_bytes.n))
			worst = detail;
	}
	if (!worst || (worst->arena_bytes.known &&
		       !figure_reaches(worst->arena_bytes, ARENA_SHARE, facts->limit)))
		return false;
	verdict->confidence = worst->arena_bytes.known ? VERDICT_LIKELY : VERDICT_POSSIBLE;
	verdict_add(verdict, "malloc arenas of threads", UNIT_COUNT, worst->arenas.n, "arenas");
	verdict_add(verdict, "process", UNIT_WORD, 0, VERDICT_WHO, worst->comm, worst->pid);
	verdict_add_known(verdict, "resident in them", UNIT_BYTES, worst->arena_bytes);
	verdict_add_known(verdict, "limit", UNIT_BYTES, facts->limit);
	return true;
}

static bool swap_full(const struct verdict_facts *facts, struct verdict *verdict)
{
	struct figure used = facts->memory.swap_usage;
	struct figure host_used = {0};
	bool own, host;

	if (facts->host_swap_total.known && facts->host_swap_free.known &&
	    facts->host_swap_total.n >= facts->host_swap_free.n)
		host_used = FIGURE(facts->host_swap_total.n - facts->host_swap_free.n);
	own = figure_reaches(used, SWAP_FULL, facts->swap_limit);
	host = figure_reaches(host_used, HOST_SWAP_FULL, facts->host_swap_total);
	if (!own && !host)
		return false;
	verdict->confidence = VERDICT_CERTAIN;
	if (own) {
		verdict_add_known(verdict, "in swap", UNIT_BYTES, used);
		verdict_add_known(verdict, "swap limit", UNIT_BYTES, facts->swap_limit);
	}
	if (host) {
		verdict_add_known(verdict, "the host's swap", UNIT_BYTES, facts->host_swap_total);
		verdict_add_known(verdict, "free swap", UNIT_BYTES, facts->host_swap_free);
	}
	return true;
}

bool verdict_held_at_high(const struct verdict_facts *facts)
{
	return facts->event == VERDICT_OF_STALL && facts->thrashing == FACT_YES &&
	       figure_reaches(facts->memory.usage, HIGH_REACHED, facts->high);
}

static bool throttled_by_high(const struct verdict_facts *facts, struct verdict *verdict)
{
	if (!verdict_held_at_high(facts))
		return false;
	verdict->confidence = VERDICT_LIKELY;
	verdict_add_known(verdict, "usage", UNIT_BYTES, facts->memory.usage);
	verdict_add_known(verdict, "memory.high", UNIT_BYTES, facts->high);
	verdict_add_known(verdict, "limit", UNIT_BYTES, facts->own_limit);
	verdict_add_known(verdict, "time all tasks stood still", UNIT_PERCENT,
			  facts->pressure_full_percent);
	return true;
}

static bool thrashing(const struct verdict_facts *facts, struct verdict *verdict)
{
	if (facts->event != VERDICT_OF_STALL || facts->thrashing != FACT_YES ||
	    verdict_held_at_high(facts))
		return false;
	verdict->confidence = VERDICT_LIKELY;
	verdict_add_known(verdict, "time all tasks stood still", UNIT_PERCENT,
			  facts->pressure_full_percent);
	verdict_add_known(verdict, "usage", UNIT_BYTES, facts->memory.usage);
	verdict_add_known(verdict, "limit", UNIT_BYTES, facts->limit);
	verdict_add_known(verdict, "in swap", UNIT_BYTES, facts->memory.swap_usage);
	return true;
}

static struct figure reclaimable(const struct verdict_memory *memory)
{
	if (memory->reclaimable.known)
		return memory->reclaimable;
	if (!memory->inactive_file.known || !memory->active_file.known)
		return (struct figure){0};
	return figure_sum(memory->inactive_file, memory->active_file);
}

static bool page_cache(const struct verdict_facts *facts, struct verdict *verdict)
{
	const struct verdict_memory *memory = &facts->memory;
	struct figure back = reclaimable(memory);
	bool fine = memory->working_set.known && figure_is_size(facts->own_limit) &&
		    !figure_reaches(memory->working_set, WORKING_SET_FINE, facts->own_limit);

	if (!figure_reaches(memory->usage, NEAR, facts->own_limit) ||
	    !figure_reaches(back, CACHE_SHARE, memory->usage))
		return false;
	verdict->confidence =
	    fine && facts->event == VERDICT_OF_NEAR_LIMIT ? VERDICT_CERTAIN : VERDICT_LIKELY;
	verdict_add_known(verdict, "usage", UNIT_BYTES, memory->usage);
	verdict_add_known(verdict, "can be taken back at any time", UNIT_BYTES, back);
	verdict_add_known(verdict, "working set", UNIT_BYTES, memory->working_set);
	verdict_add_known(verdict, "limit", UNIT_BYTES, facts->own_limit);
	return true;
}

static const struct verdict_rule rules[] = {
    {"swap-without-limit", "The container goes to swap instead of hitting a limit", VERDICT_CAUSE,
     swap_without_limit,
     "Set a swap limit (settings.swap in the policy, memory.swap in the container's configuration; "
     "0 for none). Without one the host thrashes and no OOM ever comes.",
     "Swap in use belongs to other containers."},
    {"tmpfs", "Files in memory (tmpfs, /dev/shm) or shared memory fill the limit", VERDICT_CAUSE,
     shmem,
     "They count against the limit, and killing a process does not remove its files. Look for "
     "large "
     "files on tmpfs, in /dev/shm and in emptyDir volumes with medium Memory; give them a size, or "
     "write to disk.",
     "df inside the container shows its tmpfs mounts nearly empty, and ipcs -m no segment."},
    {"kernel-memory", "Kernel memory fills the limit, not the processes' own", VERDICT_CAUSE,
     kernel_memory,
     "Dentries and inodes come from touching very many files, network buffers from sockets nobody "
     "reads, stacks from very many threads, page tables from large mappings. Lower that number; a "
     "larger heap limit does not help.",
     "The sum of anonymous and shared memory is close to the limit."},
    {"glibc-arenas", "glibc's malloc keeps a heap for each of many threads", VERDICT_CAUSE,
     glibc_arenas,
     "Start the service with MALLOC_ARENA_MAX=2 in its environment, or with jemalloc or tcmalloc "
     "(LD_PRELOAD). Memory freed by one thread then serves the others.",
     "With MALLOC_ARENA_MAX=2 it grows as large as before: then the program holds the memory."},
    {"swap-full", "Swap is full: nothing more could be moved out", VERDICT_CAUSE, swap_full,
     "Swap only put the event off. Find what grows; raise the limit or the swap only if the amount "
     "is really needed.",
     "Swap had room when the limit was hit."},
    {"throttled-by-high", "memory.high holds the container: it only reclaims and gets nowhere",
     VERDICT_CAUSE, throttled_by_high,
     "Raise memory.high or remove it. It slows down without end and never kills; memory.max is the "
     "limit that ends things.",
     "Usage is well below memory.high while the tasks stand still."},
    {"thrashing", "The container only moves pages in and out and gets nowhere", VERDICT_CAUSE,
     thrashing,
     "What it touches all the time is larger than its limit. Raise the limit, or make it touch "
     "less.",
     "The tasks wait for a slow disk for other reasons: then pressure stays after raising the "
     "limit."},
    {"page-cache-not-the-cause", "Most of the usage is page cache, which is not the cause",
     VERDICT_NOTE, page_cache,
     "Nothing is to be done about it. The kernel takes page cache back when the memory is needed; "
     "watch the working set instead of usage.",
     "The cache is dirty and its disk too slow to take it, so that the kernel cannot take it "
     "back."},
};

const struct verdict_topic verdict_kinds = VERDICT_TOPIC(rules);
