/* SPDX-License-Identifier: Apache-2.0 */
/* The list of processes of a scene, on a fake cgroup and a fake /proc. */
#include "clock.h"
#include "fake_tree.h"
#include "scene_list.h"
#include "unit.h"

/* pid, parent, state, resident pages */
#define STAT(pid, name, state, ppid, pages)                                                        \
	{                                                                                          \
		"proc/" #pid "/stat", #pid                                                         \
		    " (" name ") " state " " #ppid                                                 \
		    " 1 1 0 -1 4194304 11 0 22 0 0 0 0 0 20 0 3 0 777 "                            \
		    "1000000 " #pages " 18446744073709551615 0 0 0 0 0 0 0 0 0 0 0 0 17 0 0 0\n"   \
	}

static const struct fake_file files[] = {
    {"ctr/cgroup.procs", "10\n20\n30\n40\n99\n"},
    STAT(10, "init", "S", 1, 5),
    STAT(20, "small) R 1", "S", 10, 50),
    STAT(30, "stuck", "D", 10, 10),
    STAT(40, "large", "R", 20, 5000),
    /* Zombies are not listed. */
    STAT(50, "dead", "Z", 20, 0),
    STAT(51, "dead", "Z", 20, 0),
    /* A child in another cgroup lives. */
    STAT(52, "other", "S", 20, 7),
    STAT(60, "dead", "Z", 10, 0),
    {"proc/10/task/10/children", "20 30 60 "},
    {"proc/20/task/20/children", "40 50 51 52 "},
    {"proc/30/task/30/children", ""},
    {"proc/40/task/40/children", ""},
    {"proc/10/status", "Name:\tinit\nNSpid:\t10\t1\nRssAnon:\t8 kB\nRssFile:\t4 kB\nRssShmem:\t0 "
		       "kB\nVmSwap:\t2 kB\n"},
    {"proc/10/oom_score", "0\n"},
    {"proc/10/oom_score_adj", "-998\n"},
    {"proc/30/status", "Name:\tstuck\nNSpid:\t30\t3\n"},
    {"proc/30/wchan", "mem_cgroup_oom_synchronize"},
    {"proc/40/wchan", "never_read"},
    {"proc/40/oom_score", "1200\n"},
    {"proc/40/oom_score_adj", "500\n"},
    {"proc/40/status",
     "Name:\tlarge\nNSpid:\t40\t4\nRssAnon:\t20000 kB\nRssFile:\t0 kB\nRssShmem:\t0 "
     "kB\n"},
};

static struct fake_tree tree;
static struct memcg memcg = {.version = CGROUP_V2};
static pid_t pids[KILL_PIDS_MAX];
static struct kill_target target = {.memcg = &memcg, .pids = pids, .init = 10};
static struct scene *scene;

static void setup(void)
{
	fake_tree_make(&tree, files, FAKE_TREE_LEN(files));
	memcg.dirfd = fake_tree_open(&tree, "ctr");
	target.procfd = fake_tree_open(&tree, "proc");
	scene = calloc(1, sizeof(*scene));
}

static void teardown(void)
{
	close(memcg.dirfd);
	close(target.procfd);
	free(scene);
	fake_tree_remove(&tree);
}

static uint64_t later(void)
{
	return clock_us(CLOCK_MONOTONIC) + 60000000;
}

START_TEST(the_oddest_and_the_largest_first)
{
	const pid_t order[] = {10, 30, 40, 20};

	scene_list(scene, &target, later());
	ck_assert(scene->has_processes);
	ck_assert_uint_eq(scene->processes_len, 4);
	for (size_t i = 0; i < 4; i++)
		ck_assert_int_eq(scene->process[i].pid, order[i]);
	ck_assert(scene->process[0].is_init && !scene->process[1].is_init);
	ck_assert_str_eq(scene->process[3].comm, "small) R 1");
	ck_assert_uint_eq(scene->process[2].minor_faults, 11);
	ck_assert_uint_eq(scene->process[2].major_faults, 22);
	ck_assert_uint_eq(scene->process[2].threads, 3);
	ck_assert_uint_eq(scene->process[2].start_ticks, 777);
	/* One was gone already: nobody cut it. */
	ck_assert_uint_eq(scene->processes_more, 0);
	ck_assert_uint_eq(scene->cut, 0);
}
END_TEST

