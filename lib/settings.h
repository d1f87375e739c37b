/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the policy wants of a container's own memory cgroup and processes, compared with what is
 * there: first a pure plan of writes, then thin writing and reading back. Ancestors are never
 * written.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "error.h"
#include "json.h"
#include "jsonw.h"
#include "memcg.h"
#include "policy.h"

enum setting_outcome {
	SETTING_UNCHANGED, /* it was so already */
	SETTING_APPLIED,   /* written and read back */
	SETTING_REFUSED,   /* the kernel or this cgroup lacks it, or the policy asks for nonsense */
	SETTING_FAILED     /* the write failed, or something else was read back */
};

/* One setting and what became of it; values as text in the kernel's own form. */
struct setting_result {
	const char *key;   /* the policy key's path: "settings.oomKiller" */
	char file[64];     /* what was written: "memory.oom_control", "oom_score_adj" */
	enum setting_outcome outcome;
	char old_value[48];
	char new_value[48];
	char reason[192];  /* why refused, failed, or worth knowing; else "" */
};

#define SETTINGS_MAX 12

struct settings_results {
	struct setting_result item[SETTINGS_MAX];
	size_t len;
	bool require_limit_failed; /* settings.limit {"require": true} and there is no limit */
};

/* What the kernel has now: the facts of the pure part. */
struct settings_facts {
	enum cgroup_version version;
	bool has_oom_control, oom_kill_disabled; /* v1 memory.oom_control */
	bool has_oom_group, oom_group;           /* v2 memory.oom.group */
	bool has_swap;                           /* memory.memsw.* or memory.swap.max is there */
	uint64_t limit, memsw_limit, swap_max;   /* bytes, MEMCG_NO_LIMIT: none */
	uint64_t usage;                          /* bytes */
	bool has_swappiness;
	int swappiness;
	bool has_score;
	int init_score, init_score_min_hint;     /* oom_score_adj now; hint: value it started with */
};

/* One write to be done, in order. */
struct settings_write {
	const char *key;
	const char *file;  /* in the cgroup, or "oom_score_adj" of the init */
	char value[48];
	char old_value[48];
	size_t result;     /* index of the setting_result it belongs to */
};

struct settings_plan {
	struct settings_write write[SETTINGS_MAX];
	size_t writes_len;
	struct settings_results results; /* filled for what needs no write; else outcome pending */
};

/*
 * Pure: which writes, in which order (v1 keeps limit ≤ memsw at every step: raise memsw before the
 * limit, lower the limit before memsw), and what is refused and why.
 */
void settings_plan(const struct profile *profile, const struct settings_facts *facts,
		   struct settings_plan *out);

/* Reads the facts of a container. */
int settings_facts_read(const struct memcg *memcg, int procfd, pid_t init,
			struct settings_facts *out, struct error *err);

/* Plans, writes, reads back. 0 even when single settings were refused: the results say so. */
int settings_apply(const struct profile *profile, const struct memcg *memcg, int procfd,
		   pid_t init, struct settings_results *out, struct error *err);

/*
 * The score a process of the container should have: the init's, a rule's by name, the workload's.
 * `current` is the base of relative values. False: leave it.
 */
bool settings_score_wanted(const struct profile *profile, bool is_init, const char *comm,
			   int current, int *wanted);

/* {"key", "file", "outcome", "old", "new", "reason"} in an array, and back. */
void settings_results_write(const struct settings_results *results, struct jsonw *w);
int settings_results_read(const struct json *array, struct settings_results *out,
			  struct error *err);
const char *setting_outcome_name(enum setting_outcome outcome);
