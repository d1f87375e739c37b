/* SPDX-License-Identifier: Apache-2.0 */
#include "guarding.h"

#include "unit.h"

static const struct {
	const char *what;
	struct guarding_facts facts;
	enum guarding want;
} cases[] = {
    {"its shim is there",
     {.has_plan = true, .guarded = true, .init_alive = true, .shim_locked = true},
     GUARDING_WATCHED},
    {"a shim that waits before a restart",
     {.has_plan = true, .guarded = true, .shim_locked = true},
     GUARDING_WATCHED},
    {"a shim whose plan was mutilated", {.shim_locked = true}, GUARDING_WATCHED},
    {"its shim died", {.has_plan = true, .guarded = true, .init_alive = true}, GUARDING_LOST},
    {"a hook is about to start one",
     {.has_plan = true, .guarded = true, .init_alive = true, .hook_at_work = true},
     GUARDING_HOOK_AT_WORK},
    {"the plan is not yet written", {.hook_at_work = true}, GUARDING_HOOK_AT_WORK},
    {"the shim runs it again just now",
     {.has_plan = true, .guarded = true, .init_alive = true, .restarting = true},
     GUARDING_RESTARTING},
    {"nobody wanted a shim", {.has_plan = true, .init_alive = true}, GUARDING_UNWANTED},
    {"it ended", {.has_plan = true, .guarded = true}, GUARDING_ENDED},
    {"it ended unguarded", {.has_plan = true}, GUARDING_ENDED},
    {"its plan cannot be read", {0}, GUARDING_UNREADABLE},
    {"nor that of one that is gone", {.init_gone = true}, GUARDING_REMAINS},
};

START_TEST(judged)
{
	enum guarding got = guarding_judge(&cases[_i].facts);

	ck_assert_msg(got == cases[_i].want, "%s: got %s, want %s", cases[_i].what,
		      guarding_name(got), guarding_name(cases[_i].want));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("guarding");
	TCase *tests = tcase_create("judge");

	tcase_add_loop_test(tests, judged, 0, sizeof(cases) / sizeof(cases[0]));
	suite_add_tcase(suite, tests);
	return unit_run(suite);
}
