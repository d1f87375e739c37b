/* SPDX-License-Identifier: Apache-2.0 */
/* The decision as a table: what happened, what the policy says, what is done. */
#include "decide.h"
#include "unit.h"

#include <string.h>

/* A row of facts. The defaults are: one kill at the container's own limit, init alive, the
 * container can be run again by its runtime, nothing used of five restarts. */
/* A row's own words override the defaults; that is the point. */
#pragma GCC diagnostic ignored "-Woverride-init"
#define FACTS(...)                                                                                 \
	{                                                                                          \
		.kills = 1, .init = INIT_ALIVE, .limit = LIMIT_OF_CONTAINER,                       \
		.way = RESTART_RUNTIME, __VA_ARGS__                                                \
	}

static const struct {
	const char *what;
	struct oom_facts facts;
	enum oom_slot slot;
} slots[] = {
    {"a worker", FACTS(.group = false), OOM_SLOT_PROCESS},
    {"init itself", FACTS(.init = INIT_OOM_KILLED), OOM_SLOT_INIT},
    {"a worker, then init exits", FACTS(.init = INIT_ENDED), OOM_SLOT_PROCESS},
    {"init gone, nobody knows how", FACTS(.init = INIT_END_UNKNOWN), OOM_SLOT_UNKNOWN},
    {"all by oom.group", FACTS(.group = true, .init = INIT_OOM_KILLED), OOM_SLOT_GROUP},
    {"the pod's limit", FACTS(.limit = LIMIT_OF_ANCESTOR), OOM_SLOT_ANCESTOR},
    {"the pod's limit, as a group", FACTS(.limit = LIMIT_OF_ANCESTOR, .group = true),
     OOM_SLOT_ANCESTOR},
    {"the pod's limit, init hit", FACTS(.limit = LIMIT_OF_ANCESTOR, .init = INIT_OOM_KILLED),
     OOM_SLOT_ANCESTOR},
    {"the host", FACTS(.limit = LIMIT_OF_HOST, .init = INIT_OOM_KILLED), OOM_SLOT_GLOBAL},
    {"the host, as a group", FACTS(.limit = LIMIT_OF_HOST, .group = true), OOM_SLOT_GLOBAL},
    {"a limit nobody knows, init alive", FACTS(.limit = LIMIT_OF_UNKNOWN), OOM_SLOT_PROCESS},
    {"a limit nobody knows, init hit", FACTS(.limit = LIMIT_OF_UNKNOWN, .init = INIT_OOM_KILLED),
     OOM_SLOT_INIT},
};

START_TEST(the_slot_says_what_happened)
{
	ck_assert_msg(decide_slot(&slots[_i].facts) == slots[_i].slot, "%s: %s", slots[_i].what,
		      oom_slot_name(decide_slot(&slots[_i].facts)));
}
END_TEST

static const struct {
	const char *what;
	enum policy_action action; /* onOom of the slot */
	enum give_up give_up;
	struct oom_facts facts;
	enum step step;
	unsigned number;
	uint64_t backoff_ms;
	const char *reason; /* part of it */
} steps[] = {
    {"report", POLICY_REPORT, GIVE_UP_KILL, FACTS(.kills = 1), STEP_REPORT, 0, 0,
     "onOom.process is report"},
    {"kill", POLICY_KILL, GIVE_UP_KILL, FACTS(.kills = 1), STEP_KILL, 0, 0,
     "onOom.process is kill"},
    {"kill needs no way to restart", POLICY_KILL, GIVE_UP_KILL, FACTS(.way = RESTART_NONE),
     STEP_KILL, 0, 0, "kill"},
    {"first restart", POLICY_RESTART, GIVE_UP_KILL, FACTS(.kills = 1), STEP_RESTART, 1, 1000,
     "number 1 of 5"},
    {"third restart", POLICY_RESTART, GIVE_UP_KILL, FACTS(.restarts_used = 2), STEP_RESTART, 3,
     4000, "number 3 of 5"},
    {"budget used", POLICY_RESTART, GIVE_UP_KILL, FACTS(.restarts_used = 5), STEP_GIVE_UP_KILL, 0,
     0, "5 of 5 restarts are used up"},
    {"budget used, leave", POLICY_RESTART, GIVE_UP_LEAVE, FACTS(.restarts_used = 5),
     STEP_GIVE_UP_LEAVE, 0, 0, "left as it is"},
    {"cancelled", POLICY_RESTART, GIVE_UP_KILL, FACTS(.cancelled = true), STEP_REPORT, 0, 0,
     "cancelled"},
    {"cancelled does not stop a kill", POLICY_KILL, GIVE_UP_KILL, FACTS(.cancelled = true),
     STEP_KILL, 0, 0, "kill"},
    {"not restartable", POLICY_RESTART, GIVE_UP_KILL,
     FACTS(.way = RESTART_NONE, .way_why = "a terminal"), STEP_KILL, 0, 0,
     "not restartable: a terminal"},
    {"by the manager", POLICY_RESTART, GIVE_UP_KILL, FACTS(.way = RESTART_MANAGER), STEP_KILL_INIT,
     1, 0, "manager"},
    {"manager, budget used: stop killing", POLICY_RESTART, GIVE_UP_KILL,
     FACTS(.way = RESTART_MANAGER, .restarts_used = 5), STEP_GIVE_UP_LEAVE, 0, 0, "used up"},
    {"healed by its parent", POLICY_RESTART, GIVE_UP_KILL, FACTS(.healed = true), STEP_REPORT, 0, 0,
     "replaced"},
    {"healed does not excuse a dead init", POLICY_RESTART, GIVE_UP_KILL,
     FACTS(.healed = true, .init = INIT_ENDED), STEP_RESTART, 1, 1000, "number 1"},
};

