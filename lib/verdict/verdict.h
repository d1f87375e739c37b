/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Why did it run out of memory? A table of rules over what is known of one event. Pure: the facts
 * come from an incident's record (verdict_record.h) or from a kernel log that was read, and what
 * neither tells stays unknown. A rule speaks only where the figures it needs are known; where a
 * figure that would settle it is missing, it says so by a lower confidence.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "jsonw.h"

/* A number that may be unknown; all zero is unknown. */
struct figure {
	bool known;
	uint64_t n;
};
#define FIGURE(value) ((struct figure){true, (value)})
#define FIGURE_NO_LIMIT UINT64_MAX /* a limit that is known not to be there */

/* Yes, no, or unknown; all zero is unknown. */
enum fact { FACT_UNKNOWN, FACT_NO, FACT_YES };

enum verdict_event { VERDICT_OF_OOM, VERDICT_OF_STALL, VERDICT_OF_NEAR_LIMIT };

/* Whose limit was hit, seen from the container. */
enum verdict_whose {
	WHOSE_UNKNOWN,
	WHOSE_OWN,
	WHOSE_ANCESTOR, /* a cgroup above it: the pod, a slice */
	WHOSE_HOST,	/* no limit: the machine was out of memory */
	WHOSE_NODES	/* the memory nodes of a cpuset or a memory policy were */
};

/* A process of the container at the event. Sizes in bytes. Text is hostile and borrowed. */
struct verdict_process {
	int pid;
	const char *comm;  /* never NULL */
	char state;	   /* as in /proc/PID/stat; 0: unknown */
	const char *wchan; /* the kernel function it sleeps in, or NULL */
	struct figure rss; /* all of it; needed only where the parts are unknown */
	struct figure anon, shmem, swap;
	struct figure threads;
	bool has_score;
	int oom_score_adj;
	enum fact init; /* is it the container's PID 1? */
};

/* A process the kernel killed in this event. */
struct verdict_victim {
	int pid;
	const char *comm;
	struct figure rss; /* when it was killed */
	bool has_score;
	int oom_score_adj;
	enum fact init;
};

/* The inside of one of the largest processes. */
struct verdict_detail {
	int pid;
	const char *comm;
	struct figure rss;
	struct figure arenas;	   /* heaps that glibc's malloc made for threads */
	struct figure arena_bytes; /* resident in them */
};

/* Zombies below one parent. */
struct verdict_zombies {
	int parent_pid;
	const char *comm;
	uint64_t count;
};

/* One reading before the event. */
struct verdict_sample {
	uint64_t age_ms; /* how long before the event */
	struct figure usage, anon, file, shmem, kernel, swap;
};

/* Memory that one cgroup is charged with, in bytes. */
struct verdict_memory {
	struct figure usage, anon, file, inactive_file, active_file, shmem, kernel;
	struct figure slab_reclaimable, slab_unreclaimable, kernel_stack, page_tables, sock;
	struct figure working_set, reclaimable;
	struct figure swap_usage;
};

/* All is borrowed for as long as verdicts are asked for. */
struct verdict_facts {
	enum verdict_event event;
	enum verdict_whose whose;
	const char *hit_cgroup; /* the one whose limit was hit; NULL: unknown */
	/*
	 * The limit that was hit: the cgroup's, the host's memory where whose is WHOSE_HOST. With
	 * WHOSE_UNKNOWN the container's own one.
	 */
	struct figure limit;
	struct figure own_limit;      /* FIGURE_NO_LIMIT: none */
	struct figure swap_limit;     /* the container's, beyond own_limit; FIGURE_NO_LIMIT: none */
	struct figure high;	      /* v2 memory.high; FIGURE_NO_LIMIT: none */
	struct figure since_armed_ms; /* from the container's start to the event */
	struct verdict_memory memory; /* the container's, from a log that of hit_cgroup */
	struct figure host_total, host_available, host_swap_total, host_swap_free;
	struct figure pressure_full_percent; /* avg10, whole percent */
	struct figure kills;		     /* counted by the kernel */

