/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which report a line belongs to. The kernel prints a report's lines in a fixed order, each but
 * rows, frames and kills once; one task prints them all, which printk may name ("[ T12]"). Reports
 * of two cgroups may be mixed with each other before 4.2, where no lock held them apart.
 */
#include "oomlog_slot.h"

#include <string.h>

/* No line of a report comes so long after the one before; a console of 9600 baud needs less. */
#define GAP_S 20
#define GAP_US (GAP_S * 1000000ULL)

bool oomlog_follows(const struct oomlog_mark *first, const struct oomlog_mark *mark)
{
	if (first->has_time && mark->has_time) {
		uint64_t later = mark->time_us - first->time_us;

		/* Processors' stamps may be a little out of order. */
		return mark->time_us >= first->time_us ? later <= GAP_US : -later <= 1000000;
	}
	if (first->has_wall && mark->has_wall) {
		uint32_t later = (mark->wall_s + 86400 - first->wall_s) % 86400;

		return later <= GAP_S || later == 86400 - 1;
	}
	return true;
}

bool slot_time_fits(const struct oomlog_slot *slot, const struct oomlog_mark *mark)
{
	const struct oomlog_mark last = {.has_time = slot->has_time,
					 .time_us = slot->time_us,
					 .has_wall = slot->has_wall,
					 .wall_s = slot->wall_s};

	return oomlog_follows(&last, mark);
}

static bool same_usage(const struct oomlog_usage *one, const struct oomlog_usage *other)
{
	return one->usage_kb == other->usage_kb && one->limit_kb == other->limit_kb &&
	       one->failcnt == other->failcnt;
}

static const struct oomlog_usage *usage_of(const struct oomlog_report *report,
					   enum oomlog_counter counter)
{
	switch (counter) {
	case OOMLOG_MEMORY:
		return &report->memory;
	case OOMLOG_MEMSW:
		return &report->memsw;
	case OOMLOG_SWAP:
		return &report->swap;
	case OOMLOG_KMEM:
		break;
	}
	return &report->kmem;
}

static bool is_below(const char *path, const char *top)
{
	size_t len = strlen(top);

	if (!strcmp(top, "/"))
		return path[0] == '/';
	return !strncmp(path, top, len) && (path[len] == '\0' || path[len] == '/');
}

static bool in_rows(const struct oomlog_slot *slot, int32_t pid)
{
	for (size_t i = 0; i < slot->rows_len; i++)
		if (slot->rows[i].pid == pid)
			return true;
	return false;
}

static bool is_victim(const struct oomlog_slot *slot, int32_t pid)
{
	for (size_t i = 0; i < slot->report.victims_len; i++)
		if (slot->victims[i].pid == pid)
			return true;
	return false;
}

/* The name of the task in a head's later lines; what stood in front of it may differ. */
static bool same_comm(const char *one, const char *other)
{
	size_t a = strlen(one), b = strlen(other);

	if (a > b)
		return b > 0 && !strcmp(one + a - b, other);
	return a > 0 && !strcmp(other + b - a, one);
}

static int fit_head(const struct oomlog_slot *slot, const struct oomlog_line *line)
{
	const struct oomlog_report *report = &slot->report;

	if (slot->outcome)
		return -1;
	if (line->kind == OOMLOG_TRACE)
		return slot->stage <= OOMLOG_TRACE || slot->foreign_dump ? 1 : -1;
	if (!report->has_invoker || !same_comm(line->comm, report->invoker_comm))
		return -1;
	if (line->kind == OOMLOG_CPUSET)
		return report->cpuset[0] || slot->stage > OOMLOG_CPU ? -1 : 3;
	return slot->has_cpu || slot->stage > OOMLOG_TRACE ? -1 : 3;
}

