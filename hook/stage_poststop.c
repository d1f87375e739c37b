/* SPDX-License-Identifier: Apache-2.0 */
/* poststop: the container is gone; its shim goes, and its state. Incidents stay. */
#include <errno.h>
#include <unistd.h>

#include "cleanup.h"
#include "container.h"
#include "dry_run.h"
#include "gather.h"
#include "hook.h"
#include "shim_of.h"

/*
 * Only a shim that may run the container again is waited for: what it writes of that is removed
 * here. Of any other the runtime need not pay for its way out.
 */
static int end_shim(struct hook *hook, const struct container *container, bool own)
{
	if (own)
		return shim_end(hook, container->dir, &hook->plan);
	if (hook->plan.guarded && hook->plan.restart.way != RESTART_RUNTIME)
		return shim_see_off(hook, container->dir);
	return shim_end(hook, container->dir, NULL);
}

static int clean_up(struct hook *hook, const struct container *container)
{
	bool has_plan = plan_read_brief(container->dir, &hook->plan, NULL) == 0;
	struct error err = {0};
	char text[1100];
	bool own;

	if (hook->args.dry_run)
		return dry_run_poststop(hook, container);
	own = shim_runs_us(hook, getppid(), container->key);
	/* The shim's own delete on the way to the next incarnation, whose shim does not end. The
	 * user's delete meanwhile ends it. */
	if (own && has_plan && shim_restarting(hook, container->dir, &hook->plan))
		return 0;
	if (end_shim(hook, container, own) < 0)
		hook_problem(hook, "the shim does not end");
	/* Its own run failed half-way: it tries again, with the same journal and the same budget.
	 */
	if (own)
		return 0;
	if (has_plan)
		forget_history(&hook->root, &hook->plan);
	if (state_container_remove(&hook->root, container->key, &err) < 0)
		hook_problem(hook, "%s", error_text(&err, text, sizeof(text)));
	return 0;
}

int stage_poststop(struct hook *hook)
{
	struct container container;
	struct gathered gathered;
	struct error err = {0};
	char text[1100];
	int r = gather_state(hook, &gathered);

	container_init(&container);
	if (r == 0) {
		r = container_of_state(hook, &gathered, false, &container, &err);
		if (r == 0)
			clean_up(hook, &container);
		else if (r != -ENOENT)
			hook_problem(hook, "%s", error_text(&err, text, sizeof(text)));
	}
	container_close(&container);
	gathered_free(&gathered);
	return 0;
}
