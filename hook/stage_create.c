/* SPDX-License-Identifier: Apache-2.0 */
/* createRuntime and prestart: decide, apply, freeze the plan, start the shim. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"
#include "container.h"
#include "deadline.h"
#include "dry_run.h"
#include "gather.h"
#include "history.h"
#include "hook.h"
#include "launch.h"
#include "make_plan.h"
#include "measure.h"
#include "report.h"
#include "shim_of.h"

static bool same_incarnation(const struct plan *a, const struct plan *b)
{
	return a->init_pid && a->init_pid == b->init_pid &&
	       a->init_start_ticks == b->init_start_ticks && !strcmp(a->boot_id, b->boot_id);
}

/* Leaves the lock files: ours is held. */
static void wipe(int dir)
{
	static const char *const files[] = {STATE_PLAN, STATE_STATUS, STATE_EVENTS,
					    STATE_EVENTS ".1", STATE_CANCELLED};

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		unlinkat(dir, files[i], 0);
}

static int told(struct hook *hook, int r, const struct error *err)
{
	char text[1100];

	return r == 0 ? 0 : hook_problem(hook, "%s", error_text(err, text, sizeof(text)));
}

static int start_shim(struct hook *hook, const struct container *container)
{
	struct error err = {0};
	int r = launch_shim(hook->root.path, container->key, deadline_left_ms(), &err);

	return told(hook, r, &err);
}

/*
 * What an earlier incarnation left. Its shim is ended, unless it is the one that runs us just now:
 * then it leaves by itself, and its journal and a `cancelled` go on.
 */
static int replace_old(struct hook *hook, const struct container *container, const struct plan *old)
{
	int r;

	if (shim_runs_us(hook, getppid(), container->key) ||
	    (old && shim_restarting(hook, container->dir, old)))
		return 0;
	r = shim_end(hook, container->dir, NULL);
	if (r < 0)
		return hook_problem(hook, "the shim of the container's last run does not end");
	/* The runtime makes it again, so it was deleted, and poststop did not come to it. */
	if (old)
		forget_history(&hook->root, old);
	wipe(container->dir);
	return 0;
}

/* Decides, writes the settings and freezes the plan. */
static int settle(struct hook *hook, const struct gathered *g, const struct container *container)
{
	struct memcg memcg = {.dirfd = -1, .freezer = -1};
	struct error err = {0};
	char text[1100];
	int r = make_plan(hook, g, &memcg);

	if (r == 0)
		r = make_settings(hook, &memcg);
	if (memcg.dirfd >= 0)
		memcg_close(&memcg);
	if (r < 0)
		return r;
	return plan_write(container->dir, &hook->plan, &err) == 0
		   ? 0
		   : hook_problem(hook, "%s", error_text(&err, text, sizeof(text)));
}

/* What has time while the shim arms. */
static void tell_and_tidy(struct hook *hook, const struct container *container)
{
	report_created(hook, container->dir);
	measure_refused(&hook->root, &hook->plan);
	container_prune(hook, container);
	history_prune(&hook->root);
}

/* The shim on its way since before the container was looked at. */
struct upcoming {
	struct launch launch;
	int begun; /* 0, or why it is not */
	struct error err;
};

static int guard(struct hook *hook, const struct gathered *g, const struct container *container,
		 struct upcoming *shim)
{
	struct error err = {0};
	size_t problems;
	int r = settle(hook, g, container);

	if (r < 0)
		return r;
	problems = hook->plan.problems_len;
	if (hook->plan.guarded && shim->begun == 0)
		shim->begun = launch_go(&shim->launch, &shim->err);
	tell_and_tidy(hook, container);
	if (!hook->plan.guarded)
		return 0;
	if (shim->begun == 0)
		r = told(hook, launch_wait(&shim->launch, deadline_left_ms(), &err), &err);
	else
		r = told(hook, shim->begun, &shim->err);
	return r < 0 ? r : hook_keep_problems(hook, container->dir, problems);
}

static bool has_problem(const struct plan *plan, const char *problem)
{
	for (size_t i = 0; i < plan->problems_len; i++)
		if (!strcmp(plan->problems[i], problem))
			return true;
	return false;
}