static int fit_limit(const struct oomlog_slot *slot, const struct oomlog_line *line)
{
	const struct oomlog_report *report = &slot->report;
	const struct oomlog_usage *usage;

	if (slot->outcome || slot->stage > OOMLOG_STAT || slot->mem_info)
		return -1;
	switch (line->kind) {
	case OOMLOG_TASK_IN:
		if (report->oom_cgroup[0])
			return strcmp(report->oom_cgroup, line->kill.oom_cgroup) ||
				       strcmp(report->task_cgroup, line->kill.task_cgroup)
				   ? -1
				   : 2;
		return slot->stage < OOMLOG_TASK_IN ? 1 : -1;
	case OOMLOG_USAGE:
		usage = usage_of(report, line->counter);
		if (usage->known)
			return same_usage(usage, &line->usage) ? 2 : -1;
		return slot->has_stats ? -1 : 1;
	case OOMLOG_STATS:
		if (report->oom_cgroup[0] && line->cgroup[0])
			return is_below(line->cgroup, report->oom_cgroup) ? 2 : -1;
		return 1;
	default:
		return slot->in_stats ? 1 : -1;
	}
}

static int fit_table(const struct oomlog_slot *slot, const struct oomlog_line *line)
{
	if (slot->outcome || slot->stage > OOMLOG_ROW)
		return -1;
	switch (line->kind) {
	case OOMLOG_TASKS_STATE:
		return slot->stage < OOMLOG_TASKS_STATE ? 1 : -1;
	case OOMLOG_TABLE:
		return slot->header || slot->report.tasks ? -1 : 1;
	default:
		return slot->report.has_table ? 2 : 1;
	}
}

/* Both say whose shortage it was: they must agree. */
static bool constraint_fits(const struct oomlog_slot *slot, enum oomlog_constraint constraint)
{
	bool memcg = slot->says_memcg || slot->memcg_frame ||
		     slot->summary_constraint == OOMLOG_MEMCG ||
		     slot->kill_constraint == OOMLOG_MEMCG;

	if (constraint == OOMLOG_UNKNOWN)
		return true;
	if (constraint == OOMLOG_MEMCG)
		return memcg || (slot->summary_constraint == OOMLOG_UNKNOWN &&
				 slot->kill_constraint == OOMLOG_UNKNOWN &&
				 !(slot->mem_info && slot->new_style));
	return !memcg;
}

static int fit_kill(const struct oomlog_slot *slot, const struct oomlog_line *line)
{
	const struct oomlog_report *report = &slot->report;
	int32_t pid = line->kill.pid;

	if (is_victim(slot, pid))
		return 3;
	if (report->victims_len)
		return report->oom_group ? 1 : -1;
	if (report->exiting)
		return report->oom_group ? 1 : -1;
	if (report->no_victim || !constraint_fits(slot, line->constraint))
		return -1;
	if (report->has_chosen && report->chosen_pid == pid)
		return 4;
	if (slot->summary_pid == pid)
		return 4;
	/*
	 * Of the one named just before another thread may be killed, which still has the memory:
	 * its name is then the same. Before 5.1 it may be a child, or the process of a thread.
	 */
	if (slot->summary_pid && !report->has_chosen)
		return slot->stage == OOMLOG_SUMMARY && !strcmp(slot->summary_comm, line->kill.comm)
			   ? 1
			   : -1;
	return in_rows(slot, pid) ? 3 : 1;
}

static int fit_exiting(const struct oomlog_slot *slot, const struct oomlog_line *line)
{
	const struct oomlog_report *report = &slot->report;

	if (report->victims_len || report->exiting)
		return report->oom_group ? 1 : -1;
	if (report->no_victim || report->has_chosen || !constraint_fits(slot, line->constraint))
		return -1;
	return !slot->summary_pid ? 1 : slot->summary_pid == line->pid ? 4 : -1;
}