START_TEST(memory_scores_and_sleep)
{
	const struct scene_process *init = &scene->process[0], *stuck = &scene->process[1];
	const struct scene_process *large = &scene->process[2], *bare = &scene->process[3];

	scene_list(scene, &target, later());
	scene_fill(scene, &target, later());
	ck_assert_int_eq(init->ns_pid, 1);
	ck_assert(init->has_status);
	ck_assert_uint_eq(init->anon_kib, 8);
	ck_assert_uint_eq(init->swap_kib, 2);
	ck_assert_int_eq(init->oom_score, 0);
	ck_assert_int_eq(init->oom_score_adj, -998);
	ck_assert(!stuck->has_status);
	ck_assert_str_eq(scene->wchan[stuck->wchan - 1], "mem_cgroup_oom_synchronize");
	ck_assert_uint_eq(large->wchan, 0);
	ck_assert_int_eq(large->oom_score, 1200);
	ck_assert_int_eq(bare->oom_score, -1);
	ck_assert_int_eq(bare->oom_score_adj, SCENE_NO_SCORE);
	ck_assert_uint_eq(scene->cut, 0);
}
END_TEST

START_TEST(zombies_under_their_parents)
{
	scene_list(scene, &target, later());
	scene_zombies(scene, &target, later());
	ck_assert_uint_eq(scene->zombies, 3);
	ck_assert_uint_eq(scene->parents_len, 2);
	ck_assert_int_eq(scene->parent[0].pid, 20);
	ck_assert_uint_eq(scene->parent[0].zombies, 2);
	ck_assert_str_eq(scene->parent[1].comm, "init");
	ck_assert_uint_eq(scene->processes_len, 7);
	ck_assert_int_eq(scene->process[4].state, 'Z');
}
END_TEST

START_TEST(what_there_is_no_time_for_is_named)
{
	scene_list(scene, &target, 0);
	ck_assert_uint_eq(scene->processes_len, 0);
	ck_assert_uint_eq(scene->processes_more, 5);
	ck_assert_uint_eq(scene->cut, SCENE_CUT_PROCESSES);
	scene->cut = 0;
	scene->processes_more = 0;
	scene_list(scene, &target, later());
	scene_fill(scene, &target, 0);
	ck_assert_uint_eq(scene->cut, SCENE_CUT_STATUS);
	scene_zombies(scene, &target, 0);
	ck_assert_uint_eq(scene->cut, SCENE_CUT_STATUS | SCENE_CUT_ZOMBIES);
}
END_TEST

/* As many as there can be, the largest in the middle. */
START_TEST(thousands_are_in_order)
{
	static char list[SCENE_PROCESSES_MAX * 8];
	char *at = list;

	for (int pid = 1000; pid < 3000; pid++) {
		char path[64], text[256];

		at += sprintf(at, "%d\n", pid);
		snprintf(path, sizeof(path), "proc/%d/stat", pid);
		snprintf(text, sizeof(text),
			 "%d (p) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 7 1000 %d 0 0 0 0 0 0 0 0 "
			 "0 0 0 "
			 "0 0 0 0 0 0\n",
			 pid, (pid * 7919) % 2003);
		fake_tree_write(&tree, path, text);
	}
	fake_tree_write(&tree, "ctr/cgroup.procs", list);
	scene_list(scene, &target, later());
	ck_assert_uint_eq(scene->processes_len, 2000);
	for (size_t i = 1; i < 2000; i++)
		ck_assert_uint_ge(scene->process[i - 1].rss_bytes, scene->process[i].rss_bytes);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("scene_list");
	TCase *tests = tcase_create("scene_list");

	tcase_set_timeout(tests, 60);
	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, the_oddest_and_the_largest_first);
	tcase_add_test(tests, memory_scores_and_sleep);
	tcase_add_test(tests, zombies_under_their_parents);
	tcase_add_test(tests, what_there_is_no_time_for_is_named);
	tcase_add_test(tests, thousands_are_in_order);
	suite_add_tcase(suite, tests);
	return unit_run(suite);
}
