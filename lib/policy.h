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
#define POLICY_PATH_MAX 1024

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
	} settings;
	enum policy_action on_oom[OOM_SLOT_COUNT];
	uint64_t respawn_grace_ms;
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

/* The names used in JSON, in journals, in incidents and in the manual: "init", "report", … */
const char *oom_slot_name(enum oom_slot slot);
const char *policy_action_name(enum policy_action action);
