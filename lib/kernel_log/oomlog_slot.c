/* SPDX-License-Identifier: Apache-2.0 */
#include "oomlog_slot.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void slot_begin(struct oomlog_slot *slot, uint64_t line)
{
	struct oomlog_row *rows = slot->rows;
	struct oomlog_victim *victims = slot->victims;
	size_t rows_cap = slot->rows_cap, victims_cap = slot->victims_cap;

	*slot = (struct oomlog_slot){.open = true,
				     .rows = rows,
				     .rows_cap = rows_cap,
				     .victims = victims,
				     .victims_cap = victims_cap};
	slot->report.line = line;
}

void slot_free(struct oomlog_slot *slot)
{
	free(slot->rows);
	free(slot->victims);
}

/* Room for one more of `size` bytes, `most` at all. False: no room. */
static bool grow(void **items, size_t len, size_t *cap, size_t most, size_t size)
{
	size_t wanted = *cap ? *cap * 2 : 64;
	void *grown;

	if (len < *cap)
		return true;
	if (wanted > most)
		wanted = most;
	if (len >= wanted)
		return false;
	grown = realloc(*items, wanted * size);
	if (!grown)
		return false;
	*items = grown;
	*cap = wanted;
	return true;
}

static void copy(char *to, size_t cap, const char *from)
{
	if (!to[0])
		snprintf(to, cap, "%s", from);
}

static void add_invoked(struct oomlog_slot *slot, const struct oomlog_line *line)
{
	struct oomlog_report *report = &slot->report;

	report->has_invoker = true;
	copy(report->invoker_comm, sizeof(report->invoker_comm), line->comm);
	copy(report->gfp_mask, sizeof(report->gfp_mask), line->text);
	report->has_invoker_order = line->has_order;
	report->invoker_order = line->order;
	report->has_invoker_score = line->has_score;
	report->invoker_oom_score_adj = line->oom_score_adj;
	slot->new_style = line->new_style;
	slot->ancient = line->ancient;
}

static void add_cpu(struct oomlog_slot *slot, const struct oomlog_line *line)
{
	struct oomlog_report *report = &slot->report;

	slot->has_cpu = true;
	slot->new_style = slot->new_style || line->new_style;
	report->has_invoker_pid = true;
	report->invoker_pid = line->pid;
	/* This line says the name itself, where the other one may have had something in front. */
	if (line->comm[0])
		snprintf(report->invoker_comm, sizeof(report->invoker_comm), "%s", line->comm);
	copy(report->kernel, sizeof(report->kernel), line->text);
}

static void add_task_in(struct oomlog_slot *slot, const struct oomlog_line *line)
{
	slot->says_memcg = true;
	copy(slot->report.oom_cgroup, sizeof(slot->report.oom_cgroup), line->kill.oom_cgroup);
	copy(slot->report.task_cgroup, sizeof(slot->report.task_cgroup), line->kill.task_cgroup);
}

static void add_usage(struct oomlog_slot *slot, const struct oomlog_line *line)
{
	struct oomlog_usage *const all[] = {
	    [OOMLOG_MEMORY] = &slot->report.memory,
	    [OOMLOG_MEMSW] = &slot->report.memsw,
	    [OOMLOG_SWAP] = &slot->report.swap,
	    [OOMLOG_KMEM] = &slot->report.kmem,
	};

	slot->says_memcg = true;
	if (!all[line->counter]->known)
		*all[line->counter] = line->usage;
}

static void add_stats(struct oomlog_slot *slot, const struct oomlog_line *line)
{
	slot->says_memcg = true;
	slot->has_stats = true;
	slot->in_stats = !slot->report.oom_cgroup[0] || !line->cgroup[0] ||
			 !strcmp(slot->report.oom_cgroup, line->cgroup);
	copy(slot->report.oom_cgroup, sizeof(slot->report.oom_cgroup), line->cgroup);
	slot_add_stats(&slot->report, line->rest);
}

static void add_host(struct oomlog_report *report, struct span text)
{
	bool free_swap = span_skip(&text, "Free swap "), total = span_skip(&text, "Total swap ");
	uint64_t kb;

	while (span_skip(&text, " ") || span_skip(&text, "="))
		;
	if (!span_skip_number(&text, &kb) || !span_starts(text, "kB"))
		return;
	if (free_swap && !report->has_swap_free) {
		report->has_swap_free = true;
		report->swap_free_kb = kb;
	} else if (total && !report->has_swap_total) {
		report->has_swap_total = true;
		report->swap_total_kb = kb;
	}
}

