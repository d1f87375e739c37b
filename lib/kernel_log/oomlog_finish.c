/* SPDX-License-Identifier: Apache-2.0 */
/* What follows from the lines of a report that is whole or will not get any more of them. */
#include "oomlog_slot.h"

#include <string.h>

#include "oomlog_path.h"

static void set(struct oomlog_report *report, enum oomlog_constraint constraint,
		enum oomlog_basis basis)
{
	report->constraint = constraint;
	report->basis = basis;
}

/*
 * Lines that say it come first, and that a cgroup's limit is named counts for more than the word
 * CONSTRAINT_NONE, which 5.0 to 5.2 print for cgroups too. Since 3.9 Mem-Info is printed for the
 * host only, and the slab's list never was for a cgroup.
 */
static void find_constraint(struct oomlog_slot *slot)
{
	struct oomlog_report *report = &slot->report;

	if (slot->says_memcg || slot->summary_constraint == OOMLOG_MEMCG ||
	    slot->kill_constraint == OOMLOG_MEMCG)
		set(report, OOMLOG_MEMCG, OOMLOG_EXPLICIT);
	else if (slot->summary_constraint != OOMLOG_UNKNOWN)
		set(report, slot->summary_constraint, OOMLOG_EXPLICIT);
	else if (slot->kill_constraint != OOMLOG_UNKNOWN)
		set(report, slot->kill_constraint, OOMLOG_EXPLICIT);
	else if (slot->memcg_frame)
		set(report, OOMLOG_MEMCG, OOMLOG_TRACED);
	else if (slot->slab_info || (slot->mem_info && slot->new_style))
		set(report, OOMLOG_GLOBAL, OOMLOG_INFERRED);
}

static void find_container(struct oomlog_report *report)
{
	if (!cgroup_container_id(report->task_cgroup, report->container_id))
		cgroup_container_id(report->oom_cgroup, report->container_id);
	if (!cgroup_pod_uid(report->task_cgroup, report->pod_uid))
		cgroup_pod_uid(report->oom_cgroup, report->pod_uid);
}

static const struct oomlog_row *row_of(const struct oomlog_slot *slot, int32_t pid)
{
	for (size_t i = 0; i < slot->rows_len; i++)
		if (slot->rows[i].pid == pid)
			return &slot->rows[i];
	return NULL;
}

/*
 * The row counts pages, the kill line KiB. Between them the process may have grown a little, but no
 * two sizes of pages are near each other. 0: it cannot be told.
 */
static uint64_t page_size(uint64_t kb, uint64_t pages)
{
	static const uint64_t sizes[] = {4, 8, 16, 64};

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		uint64_t wanted;

		if (__builtin_mul_overflow(pages, sizes[i], &wanted))
			break;
		if (wanted > 0 && (kb > wanted ? kb - wanted : wanted - kb) <= wanted / 20)
			return sizes[i];
	}
	return 0;
}

/* What the kill lines do not say, the oom-kill line or the victim's row may. */
static void complete_victims(struct oomlog_slot *slot)
{
	for (size_t i = 0; i < slot->report.victims_len; i++) {
		struct oomlog_victim *victim = &slot->victims[i];
		const struct oomlog_row *row = row_of(slot, victim->pid);

		if (!victim->has_uid && slot->has_summary_uid && slot->summary_pid == victim->pid) {
			victim->has_uid = true;
			victim->uid = slot->summary_uid;
		}
		if (!row)
			continue;
		victim->in_table = true;
		victim->rss_pages = row->rss;
		if (!victim->has_uid) {
			victim->has_uid = true;
			victim->uid = row->uid;
		}
		if (!victim->has_score && row->has_score) {
			victim->has_score = true;
			victim->oom_score_adj = row->oom_score_adj;
		}
		if (victim->has_total_vm && !slot->report.page_kb)
			slot->report.page_kb = page_size(victim->total_vm_kb, row->total_vm);
	}
}

/* What the kernel always prints between the invoked line and the outcome. */
static bool is_missing_lines(const struct oomlog_slot *slot)
{
	const struct oomlog_report *report = &slot->report;

	/* Before 2.6.26 no line said the pid, and the kill line stood alone. */
	if ((!slot->has_cpu && !slot->ancient) || !slot->has_trace || slot->cut)
		return true;
	if (report->constraint == OOMLOG_MEMCG) {
		/* The stats since 3.9, the CPU line's new form since 3.10. */
		if (!report->memory.known || (slot->new_style && !slot->has_stats))
			return true;
	} else if (!slot->mem_info && !slot->foreign_dump) {
		return true;
	}
	/* Without a header the first rows are lost; with it there is a row at least. */
	if (report->has_table && (!slot->header || (!report->tasks && !report->no_victim)))
		return true;
	if (report->victims_len && !slot->ancient)
		return slot->killed_new_style ? !slot->has_summary : !report->has_chosen;
	return false;
}

/* All that may be killed are, when the cgroup at its limit is killed whole. */
static bool is_missing_kills(const struct oomlog_slot *slot)
{
	const struct oomlog_report *report = &slot->report;

	return report->oom_group && slot->group_cgroup[0] && report->tasks &&
	       !strcmp(slot->group_cgroup, report->oom_cgroup) &&
	       report->victims_len + report->victims_more + report->exiting < slot->killable;
}

void slot_finish(struct oomlog_slot *slot)
{
	struct oomlog_report *report = &slot->report;

	report->victims = slot->victims;
	report->table_whole = slot->header &&
			      (slot->outcome || report->exiting || report->panicked) &&
			      !report->records_missing;
	find_constraint(slot);
	if (report->constraint != OOMLOG_MEMCG)
		report->oom_cgroup[0] = '\0';
	find_container(report);
	complete_victims(slot);
	report->lines_missing = report->has_invoker && slot->outcome &&
				(is_missing_lines(slot) || is_missing_kills(slot));
	report->complete = report->has_invoker && slot->outcome && !report->lines_missing &&
			   !report->records_missing;
}

const char *oomlog_constraint_name(enum oomlog_constraint constraint)
{
	static const char *const names[] = {
	    [OOMLOG_UNKNOWN] = "unknown",     [OOMLOG_MEMCG] = "memcg",
	    [OOMLOG_GLOBAL] = "global",	      [OOMLOG_CPUSET_NODES] = "cpuset",
	    [OOMLOG_MEMPOLICY] = "mempolicy",
	};

	return names[constraint];
}

const char *oomlog_basis_name(enum oomlog_basis basis)
{
	static const char *const names[] = {
	    [OOMLOG_EXPLICIT] = "explicit",
	    [OOMLOG_TRACED] = "trace",
	    [OOMLOG_INFERRED] = "inferred",
	};

	return names[basis];
}

const char *oomlog_prefix_name(enum oomlog_prefix prefix)
{
	static const char *const names[] = {
	    [OOMLOG_BARE] = "bare",	[OOMLOG_SECONDS] = "[sec]",   [OOMLOG_CTIME] = "[ctime]",
	    [OOMLOG_SYSLOG] = "syslog", [OOMLOG_ISO] = "iso",	      [OOMLOG_KMSG] = "/dev/kmsg",
	    [OOMLOG_JSON] = "json",	[OOMLOG_JOURNAL] = "journal",
	};

	return names[prefix];
}
