/* SPDX-License-Identifier: Apache-2.0 */
#include "verdict_oomlog.h"

#include <string.h>

#define KIB 1024ULL
#define ROUNDING (256 * 1024) /* the kernel counts in batches on each processor */
/* What page_counter and res_counter print for "none", less what rounding may take off. */
#define NO_LIMIT_KB 9007199254736896ULL

static struct figure size_of(bool known, uint64_t kb)
{
	return known && kb <= UINT64_MAX / KIB ? FIGURE(kb * KIB) : (struct figure){0};
}

static struct figure limit_of(const struct oomlog_usage *usage)
{
	if (usage->known && usage->limit_kb >= NO_LIMIT_KB)
		return FIGURE(FIGURE_NO_LIMIT);
	return size_of(usage->known, usage->limit_kb);
}

/*
 * The container's own cgroup is the one that bears its id, or the victim's. A limit above it is its
 * pod's, a slice's; where neither id nor victim is known, nobody can tell.
 */
static enum verdict_whose whose_limit(const struct oomlog_report *report)
{
	switch (report->constraint) {
	case OOMLOG_GLOBAL:
		return WHOSE_HOST;
	case OOMLOG_CPUSET_NODES:
	case OOMLOG_MEMPOLICY:
		return WHOSE_NODES;
	case OOMLOG_UNKNOWN:
		return WHOSE_UNKNOWN;
	case OOMLOG_MEMCG:
		break;
	}
	if (!report->oom_cgroup[0])
		return WHOSE_UNKNOWN;
	if (report->container_id[0])
		return strstr(report->oom_cgroup, report->container_id) ? WHOSE_OWN
									: WHOSE_ANCESTOR;
	if (report->task_cgroup[0])
		return strcmp(report->task_cgroup, report->oom_cgroup) ? WHOSE_ANCESTOR : WHOSE_OWN;
	return WHOSE_UNKNOWN;
}

static struct figure stat_of(const struct oomlog_report *report, enum oomlog_stat stat)
{
	return report->has_stat[stat] ? FIGURE(report->stat[stat]) : (struct figure){0};
}

/* In v1 a cgroup with children shows its own figures only, and they are all zero. */
static bool has_stats(const struct oomlog_report *report)
{
	for (size_t i = 0; i < OOMLOG_STATS_COUNT; i++)
		if (report->has_stat[i] && report->stat[i] > 0)
			return true;
	return false;
}

static void read_memory(const struct oomlog_report *report, struct verdict_memory *memory)
{
	memory->usage = size_of(report->memory.known, report->memory.usage_kb);
	memory->swap_usage = size_of(report->swap.known, report->swap.usage_kb);
	if (!has_stats(report))
		return;
	memory->anon = stat_of(report, OOMLOG_STAT_ANON);
	memory->file = stat_of(report, OOMLOG_STAT_FILE);
	memory->shmem = stat_of(report, OOMLOG_STAT_SHMEM);
	memory->kernel = stat_of(report, OOMLOG_STAT_KERNEL);
	memory->kernel_stack = stat_of(report, OOMLOG_STAT_KERNEL_STACK);
	memory->page_tables = stat_of(report, OOMLOG_STAT_PAGETABLES);
	memory->sock = stat_of(report, OOMLOG_STAT_SOCK);
	memory->slab_reclaimable = stat_of(report, OOMLOG_STAT_SLAB_RECLAIMABLE);
	memory->slab_unreclaimable = stat_of(report, OOMLOG_STAT_SLAB_UNRECLAIMABLE);
	memory->inactive_file = stat_of(report, OOMLOG_STAT_INACTIVE_FILE);
	memory->active_file = stat_of(report, OOMLOG_STAT_ACTIVE_FILE);
	if (!memory->swap_usage.known)
		memory->swap_usage = stat_of(report, OOMLOG_STAT_SWAP);
}

/* v2 counts swap on its own; v1 memory and swap together, 0 where swap accounting is off. */
static struct figure swap_limit(const struct oomlog_report *report)
{
	const struct oomlog_usage *both = &report->memsw;