static void add_to_top(struct oomlog_report *report, const struct oomlog_line *line)
{
	size_t at = report->top_len;
	struct oomlog_task *task;

	while (at > 0 && report->top[at - 1].rss_pages < line->rss)
		at--;
	if (at == OOMLOG_TOP)
		return;
	if (report->top_len < OOMLOG_TOP)
		report->top_len++;
	memmove(&report->top[at + 1], &report->top[at],
		(report->top_len - 1 - at) * sizeof(report->top[0]));
	task = &report->top[at];
	*task = (struct oomlog_task){.pid = line->pid,
				     .rss_pages = line->rss,
				     .has_score = line->has_score,
				     .oom_score_adj = line->oom_score_adj};
	snprintf(task->name, sizeof(task->name), "%s", line->comm);
}

static void add_row(struct oomlog_slot *slot, const struct oomlog_line *line)
{
	/* Cut off before its size. */
	if (!line->columns)
		return;
	slot->report.has_table = true;
	slot->report.tasks++;
	slot->killable += !line->has_score || line->oom_score_adj != -1000;
	add_to_top(&slot->report, line);
	if (!grow((void **)&slot->rows, slot->rows_len, &slot->rows_cap, OOMLOG_ROWS,
		  sizeof(slot->rows[0])))
		return;
	slot->rows[slot->rows_len++] =
	    (struct oomlog_row){.pid = line->pid,
				.uid = (uint32_t)line->uid,
				.total_vm = line->total_vm,
				.rss = line->rss,
				.has_score = line->has_score,
				.oom_score_adj = (int16_t)line->oom_score_adj};
}

static void add_summary(struct oomlog_slot *slot, const struct oomlog_line *line)
{
	struct oomlog_report *report = &slot->report;

	slot->has_summary = true;
	slot->summary_constraint = line->constraint;
	slot->summary_pid = line->kill.pid;
	snprintf(slot->summary_comm, sizeof(slot->summary_comm), "%s", line->kill.comm);
	slot->has_summary_uid = line->kill.has_uid;
	slot->summary_uid = line->kill.uid;
	copy(report->oom_cgroup, sizeof(report->oom_cgroup), line->kill.oom_cgroup);
	copy(report->task_cgroup, sizeof(report->task_cgroup), line->kill.task_cgroup);
	copy(report->cpuset, sizeof(report->cpuset), line->text);
}

static void add_chosen(struct oomlog_slot *slot, const struct oomlog_line *line)
{
	slot->kill_constraint = line->constraint;
	slot->report.has_chosen = true;
	slot->report.chosen_pid = line->pid;
	copy(slot->report.chosen_comm, sizeof(slot->report.chosen_comm), line->comm);
	slot->report.has_chosen_score = line->has_score;
	slot->report.chosen_score = line->score;
}

static void add_killed(struct oomlog_slot *slot, const struct oomlog_line *line)
{
	struct oomlog_report *report = &slot->report;
	const struct kmsg_line *kill = &line->kill;
	struct oomlog_victim *victim;

	slot->outcome = true;
	if (line->constraint != OOMLOG_UNKNOWN) {
		slot->killed_new_style = true;
		slot->kill_constraint = line->constraint;
	}
	/* A pid that is reported again keeps the figures of its first line. */
	for (size_t i = 0; i < report->victims_len; i++)
		if (slot->victims[i].pid == kill->pid)
			return;
	if (!grow((void **)&slot->victims, report->victims_len, &slot->victims_cap, OOMLOG_VICTIMS,
		  sizeof(slot->victims[0]))) {
		report->victims_more++;
		return;
	}
	victim = &slot->victims[report->victims_len++];
	*victim = (struct oomlog_victim){.pid = kill->pid,
					 .has_total_vm = kill->has_total_vm,
					 .has_anon_rss = kill->has_anon_rss,
					 .has_file_rss = kill->has_file_rss,
					 .has_shmem_rss = kill->has_shmem_rss,
					 .total_vm_kb = kill->total_vm_bytes / 1024,
					 .anon_rss_kb = kill->anon_rss_bytes / 1024,
					 .file_rss_kb = kill->file_rss_bytes / 1024,
					 .shmem_rss_kb = kill->shmem_rss_bytes / 1024,
					 .has_uid = kill->has_uid,
					 .uid = kill->uid,
					 .has_score = kill->has_score,
					 .oom_score_adj = kill->oom_score_adj};
	snprintf(victim->comm, sizeof(victim->comm), "%s", kill->comm);
}