/*
 * A second run for the same incarnation, as when prestart and createRuntime are both registered.
 * The first run's plan holds, with what only this run has stumbled over.
 */
static int again(struct hook *hook, const struct container *container, struct plan *old)
{
	struct plan own = hook->plan;
	size_t problems = old->problems_len;
	int r = 0;

	hook->plan = *old;
	*old = (struct plan){0};
	for (size_t i = 0; i < own.problems_len; i++)
		if (!has_problem(&hook->plan, own.problems[i]))
			plan_problem(&hook->plan, "%s", own.problems[i]);
	plan_free(&own);
	if (hook->plan.guarded && !state_locked(container->dir, STATE_SHIM_LOCK))
		r = start_shim(hook, container);
	return r < 0 ? r : hook_keep_problems(hook, container->dir, problems);
}

static int with_directory(struct hook *hook, const struct gathered *g,
			  const struct container *container, struct upcoming *shim)
{
	struct plan old = {0};
	bool has_old = plan_read(container->dir, &old, NULL) == 0;
	int r;

	if (has_old && same_incarnation(&old, &hook->plan)) {
		r = again(hook, container, &old);
	} else {
		r = replace_old(hook, container, has_old ? &old : NULL);
		if (r == 0)
			r = guard(hook, g, container, shim);
	}
	if (has_old)
		plan_free(&old);
	return r;
}

static int take_directory(struct hook *hook, struct container *container)
{
	struct error err = {0};
	char text[1100];
	int r = hook_root(hook, true, &err);

	if (r == 0)
		r = container_make(hook, container, &err);
	if (r == 0)
		return 0;
	hook_problem(hook, "%s", error_text(&err, text, sizeof(text)));
	return r;
}

static int create(struct hook *hook, const struct gathered *g, struct container *container,
		  struct upcoming *shim)
{
	int r = take_directory(hook, container);

	if (r < 0)
		return r;
	r = with_directory(hook, g, container, shim);
	/* A refused container leaves nothing behind. */
	if (r < 0 && hook->args.closed) {
		shim_dismiss(hook, container->dir);
		state_container_remove(&hook->root, container->key, NULL);
	}
	return r;
}

/* Nothing is written, nothing is started. */
static int only_tell(struct hook *hook, const struct gathered *g)
{
	struct memcg memcg;
	int r = make_plan(hook, g, &memcg);

	if (r == 0)
		r = dry_run_create(hook, &memcg);
	if (memcg.dirfd >= 0)
		memcg_close(&memcg);
	return r;
}

/*
 * The shim comes up while we decide: both take about as long. Where it turns out that there is
 * nothing to guard it is let go, and has changed nothing.
 */
static void begin_shim(struct hook *hook, const struct gathered *g, struct container *container,
		       struct upcoming *shim)
{
	container_name(container, g->state.id, hook->plan.identity.runtime_root);
	/* What fails here fails again where it is told. */
	if (!hook->args.dry_run && !gather_says_sandbox(g) &&
	    hook_root(hook, true, &shim->err) == 0)
		shim->begun = launch_begin(hook->root.path, container->key, g->state.pid,
					   &shim->launch, &shim->err);
}

static int gather(struct hook *hook, struct gathered *g, struct container *container,
		  struct upcoming *shim)
{
	int r = gather_host(hook, g);

	if (r < 0)
		return r;
	begin_shim(hook, g, container, shim);
	r = gather_container(hook, g);
	if (r == 0 && !hook->plan.identity.sandbox)
		r = plan_incarnation(hook, g);
	return r;
}

int stage_create(struct hook *hook)
{
	struct upcoming shim = {.launch = LAUNCH_NONE, .begun = -ECANCELED};
	struct container container;
	struct gathered gathered;
	int r = gather_state(hook, &gathered);

	container_init(&container);
	if (r == 0)
		r = gather(hook, &gathered, &container, &shim);
	if (r == 0 && !hook->plan.identity.sandbox)
		r = hook->args.dry_run ? only_tell(hook, &gathered)
				       : create(hook, &gathered, &container, &shim);
	launch_close(&shim.launch);
	container_close(&container);
	gathered_free(&gathered);
	return r;
}