static int fit_outcome(const struct oomlog_slot *slot, const struct oomlog_line *line)
{
	const struct oomlog_report *report = &slot->report;

	switch (line->kind) {
	case OOMLOG_SUMMARY:
		if (slot->has_summary || slot->outcome || report->has_chosen ||
		    !constraint_fits(slot, line->constraint))
			return -1;
		if (report->oom_cgroup[0] && line->kill.oom_cgroup[0])
			return strcmp(report->oom_cgroup, line->kill.oom_cgroup) ? -1 : 3;
		return 1 + in_rows(slot, line->kill.pid);
	case OOMLOG_CHOSEN:
		if (report->has_chosen || slot->outcome || !constraint_fits(slot, line->constraint))
			return -1;
		return 1 + in_rows(slot, line->pid);
	case OOMLOG_KILLED:
		return fit_kill(slot, line);
	case OOMLOG_GROUP:
		if (!report->victims_len && !report->exiting)
			return -1;
		return report->oom_cgroup[0] &&
			       !is_below(line->kill.task_cgroup, report->oom_cgroup)
			   ? -1
			   : 1;
	case OOMLOG_NO_VICTIM:
		return slot->outcome || slot->has_summary ? -1 : 1;
	case OOMLOG_EXITING:
		return fit_exiting(slot, line);
	case OOMLOG_PANIC:
		return report->panicked ? -1 : 0;
	default:
		return -1;
	}
}

int slot_fit(const struct oomlog_slot *slot, const struct oomlog_line *line,
	     const struct oomlog_mark *mark)
{
	if (!slot->open)
		return -1;
	if (slot->caller && mark->caller && slot->caller != mark->caller)
		return -1;
	if (!slot_time_fits(slot, mark))
		return -1;
	switch (line->kind) {
	case OOMLOG_CPUSET:
	case OOMLOG_CPU:
	case OOMLOG_TRACE:
		return fit_head(slot, line);
	case OOMLOG_TASK_IN:
	case OOMLOG_USAGE:
	case OOMLOG_STATS:
	case OOMLOG_STAT:
		return fit_limit(slot, line);
	case OOMLOG_MEM_INFO:
	case OOMLOG_SLAB_INFO:
	case OOMLOG_HOST:
		return slot->outcome || slot->stage >= OOMLOG_TASKS_STATE || slot->foreign_dump ? -1
												: 1;
	case OOMLOG_TASKS_STATE:
	case OOMLOG_TABLE:
	case OOMLOG_ROW:
		return fit_table(slot, line);
	case OOMLOG_FOREIGN:
		return slot->outcome ? -1 : 0;
	case OOMLOG_REAPED:
		return slot->report.victims_len ? -1 : 0;
	default:
		return fit_outcome(slot, line);
	}
}

/* FNV-1a over the words, begun with the stamp. */
static uint64_t hash_line(const struct oomlog_mark *mark, struct span text)
{
	uint64_t hash = (0xcbf29ce484222325 ^ mark->time_us) * 0x9e3779b97f4a7c15;

	for (size_t i = 0; i < text.len; i++)
		hash = (hash ^ (unsigned char)text.at[i]) * 0x100000001b3;
	return hash ? hash : 1;
}

bool slot_repeats(const struct oomlog_slot *slot, const struct oomlog_line *line,
		  const struct oomlog_mark *mark, struct span text)
{
	uint64_t hash;

	/* Only printk's stamp is fine enough to tell the same line from the same words. */
	if (!slot->open || !mark->has_time || line->kind == OOMLOG_STAT)
		return false;
	hash = hash_line(mark, text);
	for (size_t i = 0; i < SLOT_SEEN; i++)
		if (slot->seen[i] == hash)
			return true;
	return false;
}

void slot_remember(struct oomlog_slot *slot, const struct oomlog_mark *mark, struct span text)
{
	if (!mark->has_time)
		return;
	slot->seen[slot->seen_next] = hash_line(mark, text);
	slot->seen_next = (slot->seen_next + 1) % SLOT_SEEN;
}
