/* SPDX-License-Identifier: Apache-2.0 */
/* A report that is being put together: does a line belong to it, and what does the line add? */
#pragma once

#include "oomlog.h"
#include "oomlog_line.h"

#define SLOT_SEEN 256 /* lines back that are recognised when they stand there again */

struct oomlog_row {
	int32_t pid;
	uint32_t uid;
	uint64_t total_vm, rss;
	int16_t oom_score_adj;
	bool has_score;
};

struct oomlog_slot {
	struct oomlog_report report;
	bool open;		/* lines may still come */
	bool confirmed;		/* by a line that only the OOM killer prints */
	enum oomlog_kind stage; /* kind of the last line, in the kernel's order */
	bool outcome;		/* a kill, or that nothing can be killed */
	uint64_t touched;	/* running number of the line that was added last */
	uint64_t time_us;	/* its stamps */
	bool has_time;
	uint32_t wall_s;
	bool has_wall;
	uint32_t caller;
	uint64_t sequence;
	bool has_sequence;

	/* What was there, for `complete` and for the constraint. */
	bool has_cpu, has_trace, ancient, new_style, memcg_frame, foreign_dump;
	bool has_stats, in_stats, mem_info, slab_info, header, has_summary, cut;
	bool says_memcg, killed_new_style;
	enum oomlog_constraint summary_constraint, kill_constraint;
	int32_t summary_pid;
	char summary_comm[64];
	uint32_t summary_uid;
	bool has_summary_uid;
	char group_cgroup[KMSG_PATH_MAX];
	uint64_t killable; /* rows that a kill of the whole cgroup takes */

	struct oomlog_row *rows;
	size_t rows_len, rows_cap;
	struct oomlog_victim *victims;
	size_t victims_cap;
	uint64_t seen[SLOT_SEEN];
	size_t seen_next;
};

/* Empties it, its memory kept. */
void slot_begin(struct oomlog_slot *slot, uint64_t line);
void slot_free(struct oomlog_slot *slot);

/* May a line stand so soon behind the one marked `first` that both are of one report? */
bool oomlog_follows(const struct oomlog_mark *first, const struct oomlog_mark *mark);
bool slot_time_fits(const struct oomlog_slot *slot, const struct oomlog_mark *mark);

/* How well the line goes with the report; below zero: not at all. */
int slot_fit(const struct oomlog_slot *slot, const struct oomlog_line *line,
	     const struct oomlog_mark *mark);

/* Was just this line there already? `text` is all of it, its stamp told by `mark`. */
bool slot_repeats(const struct oomlog_slot *slot, const struct oomlog_line *line,
		  const struct oomlog_mark *mark, struct span text);

void slot_remember(struct oomlog_slot *slot, const struct oomlog_mark *mark, struct span text);

/* Adds the line. */
void slot_add(struct oomlog_slot *slot, const struct oomlog_line *line,
	      const struct oomlog_mark *mark);

/* Draws the conclusions: constraint, container, victims' uids, largest tasks, completeness. */
void slot_finish(struct oomlog_slot *slot);

/* The figures of a "Memory cgroup stats" line and of the lines behind it. */
void slot_add_stats(struct oomlog_report *report, struct span figures);
