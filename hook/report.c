/* SPDX-License-Identifier: Apache-2.0 */
#include "report.h"

#include "setting_event.h"

/* The log has the early problems already: they go to the file alone. */
static void early_problems(struct hook *hook)
{
	int log = hook->journal.socket;

	hook->journal.socket = -1;
	for (size_t i = 0; i < hook->plan.problems_len; i++)
		journal_event(&hook->journal, JOURNAL_WARNING, "problem", "%s",
			      hook->plan.problems[i]);
	hook->journal.socket = log;
}

void report_open(struct hook *hook, int container_dir)
{
	journal_close(&hook->journal);
	journal_open(&hook->journal, container_dir, hook->plan.identity.id);
}

static void refused_annotations(struct hook *hook)
{
	const struct effective_policy *policy = hook->plan.policy;

	for (size_t i = 0; i < policy->refused_len; i++) {
		const struct refused_annotation *refused = &policy->refused[i];

		journal_event(&hook->journal, JOURNAL_WARNING, "problem",
			      "annotation %s=%s not followed: %s", refused->key, refused->value,
			      refused->reason);
	}
}

void report_created(struct hook *hook, int container_dir)
{
	const struct plan *plan = &hook->plan;
	struct jsonw *w;

	report_open(hook, container_dir);
	w = journal_begin(&hook->journal, JOURNAL_INFO, "created",
			  "%s by profile %s; restart: %s, %s",
			  plan->guarded ? "guarded" : "not guarded", plan->policy->profile_name,
			  restart_way_name(plan->restart.way), plan->restart.why);
	jsonw_kv_string(w, "profile", plan->policy->profile_name);
	jsonw_kv_string(w, "restartVia", restart_way_name(plan->restart.way));
	jsonw_kv_string(w, "restartWhy", plan->restart.why);
	jsonw_kv_int(w, "pid", plan->init_pid);
	jsonw_kv_string(w, "cgroup", plan->identity.cgroup);
	journal_end(&hook->journal);
	early_problems(hook);
	refused_annotations(hook);
	for (size_t i = 0; i < plan->settings->len; i++)
		setting_event(&hook->journal, "setting", &plan->settings->item[i]);
}

void report_drift(struct hook *hook, const struct setting_result *result)
{
	setting_event(&hook->journal, "drift", result);
}
