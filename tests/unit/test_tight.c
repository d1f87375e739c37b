/* SPDX-License-Identifier: Apache-2.0 */
/* A kernel that does not tell of tightness is not passed over in silence. */
#include <sys/epoll.h>

#include "cleanup.h"
#include "oom_story.h"
#include "tight.h"

#define NO_PRESSURE "memory.pressure cannot be watched"
#define NO_THRESHOLDS "usage thresholds are not to be had"

static void setup(void)
{
	struct error err = {0};

	story_setup();
	guard->seen = (struct memcg_counters){.known = true, .oom = 1, .oom_kill = 1};
	guard->watch.epoll = epoll_create1(EPOLL_CLOEXEC);
	guard->pids_dir = -1;
	ck_assert_msg(tight_open(guard, &err) == 0, "%s", err.message);
}

static void be_v1(void)
{
	guard->memcg.version = CGROUP_V1;
	fake_tree_write(&tree, "ctr/memory.usage_in_bytes", "60000000\n");
	fake_tree_write(&tree, "ctr/memory.limit_in_bytes", "67108864\n");
	fake_tree_write(&tree, "ctr/memory.stat", "total_rss 50000000\n");
	fake_tree_write(&tree, "ctr/memory.failcnt", "0\n");
	fake_tree_write(&tree, "ctr/memory.oom_control",
			"oom_kill_disable 0\nunder_oom 0\noom_kill 1\n");
}

/* The first look, which opens the thresholds. */
static void look(void)
{
	guard->tight.next_ms = 1;
	ck_assert(!tight_step(guard, 0));
}

static void let_go(void)
{
	victim_rules_free(&guard->tight.rules);
	cleanup_closep(&guard->tight.thresholds);
}

START_TEST(no_pressure)
{
	tight_arm(guard);
	ck_assert_int_eq(guard->tight.pressure, -1);
	ck_assert_ptr_nonnull(strstr(journal_text(), NO_PRESSURE));
	let_go();
}
END_TEST

/* Where the container is over, its cgroup is gone, and nothing is wrong. */
START_TEST(no_pressure_at_the_end)
{
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	child = -1;
	tight_arm(guard);
	ck_assert_str_eq(journal_text(), "");
	let_go();
}
END_TEST

START_TEST(no_thresholds)
{
	be_v1();
	tight_arm(guard);
	look();
	ck_assert_int_eq(guard->tight.thresholds, -1);
	ck_assert_ptr_nonnull(strstr(journal_text(), NO_THRESHOLDS));
	ck_assert_ptr_null(strstr(journal_text(), NO_PRESSURE));
	let_go();
}
END_TEST

/* Without a limit there is no threshold to be set. */
START_TEST(no_limit)
{
	be_v1();
	fake_tree_write(&tree, "ctr/memory.limit_in_bytes", "9223372036854771712\n");
	tight_arm(guard);
	look();
	ck_assert_str_eq(journal_text(), "");
	let_go();
}
END_TEST

START_TEST(thresholds)
{
	be_v1();
	fake_tree_write(&tree, "ctr/cgroup.event_control", "");
	tight_arm(guard);
	look();
	ck_assert_int_ge(guard->tight.thresholds, 0);
	ck_assert_str_eq(journal_text(), "");
	let_go();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("tight");
	TCase *tests = tcase_create("tight");

	tcase_add_checked_fixture(tests, setup, story_teardown);
	tcase_add_test(tests, no_pressure);
	tcase_add_test(tests, no_pressure_at_the_end);
	tcase_add_test(tests, no_thresholds);
	tcase_add_test(tests, no_limit);
	tcase_add_test(tests, thresholds);
	suite_add_tcase(suite, tests);
	return unit_run(suite);
}
