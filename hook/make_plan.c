/* SPDX-License-Identifier: Apache-2.0 */
#include "make_plan.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "proc.h"
#include "read_all.h"
#include "restart_target.h"
#include "utc.h"

#define CGROUPS_MAX_BYTES (64 * 1024)

int plan_incarnation(struct hook *hook, const struct gathered *g)
{
	struct plan *plan = &hook->plan;
	struct proc_stat stat;

	utc_text(utc_now_ms(), plan->created);
	if (proc_boot_id(hook->procfd, plan->boot_id) < 0)
		plan->boot_id[0] = '\0';
	if (g->state.pid == 0)
		return hook_problem(hook, "the container's state names no process");
	if (proc_stat_read(hook->procfd, g->state.pid, &stat) < 0)
		return hook_problem(hook, "the container's process %d is gone", (int)g->state.pid);
	plan->init_pid = g->state.pid;
	plan->init_start_ticks = stat.start_ticks;
	return 0;
}

/* Sets `guarded`: without a cgroup there is nothing to watch. */
static int find_memcg(struct hook *hook, struct memcg *memcg)
{
	struct plan *plan = &hook->plan;
	struct cgroup_mounts mounts = {0};
	struct error err = {0};
	char text[1100];
	int r;

	if (!plan->init_pid)
		return 0;
	r = cgroup_mounts_read(hook->procfd, &mounts, &err);
	if (r == 0)
		r = memcg_open(hook->procfd, &mounts, plan->init_pid, memcg, &err);
	cgroup_mounts_free(&mounts);
	if (r < 0) {
		*memcg = (struct memcg){.dirfd = -1, .freezer = -1};
		return hook_problem(hook, "the container's memory cgroup: %s",
				    error_text(&err, text, sizeof(text)));
	}
	free(plan->identity.cgroup);
	plan->identity.cgroup = strdup(memcg->path);
	plan->cgroup_dir = strdup(memcg->dir);
	if (!plan->identity.cgroup || !plan->cgroup_dir)
		return -ENOMEM;
	plan->cgroup_version = memcg->version;
	memcg_counters_read(memcg, &plan->baseline);
	plan->guarded = true;
	return 0;
}

static int resolve_policy(struct hook *hook, const struct gathered *g)
{
	const struct policy_document *builtin;
	struct plan *plan = &hook->plan;
	struct error err = {0};
	char text[1100];
	int r;

	plan->policy = effective_policy_new();
	if (!plan->policy)
		return -ENOMEM;
	if (policy_effective(g->policy, &plan->identity, plan->policy, &err) == 0)
		return 0;
	r = hook_problem(hook, "the policy cannot be resolved%s: %s",
			 hook->args.closed ? "" : ", the built-in default takes its place",
			 error_text(&err, text, sizeof(text)));
	if (r < 0)
		return r;
	builtin = &(const struct policy_document){.host = host_policy_builtin};
	memset(plan->policy, 0, sizeof(*plan->policy));
	return policy_effective(builtin, &plan->identity, plan->policy, &err);
}

static int resolve_restart(struct hook *hook, const struct gathered *g)
{
	struct plan *plan = &hook->plan;
	const struct identity *id = &plan->identity;
	struct restart_facts facts = {
	    .via = plan->policy->profile.restart.via,
	    .id = id,
	    .cmd = g->cmd.name ? &g->cmd : NULL,
	    .runtime = g->runtime,
	    .start_dir = g->start_dir,
	    .state_dir_stands = id->runtime_root[0] && runtime_knows(id->runtime_root, id->id),
	    .terminal = g->config.terminal,
	};

	return restart_target(&facts, &plan->restart, NULL);
}

/* What a rerun has to give back to the runtime, since the shim has other values of its own. */
static int read_caller(struct hook *hook, const struct gathered *g)
{
	struct plan *plan = &hook->plan;
	char path[64];
	size_t len;

	if (proc_score_read(hook->procfd, g->parent, &plan->caller_score) < 0)
		plan->caller_score = 0;
	if (proc_umask_read(hook->procfd, g->parent, &plan->caller_umask) < 0)
		plan->caller_umask = 022;
	snprintf(path, sizeof(path), "%d/cgroup", (int)g->parent);
	if (read_all_at(hook->procfd, path, CGROUPS_MAX_BYTES, &plan->caller_cgroups, &len) < 0)
		plan->caller_cgroups = strdup("");
	return plan->caller_cgroups ? 0 : -ENOMEM;
}

int make_plan(struct hook *hook, const struct gathered *g, struct memcg *memcg)
{
	struct plan *plan = &hook->plan;
	int r;

	*memcg = (struct memcg){.dirfd = -1, .freezer = -1};
	plan->cleanup_by_poststop = g->config.has_poststop_hook;
	hook->given = (struct settings_given){g->config.has_score, g->config.score};
	r = find_memcg(hook, memcg);
	if (r == 0)
		r = resolve_policy(hook, g);
	if (r == 0)
		r = resolve_restart(hook, g);
	if (r == 0)
		r = read_caller(hook, g);
	if (r < 0 && r != -ECANCELED)
		hook_problem(hook, "no plan: %s", strerrordesc_np(-r));
	if (r == 0 && plan->policy->disabled) {
		plan->guarded = false;
		hook_note(hook, "not guarded: switched off by the annotation oomguard.io/disable");
	}
	return r;
}

int make_settings(struct hook *hook, const struct memcg *memcg)
{
	struct plan *plan = &hook->plan;
	struct error err = {0};
	char text[1100];

	plan->settings = calloc(1, sizeof(*plan->settings));
	if (!plan->settings)
		return -ENOMEM;
	if (!plan->guarded)
		return 0;
	if (settings_apply(&plan->policy->profile, memcg, hook->procfd, plan->init_pid,
			   &hook->given, plan->settings, &err) < 0)
		return hook_problem(hook, "settings: %s", error_text(&err, text, sizeof(text)));
	if (plan->settings->require_limit_failed)
		return hook_problem(hook, "the policy requires a memory limit and there is none");
	return 0;
}