	/* The largest and the oddest come first; `processes_more` are not in the list. */
	const struct verdict_process *processes;
	size_t processes_len;
	struct figure processes_more; /* unknown: nobody knows whether the list is whole */
	const struct verdict_victim *victims;
	size_t victims_len;
	const struct verdict_detail *details;
	size_t details_len;
	const struct verdict_zombies *zombies;
	size_t zombies_len;
	const struct verdict_sample *timeline; /* oldest first */
	size_t timeline_len;
	/* Processes that SIGKILL did not end, still there when the wait for them was over. */
	const struct verdict_process *unkilled;
	size_t unkilled_len;

	enum fact init_alive;	       /* after the kernel's kills, before anything of ours */
	enum fact killer_off;	       /* memory.oom_control of the container: oom_kill_disable */
	enum fact ancestor_killer_off; /* of the one above, whose limit was hit */
	enum fact nothing_killable;    /* the kernel found no process that it may kill */
	enum fact group_kill;	       /* memory.oom.group: the kernel killed all together */
	enum fact thrashing;	       /* a stall of kind "pressure" */
	enum fact zombie_stall;	       /* a stall of kind "zombies" */
	struct figure restarts_used, restarts_max, restarts_within_ms;
	enum fact gave_up;		     /* no restart was left */
	struct figure left_shmem, left_file; /* still charged when all processes were gone */
	enum fact restart_useless;	     /* it was seen that a restart cannot help */
};

/* How sure a verdict is. */
enum verdict_confidence {
	VERDICT_POSSIBLE, /* fits; a figure that would settle it is missing */
	VERDICT_LIKELY,	  /* the figures say so; another reading is thinkable */
	VERDICT_CERTAIN	  /* the kernel or a counter says so itself */
};

/* What a verdict is about. */
enum verdict_role {
	VERDICT_CAUSE,	/* why memory ran out */
	VERDICT_EFFECT, /* what it did to the container */
	VERDICT_NOTE	/* what is not the cause */
};

enum verdict_unit {
	UNIT_BYTES,
	UNIT_BYTES_PER_SECOND,
	UNIT_PERCENT,
	UNIT_MS,
	UNIT_COUNT, /* `of` names what was counted: "processes" */
	UNIT_SCORE, /* oom_score_adj; value is an int64_t in two's complement */
	UNIT_WORD   /* no number: `of` is all */
};

#define VERDICT_FIGURES_MAX 6
struct verdict_figure {
	const char *what; /* "largest process" */
	enum verdict_unit unit;
	uint64_t value;
	char of[96]; /* a process' name and pid, a cgroup, what was counted; hostile; "" none */
};

struct verdict {
	const char *name;  /* "one-process-too-large" */
	const char *title; /* a sentence without its full stop */
	enum verdict_role role;
	enum verdict_confidence confidence;
	struct verdict_figure figures[VERDICT_FIGURES_MAX];
	size_t figures_len;
	char advice[768];     /* what to do */
	const char *disproof; /* what would show it to be wrong */
};

#define VERDICTS_MAX 40
struct verdicts {
	struct verdict items[VERDICTS_MAX]; /* the one to act on first; causes, effects, notes */
	size_t len;
};

/* Asks every rule. None may apply: then nothing is said. */
void verdicts_find(const struct verdict_facts *facts, struct verdicts *out);

/* "possible", "likely", "certain"; "cause", "effect", "note". */
const char *verdict_confidence_name(enum verdict_confidence confidence);
const char *verdict_role_name(enum verdict_role role);

/* "812 MiB", "1.2 MiB/s", "12 processes". Without `what` and without the name in `of`. */
const char *verdict_value_text(const struct verdict_figure *figure, char *buf, size_t cap);
/* "largest process: 812 MiB (java, pid 77)", not escaped. */
const char *verdict_figure_text(const struct verdict_figure *figure, char *buf, size_t cap);

/* Writes the array of verdicts as the value of `key`. */
void verdicts_write(struct jsonw *w, const char *key, const struct verdicts *verdicts);

/* What of a process no other one shares: anonymous, shared memory and swap; rss where only that is
 * known. */
struct figure verdict_footprint(const struct verdict_process *process);
