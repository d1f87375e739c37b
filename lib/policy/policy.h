/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a policy says, once it is resolved for one container. The values only: reading files is
 * policy_load.h, the table of all keys is policy_keys.h, picking by rules and annotations is
 * policy_effective.h, turning sizes and scores into writes is settings.h.
 *
 * Sizes in bytes, times in milliseconds. All of it is plain data without pointers to the outside,
 * so that the decision can be tested by filling in a struct.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define POLICY_VERSION 1
#define POLICY_PROFILE_MAX 64 /* bytes of a profile's name with its NUL */
#define POLICY_ERE_MAX 256    /* bytes of a regular expression with its NUL */
#define POLICY_SCORE_RULES_MAX 16
#define POLICY_RUNTIMES_MAX 16
#define POLICY_PATH_MAX 256 /* bytes of a path with its NUL */

/* Where the OOM happened and whom it hit: one slot of "onOom" each. */
enum oom_slot {
	OOM_SLOT_INIT,	   /* the container's init was killed, at the container's own limit */
	OOM_SLOT_PROCESS,  /* another process was killed, init lives */
	OOM_SLOT_GROUP,	   /* memory.oom.group: all of it was killed */
	OOM_SLOT_ANCESTOR, /* the limit that was hit belongs to a cgroup above the container */
	OOM_SLOT_GLOBAL,   /* the host was out of memory */
	OOM_SLOT_UNKNOWN,  /* killed, and nothing tells how */
	OOM_SLOT_COUNT
};

enum policy_action { POLICY_REPORT, POLICY_KILL, POLICY_RESTART };
enum policy_switch { SWITCH_LEAVE, SWITCH_ON, SWITCH_OFF };
enum restart_via { RESTART_VIA_AUTO, RESTART_VIA_RUNTIME, RESTART_VIA_MANAGER };
enum give_up { GIVE_UP_KILL, GIVE_UP_LEAVE };

/* "leave", 512MiB, or 25% (of the container's limit). */
struct size_spec {
	enum { SIZE_LEAVE, SIZE_BYTES, SIZE_PERCENT } kind;
	uint64_t bytes;	       /* SIZE_BYTES */
	uint32_t millipercent; /* SIZE_PERCENT: 25% is 25000 */
};

/* "leave", 500, or "+100" (added to what the process has). */
struct score_spec {
	enum { SCORE_LEAVE, SCORE_ABSOLUTE, SCORE_RELATIVE } kind;
	int value;
};

/* {"name": ERE, "value": N}: processes of the container by their name (comm). */
struct score_rule {
	char name[POLICY_ERE_MAX];
	struct score_spec value; /* never SCORE_LEAVE */
};

struct score_rules {
	size_t len;
	struct score_rule rule[POLICY_SCORE_RULES_MAX];
};

/* "leave", {"default": SIZE}, {"require": true}. */
struct limit_spec {
	enum { LIMIT_LEAVE, LIMIT_DEFAULT, LIMIT_REQUIRE } kind;
	uint64_t bytes; /* LIMIT_DEFAULT */
};

/* A list of extended regular expressions over process names (comm). */
#define POLICY_ERES_MAX 8
struct ere_list {
	size_t len;
	char ere[POLICY_ERES_MAX][POLICY_ERE_MAX];
};

/* What is tried, one after the other, until the container runs again. */
enum ladder_rung {
	RUNG_ENABLE_OOM_KILLER, /* v1: write 0 to memory.oom_control */
	RUNG_KILL_LARGEST,	/* the largest process, chosen by memory and `victims` */
	RUNG_RAISE_LIMIT,	/* for a short time, so that a dying process can exit */
	RUNG_KILL,		/* all of the container */
	RUNG_REPORT		/* nothing more: say so */
};
#define POLICY_RUNGS_MAX 8
struct ladder {
	size_t len;
	enum ladder_rung rung[POLICY_RUNGS_MAX];
};

/* What is done when the limit comes near. */
enum near_kind { NEAR_REPORT, NEAR_SNAPSHOT, NEAR_SIGNAL, NEAR_RESCORE, NEAR_KILL_LARGEST };
struct near_action {
	enum near_kind kind;
	int signal; /* NEAR_SIGNAL: as in kill.signal */
};
#define POLICY_NEAR_ACTIONS_MAX 8
struct near_actions {
	size_t len;
	struct near_action action[POLICY_NEAR_ACTIONS_MAX];
};
enum near_of { NEAR_OF_WORKING_SET, NEAR_OF_USAGE };

struct profile {
	struct {
		enum policy_switch oom_killer; /* SWITCH_ON or SWITCH_LEAVE */
		enum policy_switch oom_group;
		struct score_spec score_init;
		struct score_spec score_workload;
		struct score_rules score_rules;
		struct size_spec swap; /* what may be used beyond the limit */
		int swappiness;	       /* 0..100, -1: leave */
		struct limit_spec limit;
		int keep;	   /* 1: put back what somebody else changed; 0: leave it */
		int empty_on_exit; /* 1: empty the cgroup that stands when all processes are gone */
		int add_init;	   /* 1: oomguard-init is put in front of the program */
	} settings;
	enum policy_action on_oom[OOM_SLOT_COUNT];
	uint64_t respawn_grace_ms;
	struct {
		uint64_t after_ms;	 /* a stall must have lasted so long */
		uint32_t pressure_share; /* of time that all wait, in thousandths of a percent */
		uint64_t pressure_for_ms;
		struct ladder ladder;
	} on_stall;
	struct {
		struct ere_list prefer; /* by name: these first */
		struct ere_list avoid;	/* and these only when no other is left */
	} victims;
	struct {
		uint32_t at; /* thousandths of a percent of the limit; 0: off */
		enum near_of of;
		struct near_actions actions;
		char process[POLICY_ERE_MAX]; /* who gets the signal; "": the init */
		uint64_t rearm_ms;
	} on_near_limit;
	struct {
		uint32_t above; /* this many zombies; 0: off */
		enum policy_action action;
	} on_zombies;
	struct {
		enum restart_via via;
		uint32_t max; /* restarts within the window */
		uint64_t within_ms;
		uint64_t backoff_initial_ms;
		double backoff_factor; /* >= 1 */
		uint64_t backoff_max_ms;
		enum give_up give_up;
	} restart;
	struct {
		int signal;
		uint64_t grace_ms; /* 0 only with SIGKILL */
	} kill;
	struct {
		uint64_t budget_ms; /* longest delay of the action for evidence; 0: act first */
	} evidence;
};

/* Of the host, not of a profile. */
struct host_policy {
	uint32_t max_concurrent_restarts;
	size_t runtimes_len;
	char runtimes[POLICY_RUNTIMES_MAX][POLICY_PATH_MAX]; /* absolute paths */
};

/* The built-in default: what holds when there is no policy file. */
extern const struct profile profile_builtin;
extern const struct host_policy host_policy_builtin;

/*
 * What a size and a score come to, for hook and wrapper alike. A share is of `whole` bytes; false
 * when it leaves the range. "leave" is `base`; a relative score is added to it and never reaches
 * -1000, which exempts from the OOM killer: only the policy's own word does that.
 */
bool size_spec_bytes(const struct size_spec *spec, uint64_t whole, uint64_t *bytes);
int score_spec_value(const struct score_spec *spec, int base);

/* The names used in JSON, in journals, in incidents and in the manual: "init", "report", … */
const char *oom_slot_name(enum oom_slot slot);
const char *policy_action_name(enum policy_action action);
const char *ladder_rung_name(enum ladder_rung rung);