START_TEST(the_step_follows_the_policy)
{
	struct profile profile = profile_builtin;
	struct decision decision;

	for (int slot = 0; slot < OOM_SLOT_COUNT; slot++)
		profile.on_oom[slot] = steps[_i].action;
	profile.restart.give_up = steps[_i].give_up;
	decide(&profile, &steps[_i].facts, &decision);
	ck_assert_msg(decision.step == steps[_i].step, "%s: %s (%s)", steps[_i].what,
		      step_name(decision.step), decision.reason);
	ck_assert_uint_eq(decision.restart_number, steps[_i].number);
	ck_assert_uint_eq(decision.backoff_ms, steps[_i].backoff_ms);
	ck_assert_msg(strstr(decision.reason, steps[_i].reason) != NULL, "%s: %s", steps[_i].what,
		      decision.reason);
}
END_TEST

START_TEST(each_slot_has_its_own_action)
{
	struct profile profile = profile_builtin;
	struct decision decision;

	profile.on_oom[slots[_i].slot] = POLICY_KILL;
	decide(&profile, &slots[_i].facts, &decision);
	ck_assert_int_eq(decision.step, STEP_KILL);
	profile.on_oom[slots[_i].slot] = POLICY_REPORT;
	decide(&profile, &slots[_i].facts, &decision);
	ck_assert_int_eq(decision.step, STEP_REPORT);
}
END_TEST

START_TEST(backoff_grows_to_its_maximum)
{
	struct profile profile = profile_builtin;

	ck_assert_uint_eq(decide_backoff_ms(&profile, 0), 1000);
	ck_assert_uint_eq(decide_backoff_ms(&profile, 1), 2000);
	ck_assert_uint_eq(decide_backoff_ms(&profile, 4), 16000);
	ck_assert_uint_eq(decide_backoff_ms(&profile, 4000000000u), 300000);
	profile.restart.backoff_factor = 1;
	profile.restart.backoff_initial_ms = 0;
	ck_assert_uint_eq(decide_backoff_ms(&profile, 3), 0);
}
END_TEST

START_TEST(a_failed_rerun_uses_the_budget)
{
	struct profile profile = profile_builtin;
	struct oom_facts facts = FACTS(.restarts_used = 4);
	struct decision decision;

	profile.on_oom[OOM_SLOT_PROCESS] = POLICY_RESTART;
	decide_after_failed_restart(&profile, &facts, &decision);
	ck_assert_int_eq(decision.step, STEP_RESTART);
	facts.restarts_used = 5;
	decide_after_failed_restart(&profile, &facts, &decision);
	/* The container is deleted by then: there is nothing to kill. */
	ck_assert_int_eq(decision.step, STEP_GIVE_UP_LEAVE);
	ck_assert_ptr_nonnull(strstr(decision.reason, "the last one failed"));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("decide");
	TCase *tests = tcase_create("decide");

	tcase_add_loop_test(tests, the_slot_says_what_happened, 0,
			    sizeof(slots) / sizeof(slots[0]));
	tcase_add_loop_test(tests, the_step_follows_the_policy, 0,
			    sizeof(steps) / sizeof(steps[0]));
	tcase_add_loop_test(tests, each_slot_has_its_own_action, 0,
			    sizeof(slots) / sizeof(slots[0]));
	tcase_add_test(tests, backoff_grows_to_its_maximum);
	tcase_add_test(tests, a_failed_rerun_uses_the_budget);
	suite_add_tcase(suite, tests);
	return unit_run(suite);
}
