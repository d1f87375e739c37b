/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The plan: all that the shim needs to guard one incarnation of a container, decided by the hook
 * and frozen in plan.json. `status`, `list` and a later recovery read the same file.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "error.h"
#include "identity.h"
#include "json.h"
#include "memcg.h"
#include "policy_effective.h"
#include "settings.h"

/* How a restart can be done for this container; decided when it is created. */
enum restart_way {
	RESTART_NONE,	 /* not restartable: falls to kill; `why` says why */
	RESTART_RUNTIME, /* we run the runtime again */
	RESTART_MANAGER	 /* kill the init, the manager restarts it */
};

struct restart_plan {
	enum restart_way way;
	char *why;   /* the reason for the way, for people */
	char **argv; /* RESTART_RUNTIME: the `run` command, NULL-terminated, absolute path first */
	char **delete_argv; /* and the `delete` command */
	char *state_dir;    /* <root>/<id>: really this container as long as it stands */
};

#define PLAN_PROBLEMS_MAX 8

struct plan {
	struct identity identity;
	/* The incarnation: pid alone is never enough. */
	pid_t init_pid;
	uint64_t init_start_ticks;
	char boot_id[37];
	char created[32]; /* RFC 3339, UTC */
	enum cgroup_version cgroup_version;
	char *cgroup_dir; /* absolute, as the host sees it */
	/* The cgroup's counters before the user's program could run: what comes on top is new. */
	struct memcg_counters baseline;
	bool guarded;		  /* false: no shim is wanted or possible; the problems say why */
	bool cleanup_by_poststop; /* our poststop hook is registered: it removes the state */
	struct effective_policy *policy; /* owned */
	struct restart_plan restart;
	struct settings_results *settings; /* owned */
	/* What the runtime's caller had, for a restart to give it back to the new runtime. */
	int caller_score;
	mode_t caller_umask;
	char *caller_cgroups; /* text of /proc/PARENT/cgroup */
	/* What went wrong and did not stop us (failure open): shown by `oomguard status`. */
	char *problems[PLAN_PROBLEMS_MAX];
	size_t problems_len;
};

void plan_free(struct plan *plan);
/* Adds a problem in words; dropped silently when there are PLAN_PROBLEMS_MAX. */
void plan_problem(struct plan *plan, const char *format, ...) __attribute__((format(printf, 2, 3)));
/*
 * Annotations of the identity are not kept: the policy they led to is. A restart whose command is
 * not UTF-8 is kept as RESTART_NONE.
 */
int plan_write(int container_dirfd, const struct plan *plan, struct error *err);
/* Nothing is to be freed when it fails. A guarded plan has a policy, an init and a cgroup version.
 */
int plan_read(int container_dirfd, struct plan *out, struct error *err);
/* Without settings and policy (NULL): for whoever looks whose it is, or ends it. */
int plan_read_brief(int container_dirfd, struct plan *out, struct error *err);
const char *restart_way_name(enum restart_way way);