static void add_exiting(struct oomlog_slot *slot, const struct oomlog_line *line)
{
	struct oomlog_report *report = &slot->report;

	if (line->constraint != OOMLOG_UNKNOWN)
		slot->kill_constraint = line->constraint;
	if (!report->exiting++)
		report->exiting_pid = line->pid;
	copy(report->exiting_comm, sizeof(report->exiting_comm), line->comm);
}

static void add_outcome(struct oomlog_slot *slot, const struct oomlog_line *line)
{
	struct oomlog_report *report = &slot->report;

	switch (line->kind) {
	case OOMLOG_SUMMARY:
		add_summary(slot, line);
		break;
	case OOMLOG_CHOSEN:
		add_chosen(slot, line);
		break;
	case OOMLOG_KILLED:
		add_killed(slot, line);
		break;
	case OOMLOG_NO_VICTIM:
		slot->outcome = report->no_victim = true;
		break;
	case OOMLOG_GROUP:
		report->oom_group = true;
		copy(slot->group_cgroup, sizeof(slot->group_cgroup), line->kill.task_cgroup);
		break;
	case OOMLOG_EXITING:
		add_exiting(slot, line);
		break;
	case OOMLOG_PANIC:
		report->panicked = true;
		break;
	case OOMLOG_REAPED:
		report->has_reaped = true;
		report->reaped_pid = line->pid;
		copy(report->reaped_comm, sizeof(report->reaped_comm), line->comm);
		break;
	default:
		break;
	}
}

static void add_middle(struct oomlog_slot *slot, const struct oomlog_line *line)
{
	switch (line->kind) {
	case OOMLOG_TASK_IN:
		add_task_in(slot, line);
		break;
	case OOMLOG_USAGE:
		add_usage(slot, line);
		break;
	case OOMLOG_STATS:
		add_stats(slot, line);
		break;
	case OOMLOG_STAT:
		if (slot->in_stats)
			slot_add_stats(&slot->report, line->rest);
		break;
	case OOMLOG_MEM_INFO:
		slot->mem_info = true;
		break;
	case OOMLOG_HOST:
		add_host(&slot->report, line->rest);
		break;
	case OOMLOG_SLAB_INFO:
		slot->slab_info = true;
		break;
	case OOMLOG_TABLE:
		slot->header = slot->report.has_table = true;
		break;
	case OOMLOG_ROW:
		add_row(slot, line);
		break;
	default:
		break;
	}
}

static void note_mark(struct oomlog_slot *slot, const struct oomlog_mark *mark)
{
	if (mark->has_time) {
		slot->has_time = true;
		slot->time_us = mark->time_us;
	}
	if (mark->has_wall) {
		slot->has_wall = true;
		slot->wall_s = mark->wall_s;
	}
	if (!slot->caller)
		slot->caller = mark->caller;
	if (slot->report.prefix == OOMLOG_BARE)
		slot->report.prefix = mark->prefix;
}

/* Lines that no other report of the kernel has, and that nobody says in prose. */
static bool confirms(const struct oomlog_line *line, const struct oomlog_mark *mark)
{
	switch (line->kind) {
	case OOMLOG_INVOKED:
		return line->text[0] || line->has_order || mark->has_time;
	case OOMLOG_TASK_IN:
	case OOMLOG_USAGE:
	case OOMLOG_STATS:
	case OOMLOG_TABLE:
		return true;
	default:
		return line->kind >= OOMLOG_SUMMARY && line->kind <= OOMLOG_EXITING;
	}
}

void slot_add(struct oomlog_slot *slot, const struct oomlog_line *line,
	      const struct oomlog_mark *mark)
{
	note_mark(slot, mark);
	switch (line->kind) {
	case OOMLOG_INVOKED:
		add_invoked(slot, line);
		break;
	case OOMLOG_CPUSET:
		copy(slot->report.cpuset, sizeof(slot->report.cpuset), line->text);
		break;
	case OOMLOG_CPU:
		add_cpu(slot, line);
		break;
	case OOMLOG_TRACE:
		slot->has_trace = true;
		slot->memcg_frame = slot->memcg_frame || (line->memcg_frame && !slot->foreign_dump);
		break;
	case OOMLOG_FOREIGN:
		slot->foreign_dump = true;
		return;
	default:
		if (line->kind < OOMLOG_SUMMARY)
			add_middle(slot, line);
		else
			add_outcome(slot, line);
	}
	slot->cut = slot->cut || line->partial;
	slot->confirmed = slot->confirmed || confirms(line, mark);
	if (line->kind > slot->stage && line->kind != OOMLOG_REAPED)
		slot->stage = line->kind;
}
