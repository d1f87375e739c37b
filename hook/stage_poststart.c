/* SPDX-License-Identifier: Apache-2.0 */
/*
 * poststart: what createRuntime did is looked at once more and corrected. When it comes is up to
 * the runtime, before the user's program or long after it, so nothing depends on it.
 */
#include <errno.h>
#include <string.h>

#include "cleanup.h"
#include "container.h"
#include "deadline.h"
#include "dry_run.h"
#include "gather.h"
#include "hook.h"
#include "incarnation.h"
#include "launch.h"
#include "measure.h"
#include "memcg.h"
#include "report.h"

/* A setting that had to be written again was changed by somebody since. */
static int correct_settings(struct hook *hook, const struct container *container)
{
	struct memcg memcg = {.dirfd = -1, .freezer = -1};
	struct plan *plan = &hook->plan;
	struct settings_results now;
	struct error err = {0};
	char text[1100];
	unsigned drifts = 0;
	int r = memcg_open_dir(plan->cgroup_dir, plan->cgroup_version, &memcg, &err);

	if (r == 0) {
		r = settings_reapply(&plan->policy->profile, &memcg, hook->procfd, plan->init_pid,
				     plan->settings, &now, &err);
		memcg_close(&memcg);
	}
	if (r < 0)
		return hook_problem(hook, "settings: %s", error_text(&err, text, sizeof(text)));
	for (size_t i = 0; i < now.len; i++) {
		bool score = !strcmp(now.item[i].file, "oom_score_adj");

		/* Of scores the earlier result is repeated: the shim looks after them. */
		if (now.item[i].outcome == SETTING_APPLIED && !score) {
			report_drift(hook, &now.item[i]);
			drifts++;
		}
	}
	measure_drift_repairs(&hook->root, plan, drifts);
	return 0;
}

static int start_again(struct hook *hook, const struct container *container)
{
	struct error err = {0};
	char text[1100];

	if (state_locked(container->dir, STATE_SHIM_LOCK))
		return 0;
	hook_note(hook, "the shim was gone at poststart and is started again");
	if (launch_shim(hook->root.path, container->key, deadline_left_ms(), &err) == 0)
		return 0;
	return hook_problem(hook, "%s", error_text(&err, text, sizeof(text)));
}

static int check(struct hook *hook, const struct container *container)
{
	size_t problems = hook->plan.problems_len;
	int r;

	if (!hook->plan.guarded || !init_lives(hook->procfd, &hook->plan))
		return 0;
	if (hook->args.dry_run)
		return dry_run_poststart(hook, container);
	report_open(hook, container->dir);
	r = correct_settings(hook, container);
	if (r == 0)
		r = start_again(hook, container);
	return r < 0 ? r : hook_keep_problems(hook, container->dir, problems);
}

/* No plan: a sandbox has none, else createRuntime failed and has said so. */
static int without_plan(struct hook *hook, struct gathered *g, const struct error *err)
{
	char text[1100];

	if (gather_is_sandbox(g))
		return 0;
	return hook_problem(hook, "not guarded, no plan was made for it at createRuntime%s%s",
			    err->message[0] ? ": " : "", error_text(err, text, sizeof(text)));
}

int stage_poststart(struct hook *hook)
{
	struct container container;
	struct gathered gathered;
	struct error err = {0};
	int r = gather_state(hook, &gathered);

	container_init(&container);
	if (r == 0) {
		r = container_of_state(hook, &gathered, true, &container, &err);
		if (r == 0)
			r = plan_read(container.dir, &hook->plan, &err);
		r = r < 0 ? without_plan(hook, &gathered, &err) : check(hook, &container);
	}
	container_close(&container);
	gathered_free(&gathered);
	return r;
}