	if (report->swap.known)
		return limit_of(&report->swap);
	if (!both->known || !report->memory.known || both->usage_kb < report->memory.usage_kb)
		return (struct figure){0};
	if (both->limit_kb >= NO_LIMIT_KB)
		return FIGURE(FIGURE_NO_LIMIT);
	return size_of(both->limit_kb >= report->memory.limit_kb,
		       both->limit_kb - report->memory.limit_kb);
}

/*
 * A row's rss counts pages of files too, which may be charged to another cgroup or to nobody. More
 * than the cgroup is charged with says nothing of what the process was charged for.
 */
static struct figure rss_of(const struct oomlog_report *report, const struct oomlog_task *task)
{
	uint64_t kb = task->rss_pages * report->page_kb;

	if (!report->page_kb || task->rss_pages > UINT64_MAX / KIB / report->page_kb)
		return (struct figure){0};
	if (report->memory.known && kb > report->memory.usage_kb)
		return (struct figure){0};
	if (has_stats(report) && report->has_stat[OOMLOG_STAT_ANON] &&
	    report->has_stat[OOMLOG_STAT_FILE] &&
	    kb * KIB > report->stat[OOMLOG_STAT_ANON] + report->stat[OOMLOG_STAT_FILE] + ROUNDING)
		return (struct figure){0};
	return FIGURE(kb * KIB);
}

static const struct oomlog_victim *victim_of(const struct oomlog_report *report, int32_t pid)
{
	for (size_t i = 0; i < report->victims_len; i++)
		if (report->victims[i].pid == pid)
			return &report->victims[i];
	return NULL;
}

static void read_processes(const struct oomlog_report *report, struct verdict_log *out)
{
	for (size_t i = 0; i < report->top_len; i++) {
		const struct oomlog_task *task = &report->top[i];
		const struct oomlog_victim *victim = victim_of(report, task->pid);
		struct verdict_process *process = &out->processes[i];

		*process = (struct verdict_process){
		    .pid = task->pid,
		    .comm = task->name,
		    .rss = rss_of(report, task),
		    .has_score = task->has_score,
		    .oom_score_adj = task->oom_score_adj,
		};
		if (!victim)
			continue;
		/* Its kill line tells the parts. */
		process->anon = size_of(victim->has_anon_rss, victim->anon_rss_kb);
		process->shmem = size_of(victim->has_shmem_rss, victim->shmem_rss_kb);
	}
	out->facts.processes = out->processes;
	out->facts.processes_len = report->top_len;
	if (report->table_whole)
		out->facts.processes_more = FIGURE(report->tasks - report->top_len);
}

static void read_victims(const struct oomlog_report *report, struct verdict_log *out)
{
	size_t len =
	    report->victims_len < VERDICT_LOG_VICTIMS ? report->victims_len : VERDICT_LOG_VICTIMS;

	for (size_t i = 0; i < len; i++) {
		const struct oomlog_victim *victim = &report->victims[i];

		/* Without its files: those may be others' too. */
		out->victims[i] = (struct verdict_victim){
		    .pid = victim->pid,
		    .comm = victim->comm,
		    .rss =
			size_of(victim->has_anon_rss, victim->anon_rss_kb + victim->shmem_rss_kb),
		    .has_score = victim->has_score,
		    .oom_score_adj = victim->oom_score_adj,
		};
	}
	out->facts.victims = out->victims;
	out->facts.victims_len = len;
}

void verdict_log_read(const struct oomlog_report *report, struct verdict_log *out)
{
	struct verdict_facts *facts = &out->facts;

	*out = (struct verdict_log){0};
	facts->event = VERDICT_OF_OOM;
	facts->whose = whose_limit(report);
	facts->hit_cgroup = report->oom_cgroup[0] ? report->oom_cgroup : NULL;
	if (report->constraint == OOMLOG_MEMCG)
		facts->limit = limit_of(&report->memory);
	if (facts->whose == WHOSE_OWN) {
		facts->own_limit = facts->limit;
		facts->swap_limit = swap_limit(report);
	}
	read_memory(report, &facts->memory);
	facts->host_swap_total = size_of(report->has_swap_total, report->swap_total_kb);
	facts->host_swap_free = size_of(report->has_swap_free, report->swap_free_kb);
	read_processes(report, out);
	read_victims(report, out);
	if (report->no_victim)
		facts->nothing_killable = FACT_YES;
	if (report->oom_group)
		facts->group_kill = FACT_YES;
}
