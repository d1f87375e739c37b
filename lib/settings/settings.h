/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the policy wants of a container's own memory cgroup and processes, compared with what is
 * there: first a pure plan of writes, then thin writing and reading back. Ancestors are never
 * written.
 */
#pragma once

#include <regex.h>
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
	SETTING_FAILED,    /* the write failed, or something else was read back */
	SETTING_LATER      /* not yet due: the reason says when */
};

/* The keys a result can have: paths of the policy. */
#define SETTING_OOM_KILLER "settings.oomKiller"
#define SETTING_OOM_GROUP "settings.oomGroup"
#define SETTING_LIMIT "settings.limit"
#define SETTING_SWAP "settings.swap"
#define SETTING_SWAPPINESS "settings.swappiness"
#define SETTING_SCORE_INHERITED "settings.oomScoreAdj" /* the init came with its manager's */
#define SETTING_SCORE_WORKLOAD "settings.oomScoreAdj.workload"
#define SETTING_SCORE_INIT "settings.oomScoreAdj.init"
#define SETTING_SCORE_RULES "settings.oomScoreAdj.rules"

/* One setting and what became of it; values as text in the kernel's own form. */
struct setting_result {
	const char *key;   /* one of SETTING_…; static */
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
	/* settings.limit {"require": true} and there is no limit; for the hook, not in the JSON */
	bool require_limit_failed;
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
	int init_score;                          /* oom_score_adj now */
	bool has_config_score;                   /* config.json names one: */
	int config_score;
	uint64_t page_size;                      /* the kernel rounds sizes down to whole pages */
};

/* One write to be done, in order. */
struct settings_write {
	const char *key;
	const char *file;  /* in the cgroup, or "oom_score_adj" of the init */
	char value[48];
	char old_value[48];
	const char *note;  /* the result's reason once it is done; may be NULL */
	size_t result;     /* index of the setting_result it belongs to */
};

struct settings_plan {
	struct settings_write write[SETTINGS_MAX];
	size_t writes_len;
	struct settings_results results; /* filled for what needs no write; else outcome pending */
};

/*
 * Pure: which writes, in which order (v1 keeps limit ≤ memsw at every step), and what is refused
 * and why.
 *
 * A score that the container only has because its manager has it is raised whatever the profile
 * says: below what config.json names, or, where it names none, so low as only managers protect
 * themselves (-1000 to -998). What config.json names, else 0, is then the base of the profile's
 * relative scores. Raising needs no capability.
 */
void settings_plan(const struct profile *profile, const struct settings_facts *facts,
		   struct settings_plan *out);

/* Reads the facts of a container. */
int settings_facts_read(const struct memcg *memcg, int procfd, pid_t init,
			struct settings_facts *out, struct error *err);

/* What config.json says, as far as it matters here. */
struct settings_given {
	bool has_score;
	int score; /* process.oomScoreAdj */
};

/* Adds it to the facts. */
void settings_facts_given(struct settings_facts *facts, const struct settings_given *given);

/* Plans, writes, reads back. 0 even when single settings were refused: the results say so. */
int settings_apply(const struct profile *profile, const struct memcg *memcg, int procfd,
		   pid_t init, const struct settings_given *given, struct settings_results *out,
		   struct error *err);
/*
 * The same once more on a running container. Scores are not touched, because by now init and
 * workload have their own: their results are taken over from `earlier`.
 */
int settings_reapply(const struct profile *profile, const struct memcg *memcg, int procfd,
		     pid_t init, const struct settings_results *earlier,
		     struct settings_results *out, struct error *err);

/*
 * Which oom_score_adj a process of the container should have. Relative values ("+100") count from
 * `base`, what the init had before the hook wrote anything: counted from the value of the moment
 * they would grow with every look. They never reach -1000, which only an absolute value does.
 *
 * A name (comm) is chosen by the process itself, so a rule by name with a low value is open to
 * every process of the container.
 */
struct score_matcher {
	const struct profile *profile; /* borrowed */
	int base;
	size_t len;
	regex_t rule[POLICY_SCORE_RULES_MAX];
};

/* Compiles the rules' names; a large struct. -EINVAL names the expression that is none. */
int score_matcher_init(struct score_matcher *matcher, const struct profile *profile, int base,
		       struct error *err);
void score_matcher_free(struct score_matcher *matcher);

/* Has the policy any say on scores, so that somebody has to look at the processes later? */
bool settings_scores_wanted(const struct profile *profile);

/* `base` as the results of settings_apply() tell it. False: they do not. */
bool settings_score_base(const struct settings_results *results, int *base);

/* The first rule whose name fits, or -1. */
int settings_score_rule(const struct score_matcher *matcher, const char *comm);

/*
 * An own value of the init comes first, then the rule (-1: none), then the workload's value; an
 * init left alone gets its `base` back. False: leave it.
 */
bool settings_score_wanted(const struct score_matcher *matcher, bool is_init, int rule,
			   int *wanted);

/*
 * Sets the scores of all processes of the subtree, as they are now. An init that is alone keeps the
 * workload's value, so that its first child inherits it: then the outcome is SETTING_LATER.
 * `scratch` holds process ids; those that find no room are left for the next time.
 * Returns how many processes were written, or a negative errno. *out (may be NULL) gets a result
 * for each of SETTING_SCORE_… that the policy sets.
 *
 * No allocation and no message, but for the rules: glibc's regexec() allocates. So this is no work
 * for the time between an OOM and the action.
 */
int settings_scores_apply(const struct score_matcher *matcher, const struct memcg *memcg,
			  int procfd, pid_t init, pid_t *scratch, size_t scratch_len,
			  struct settings_results *out);

/*
 * The same for single processes that the kernel told of: children that the init forked, and the
 * init itself where it has to get its own value. *missed: a child has ended, or had children of its
 * own before; they may have inherited the init's value, and only a look at all finds them.
 */
int settings_scores_forked(const struct score_matcher *matcher, const struct memcg *memcg,
			   int procfd, pid_t init, const pid_t *children, size_t len, bool *missed,
			   struct settings_results *out);

/* {"key", "file", "outcome", "old", "new", "reason"} in an array, and back. */
void settings_results_write(const struct settings_results *results, struct jsonw *w);
int settings_results_read(const struct json *array, struct settings_results *out,
			  struct error *err);
const char *setting_outcome_name(enum setting_outcome outcome);
