/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One line of a kernel's OOM report, understood. The words are those of dump_header(), dump_tasks()
 * and oom_kill_process() in mm/oom_kill.c, of mem_cgroup_print_oom_info() in mm/memcontrol.c and of
 * dump_stack_print_info(), in all their forms from 2.6.32 on. Pure, no allocation.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kmsg.h"
#include "oomlog.h"
#include "span.h"

/* In the order in which the kernel prints them, so that a step back is another report. */
enum oomlog_kind {
	OOMLOG_OTHER,
	OOMLOG_INVOKED, /* "X invoked oom-killer: …" */
	OOMLOG_CPUSET,	/* "X cpuset=Y mems_allowed=Z" (2.6 to 4.19) */
	OOMLOG_CPU,	/* "CPU: 1 PID: 2 Comm: X …", "Pid: 2, comm: X …" */
	OOMLOG_TRACE,	/* "Call Trace:" and its frames */
	OOMLOG_TASK_IN, /* "Task in X killed as a result of limit of Y", "Memory limit reached of…"
			 */
	OOMLOG_USAGE,	/* "memory: usage …" and the like */
	OOMLOG_STATS,	/* "Memory cgroup stats for X:" */
	OOMLOG_STAT,	/* "anon 4096", one of many lines behind it (since 5.2) */
	OOMLOG_MEM_INFO,    /* "Mem-Info:" */
	OOMLOG_HOST,	    /* a line of it that says how much swap there is */
	OOMLOG_SLAB_INFO,   /* "Unreclaimable slab info:" (since 4.15; never for a cgroup) */
	OOMLOG_TASKS_STATE, /* "Tasks state (memory values in pages):" (since 4.20) */
	OOMLOG_TABLE,	    /* "[  pid  ]   uid  tgid …" */
	OOMLOG_ROW,	    /* "[  123]     0   123 …" */
	OOMLOG_SUMMARY,	    /* "oom-kill:constraint=…" (since 5.0) */
	OOMLOG_CHOSEN,	    /* "…Kill process N (x) score S or sacrifice child" (before 5.0) */
	OOMLOG_KILLED,	    /* "…Killed process N (x)…" */
	OOMLOG_NO_VICTIM,   /* "Out of memory and no killable processes..." */
	OOMLOG_GROUP,	    /* "Tasks in X are going to be killed due to memory.oom.group set" */
	OOMLOG_EXITING, /* "…OOM victim N (x) is already exiting. Skip killing the task" (5.9) */
	OOMLOG_PANIC,	/* "Kernel panic - not syncing: …panic_on_oom…" */
	OOMLOG_REAPED,	/* "oom_reaper: reaped process N (x)…" */
	OOMLOG_FOREIGN	/* another report that begins: its trace and Mem-Info are not ours */
};

/* Where a line stood, and what stood in front of its words. */
struct oomlog_mark {
	uint64_t time_us; /* printk's clock */
	bool has_time;
	uint32_t wall_s; /* second of the day, of any other clock */
	bool has_wall;
	uint64_t sequence; /* of a /dev/kmsg record */
	bool has_sequence;
	uint32_t caller; /* printk's [ T12] or [ C1]; 0: none */
	bool escaped;	 /* \xNN stands for bytes */
	bool foreign;	 /* not the kernel's: another program's name stands in front */
	bool any;	 /* something stood in front */
	enum oomlog_prefix prefix;
};

enum oomlog_counter { OOMLOG_MEMORY, OOMLOG_MEMSW, OOMLOG_SWAP, OOMLOG_KMEM };

struct oomlog_line {
	enum oomlog_kind kind;
	bool partial;	/* cut off or wrapped: a part that the kernel always prints is missing */
	bool beginning; /* partial, and without its end it says nothing */
	bool open_end;	/* whole as it is, but most kernels say more: KILLED without sizes */
	bool strange;	/* TABLE: with a column that no kernel is known to have */
	struct kmsg_line kill;		   /* SUMMARY, TASK_IN, KILLED, GROUP: kmsg.h */
	enum oomlog_constraint constraint; /* SUMMARY, CHOSEN, KILLED, EXITING; UNKNOWN: not said */
	char comm[64];			   /* INVOKED, CPUSET, CPU, CHOSEN, ROW, EXITING, REAPED */
	int32_t pid;			   /* CPU, CHOSEN, ROW, EXITING, REAPED */
	char
	    text[OOMLOG_TEXT]; /* INVOKED: gfp_mask; CPUSET, SUMMARY: cpuset; CPU: kernel release */
	char cgroup[KMSG_PATH_MAX]; /* STATS */
	bool has_order, has_score;
	int32_t order;	       /* INVOKED; -1: asked for by SysRq */
	int32_t oom_score_adj; /* INVOKED, ROW */
	int64_t score;	       /* CHOSEN */
	bool new_style;	       /* CPU: the form since 3.10; INVOKED: gfp flags by name (4.6) */
	bool ancient;	       /* INVOKED: the form before 2.6.32, with oomkilladj */
	bool memcg_frame;      /* TRACE: only the OOM of a cgroup comes by here */
	enum oomlog_counter counter; /* USAGE */
	struct oomlog_usage usage;
	struct span rest;	     /* STATS, STAT: the figures; HOST: the line */
	uint64_t uid, total_vm, rss; /* ROW */
	unsigned columns;	     /* TABLE: numbers between "[pid]" and the name */
	bool column_score;	     /* TABLE: the last of them is oom_score_adj */
};

/*
 * What kind of line `text` is. `table` is the last TABLE line seen, or NULL: the rows are read by
 * it. Text that is not the kernel's is OTHER.
 */
enum oomlog_kind oomlog_classify(struct span text, const struct oomlog_mark *mark,
				 const struct oomlog_line *table, struct oomlog_line *out);

/* Without what terminals and pages put in: the line itself, or what it left in `buf`. */
struct span oomlog_clean(struct span line, char *buf, size_t cap);

/* Takes off what stands in front of the kernel's words. Returns them. */
struct span oomlog_strip(struct span line, struct oomlog_mark *mark);

/* "...", "[...]", "<snip>", grep's "--": somebody left lines out here. */
bool oomlog_is_gap(struct span text);

/* Is this one of the words that begin a line of a report, whatever stood in front? */
bool oomlog_is_report_word(struct span text);
