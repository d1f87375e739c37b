/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads kernel logs of any size as a stream and finds every report of the OOM killer: of a cgroup,
 * a cpuset and the whole host, kernels 2.6.18 to 7.x, whatever stands around the lines, and
 * reports of which only a part is there. Memory is bounded, whatever the log holds.
 *
 * What the log does not say stays unknown. Names in it are hostile: they are copied as they are and
 * made harmless where they are printed.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "kmsg.h"

#define OOMLOG_TEXT 512	    /* a gfp mask, a cpuset, a kernel release */
#define OOMLOG_TOP 64	    /* largest tasks that are kept with their names */
#define OOMLOG_VICTIMS 4096 /* victims that are kept */
#define OOMLOG_ROWS 65536   /* task table rows in which a victim is looked up */

enum oomlog_constraint {
	OOMLOG_UNKNOWN,
	OOMLOG_MEMCG,	     /* the limit of a memory cgroup */
	OOMLOG_GLOBAL,	     /* the host is out of memory */
	OOMLOG_CPUSET_NODES, /* the nodes of a cpuset are full */
	OOMLOG_MEMPOLICY     /* the nodes of a memory policy are full */
};

enum oomlog_basis {
	OOMLOG_NO_BASIS,
	OOMLOG_EXPLICIT, /* a line says so */
	OOMLOG_TRACED,	 /* only the call trace does */
	OOMLOG_INFERRED	 /* only what is printed, and what is not, does */
};

/* What stood in front of the lines. */
enum oomlog_prefix {
	OOMLOG_BARE,
	OOMLOG_SECONDS, /* [123.456789] */
	OOMLOG_CTIME,	/* [Thu Dec  7 00:13:22 2017] */
	OOMLOG_SYSLOG,	/* Dec  7 00:13:22 host kernel: */
	OOMLOG_ISO,	/* 2017-12-07T00:13:22+01:00 host kernel: */
	OOMLOG_KMSG,	/* 6,1234,5678,-; */
	OOMLOG_JSON,	/* {"MESSAGE":"…"} */
	OOMLOG_JOURNAL	/* MESSAGE=… */
};

struct oomlog_usage {
	bool known;
	uint64_t usage_kb, limit_kb, failcnt;
};

struct oomlog_task {
	int32_t pid;
	char name[64];
	uint64_t rss_pages;
	bool has_score;
	int32_t oom_score_adj;
};

struct oomlog_victim {
	int32_t pid;
	char comm[64];
	bool has_total_vm, has_anon_rss, has_file_rss, has_shmem_rss, has_uid, has_score;
	uint64_t total_vm_kb, anon_rss_kb, file_rss_kb, shmem_rss_kb;
	uint32_t uid;
	int32_t oom_score_adj;
	bool in_table; /* it has a row, so it can be compared with others */
	uint64_t rss_pages;
};

/* Bytes of the cgroup at its limit, as its stats line says. Names are those of cgroup v2. */
enum oomlog_stat {
	OOMLOG_STAT_ANON,
	OOMLOG_STAT_FILE,
	OOMLOG_STAT_SHMEM,
	OOMLOG_STAT_KERNEL,
	OOMLOG_STAT_SLAB,
	OOMLOG_STAT_KERNEL_STACK,
	OOMLOG_STAT_PAGETABLES,
	OOMLOG_STAT_SOCK,
	OOMLOG_STAT_INACTIVE_FILE,
	OOMLOG_STAT_ACTIVE_FILE,
	OOMLOG_STAT_SLAB_RECLAIMABLE,
	OOMLOG_STAT_SLAB_UNRECLAIMABLE,
	OOMLOG_STAT_SWAP, /* v1 only */
	OOMLOG_STATS_COUNT
};

struct oomlog_report {
	uint64_t line; /* number of its first line, from 1 */
	enum oomlog_prefix prefix;
	enum oomlog_constraint constraint;
	enum oomlog_basis basis;

	bool has_invoker;
	char invoker_comm[64];
	bool has_invoker_pid, has_invoker_order, has_invoker_score;
	int32_t invoker_pid; /* a thread's id */
	char gfp_mask[OOMLOG_TEXT];
	int32_t invoker_order, invoker_oom_score_adj;

	/* "" where the log does not say. */
	char oom_cgroup[KMSG_PATH_MAX], task_cgroup[KMSG_PATH_MAX];
	char container_id[65], pod_uid[40];
	char cpuset[OOMLOG_TEXT];
	char kernel[OOMLOG_TEXT];

	struct oomlog_usage memory, memsw, swap, kmem;
	bool has_stat[OOMLOG_STATS_COUNT];
	uint64_t stat[OOMLOG_STATS_COUNT];
	bool has_swap_total, has_swap_free; /* the host's */
	uint64_t swap_total_kb, swap_free_kb;

	bool has_table;
	bool table_whole;		    /* from its header to its last row */
	uint64_t tasks;			    /* rows */
	struct oomlog_task top[OOMLOG_TOP]; /* by rss, the largest first; equal ones as they came */
	size_t top_len;
	uint64_t page_kb; /* the machine's page, 0 when it cannot be told */

	bool has_chosen, has_chosen_score;
	int32_t chosen_pid;
	char chosen_comm[64];
	int64_t chosen_score;

	const struct oomlog_victim *victims;
	size_t victims_len;
	uint64_t victims_more; /* not kept */
	bool no_victim;	       /* "no killable processes" */
	uint64_t exiting;      /* processes that were to be killed and were exiting already */
	int32_t exiting_pid;   /* the first of them */
	char exiting_comm[64];
	bool panicked; /* the kernel panicked for want of memory */
	bool oom_group;
	bool has_reaped; /* of what the reaper named where no kill line is there */
	int32_t reaped_pid;
	char reaped_comm[64];

	bool complete;
	bool records_missing; /* numbers of /dev/kmsg records are left out between its lines */
	bool lines_missing;   /* what the kernel always prints is not there */
	bool repeated;	      /* lines stand there twice */
};

struct oomlog;
/* Called for each report in the order of their first lines; *report is valid during the call. */
typedef void oomlog_visit(const struct oomlog_report *report, void *context);

/* NULL: no memory. */
struct oomlog *oomlog_new(oomlog_visit *visit, void *context);
void oomlog_free(struct oomlog *log);

/*
 * Where to read the next bytes to, and how many fit (never 0); then how many came. Memory that is
 * out while a report grows is a report with less in it.
 */
char *oomlog_room(struct oomlog *log, size_t *len);
void oomlog_take(struct oomlog *log, size_t len);

/* The end of this log: the last reports are handed out, and another log may begin. */
void oomlog_end(struct oomlog *log);

/* "memcg", "explicit", "[sec]": the words of the JSON form. basis: NULL for OOMLOG_NO_BASIS. */
const char *oomlog_constraint_name(enum oomlog_constraint constraint);
const char *oomlog_basis_name(enum oomlog_basis basis);
const char *oomlog_prefix_name(enum oomlog_prefix prefix);
