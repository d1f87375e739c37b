/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The scene of an incident: all that was read of a container in trouble, as plain data of fixed
 * size, ready to be written into the record (scene_write.h). Who fills it touches only what is
 * there, so that a scene nobody needed takes no memory.
 *
 * Names and command lines are hostile text; command lines are masked (mask.h).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "host_memory.h"
#include "memcg_scene.h"

#define SCENE_PROCESSES_MAX 16384
#define SCENE_WCHANS_MAX 256	/* of processes in D */
#define SCENE_WCHAN_BYTES 48	/* a kernel function's name */
#define SCENE_PARENTS_MAX 16	/* of zombies */
#define SCENE_DETAILS_MAX 5	/* the largest processes */
#define SCENE_MAPPINGS_MAX 8	/* the largest mappings of each */
#define SCENE_CMDLINE_BYTES 256 /* kept of one command line, with its NUL */
#define SCENE_CMDLINES_BYTES (1024 * 1024)
#define SCENE_REPORT_BYTES (16 * 1024)

/* What was left out or cut short, a bit each. */
enum scene_cut {
	SCENE_CUT_PROCESSES = 1, /* not all of them were listed */
	SCENE_CUT_STATUS = 2,	 /* memory and scores of some were not read */
	SCENE_CUT_CMDLINES = 4,	 /* command lines of some were not read */
	SCENE_CUT_DETAILS = 8,	 /* the largest ones' mappings */
	SCENE_CUT_ZOMBIES = 16,	 /* not all were looked for */
	SCENE_CUT_VICTIMS = 32,	 /* the log named fewer victims than were counted */
	SCENE_CUT_REPORT = 64,	 /* the kernel's report is longer */
	SCENE_CUT_MEMORY = 128	 /* usage, limits, pressure: read after the action */
};
#define SCENE_CUTS 8

/* One process. What was not read is 0, -1 for the scores; `has_status` tells the difference. */
struct scene_process {
	pid_t pid, ppid;
	pid_t ns_pid; /* in its innermost pid namespace; 0: unknown */
	uint32_t threads;
	char comm[16];
	uint64_t start_ticks;
	uint64_t rss_bytes;
	uint64_t minor_faults, major_faults;
	uint32_t anon_kib, file_kib, shmem_kib, swap_kib; /* has_status */
	int16_t oom_score;				  /* -1: unknown */
	int16_t oom_score_adj;				  /* SCENE_NO_SCORE: unknown */
	uint16_t wchan;					  /* index + 1 into wchans; 0: none */
	char state;
	bool has_status;
	bool is_init;
};
#define SCENE_NO_SCORE INT16_MIN

struct scene_parent {
	pid_t pid;
	char comm[16];
	uint32_t zombies;
};

enum scene_mapping_kind {
	MAPPING_HEAP,
	MAPPING_ANON,
	MAPPING_STACK,
	MAPPING_FILE,
	MAPPING_SHMEM,
	MAPPING_ARENA
};

struct scene_mapping {
	enum scene_mapping_kind kind;
	uint64_t size, rss;
	char name[48]; /* base name of the file; "" none */
};

/* One of the largest processes, looked at closely. Bytes. */
struct scene_detail {
	pid_t pid;
	char comm[16];
	bool has_rollup;
	uint64_t rss, pss, private_dirty, anonymous, swap;
	bool has_maps;
	uint32_t arenas; /* heaps of glibc's malloc besides the main one: 64 MiB, aligned so */
	uint64_t arena_bytes;
	size_t mappings_len;
	struct scene_mapping mapping[SCENE_MAPPINGS_MAX]; /* by resident size, largest first */
};

/*
 * What has to be read by a process that may be given up, since a reader of another process's
 * mappings waits for that process's lock: shared with it, and valid as far as the counts say.
 */
struct scene_slow {
	_Atomic uint32_t steps; /* how far its writer is (slow.h) */
	uint32_t cmdlines_len; /* entries of the process list that were tried, in its order */
	uint32_t details_len;
	uint32_t text_used;
	uint32_t cmdline[SCENE_PROCESSES_MAX]; /* offset + 1 into text; 0: none */
	struct scene_detail detail[SCENE_DETAILS_MAX];
	char text[SCENE_CMDLINES_BYTES];
};

/* One look at the container before the event. KiB, so that many fit on a page. */
struct scene_sample {
	uint64_t at_ms; /* CLOCK_MONOTONIC */
	uint32_t usage_kib, anon_kib, file_kib, shmem_kib, kernel_kib, swap_kib;
	int32_t pressure_centi; /* PSI full avg10 in hundredths of a percent; -1: unknown */
};

#define SCENE_TIMELINE_MAX 96
struct scene_timeline {
	uint32_t len;  /* samples held */
	uint32_t next; /* where the next one goes */
	struct scene_sample sample[SCENE_TIMELINE_MAX];
};

struct scene {
	/* Its cost. */
	uint64_t budget_ms;
	uint64_t delay_us; /* reading before the action */
	uint64_t took_us;  /* all reading */
	uint32_t cut;	   /* enum scene_cut */
	bool was_read;	   /* what follows was tried at all */
	bool settled;	   /* … and nothing more is to come */
	uint64_t event_ms; /* CLOCK_MONOTONIC of the wake-up: the timeline's zero */

	/* The cgroup and those above it; `cgroup` is borrowed. */
	const char *cgroup;
	size_t levels_len;
	struct memcg_level level[MEMCG_LEVELS_MAX];
	int hit; /* level whose limit was hit; -1: unknown */
	bool has_split, has_host, has_pressure;
	struct memcg_split split;
	struct host_memory host;
	struct memcg_pressure pressure;

	/* Settings as found; -1: unknown or not there. */
	int oom_killer_off, oom_group;

	/* Memory that was still charged when the last process was gone. */
	bool has_removed;
	uint64_t removed_shmem, removed_file;

	/* The processes: the init, D, zombies, then the largest. */
	bool has_processes;
	uint32_t processes_len;
	uint32_t processes_more; /* were there, and not looked at */
	uint32_t zombies;	 /* those in the list too */
	size_t parents_len;
	struct scene_parent parent[SCENE_PARENTS_MAX]; /* of zombies, those with the most first */
	const struct scene_slow *slow;		       /* borrowed; NULL: not read */
	const struct scene_timeline *timeline;	       /* borrowed; NULL: none */
	bool has_report;
	uint32_t report_len; /* bytes of `report`: lines, each with its newline */

	/* Large: last. */
	uint32_t wchans_len;
	char wchan[SCENE_WCHANS_MAX][SCENE_WCHAN_BYTES];
	char report[SCENE_REPORT_BYTES];
	struct scene_process process[SCENE_PROCESSES_MAX];
};

/* "processes", "details", …: the record's word for one bit of enum scene_cut. */
const char *scene_cut_name(enum scene_cut bit);
