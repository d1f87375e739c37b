/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>

#include "fake_tree.h"
#include "memcg.h"
#include "unit.h"

static struct fake_tree tree;
static struct cgroup_mounts mounts;
static int proc = -1;

static void remove_tree(void)
{
	cgroup_mounts_free(&mounts);
	cleanup_closep(&proc);
	fake_tree_remove(&tree);
}

static void read_mounts(void)
{
	struct error err = {0};

	proc = fake_tree_open(&tree, "proc");
	ck_assert_msg(cgroup_mounts_read(proc, &mounts, &err) == 0, "%s", err.message);
}

/* A container /box/c with a child cgroup on v1. */
static const struct fake_file tree_v1[] = {
    {"proc/self/cgroup", "6:freezer:/caller\n4:memory:/caller\n"},
    {"proc/7/cgroup", "6:freezer:/box/c\n4:memory:/box/c\n"},
    {"proc/8/cgroup", "6:freezer:/caller\n4:memory:/box/c\n"},
    {"proc/9/cgroup", "6:freezer:/other\n4:memory:/\n"},
    {"proc/10/cgroup", "6:freezer:/other\n4:memory:/box/c\n"},
    {"frz/caller/cgroup.procs", "1\n"},
    {"frz/other/cgroup.procs", "1\n"},
    {"frz/box/c/cgroup.procs", "7\n"},
    {"mem/box/cgroup.procs", ""},
    {"mem/box/memory.failcnt", "2\n"},
    {"mem/box/memory.memsw.failcnt", "0\n"},
    {"mem/box/c/cgroup.procs", "7\n"},
    {"mem/box/c/memory.failcnt", "40\n"},
    {"mem/box/c/memory.memsw.failcnt", "2\n"},
    {"mem/box/c/memory.oom_control", "oom_kill_disable 1\nunder_oom 0\noom_kill 3\n"},
    {"mem/box/c/memory.usage_in_bytes", "67100000\n"},
    {"mem/box/c/memory.max_usage_in_bytes", "67108864\n"},
    {"mem/box/c/memory.limit_in_bytes", "67108864\n"},
    {"mem/box/c/memory.memsw.usage_in_bytes", "67200000\n"},
    {"mem/box/c/memory.memsw.limit_in_bytes", "100663296\n"},
    {"mem/box/c/memory.kmem.usage_in_bytes", "8192\n"},
    {"mem/box/c/memory.stat", "cache 1\nrss 2\ninactive_file 3\nshmem 4\ntotal_cache 11\n"
			      "total_rss 12\ntotal_shmem 14\ntotal_inactive_file 13\n"},
    {"mem/box/c/sub/cgroup.procs", ""},
    {"mem/box/c/sub/memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 4\n"},
    {"mem/box/c/sub/deep/memory.oom_control", "oom_kill_disable 0\nunder_oom 1\noom_kill 5\n"},
};

static void make_v1(void)
{
	fake_tree_make(&tree, tree_v1, FAKE_TREE_LEN(tree_v1));
	fake_tree_mount(&tree, "/", "mem", "cgroup", "rw,memory");
	fake_tree_mount(&tree, "/", "frz", "cgroup", "rw,freezer");
	fake_tree_mount(&tree, "/", "uni", "cgroup2", "rw");
	read_mounts();
}

static void open_pid(pid_t pid, struct memcg *memcg)
{
	struct error err = {0};

	ck_assert_msg(memcg_open(proc, &mounts, pid, memcg, &err) == 0, "%s", err.message);
}

START_TEST(v1_counters_are_summed)
{
	struct memcg_counters counters;
	struct memcg memcg;

	open_pid(7, &memcg);
	ck_assert_int_eq(memcg.version, CGROUP_V1);
	ck_assert_str_eq(memcg.path, "/box/c");
	ck_assert_int_eq(memcg_counters_read(&memcg, &counters), 0);
	ck_assert(counters.known);
	ck_assert_uint_eq(counters.oom_kill, 12);
	ck_assert_uint_eq(counters.max, 42);
	ck_assert(counters.kill_disabled);
	ck_assert(!counters.under_oom);
	fake_tree_write(&tree, "mem/box/c/memory.oom_control", "oom_kill_disable 0\nunder_oom 1\n");
	ck_assert_int_eq(memcg_counters_read(&memcg, &counters), 0);
	ck_assert(!counters.known);
	ck_assert_uint_eq(counters.oom_kill, 0);
	ck_assert(counters.under_oom);
	fake_tree_remove_dir(&tree, "mem/box/c");
	ck_assert_int_eq(memcg_counters_read(&memcg, &counters), -ENODEV);
	ck_assert(!counters.known);
	memcg_close(&memcg);
	ck_assert_int_eq(memcg.dirfd, -1);
}
END_TEST

START_TEST(v1_usage_and_limits)
{
	struct memcg_usage usage;
	struct memcg memcg;

	open_pid(7, &memcg);
	ck_assert_int_eq(memcg_usage_read(&memcg, &usage), 0);
	ck_assert_uint_eq(usage.usage, 67100000);
	ck_assert_uint_eq(usage.limit, 67108864);
	ck_assert_uint_eq(usage.swap_usage, 100000);
	ck_assert_uint_eq(usage.swap_limit, 33554432);
	ck_assert(usage.has_swap_files);
	ck_assert_uint_eq(usage.peak, 67108864);
	ck_assert_uint_eq(usage.anon, 12);
	ck_assert_uint_eq(usage.file, 11);
	ck_assert_uint_eq(usage.inactive_file, 13);
	ck_assert_uint_eq(usage.shmem, 14);
	ck_assert_uint_eq(usage.kernel, 8192);
	fake_tree_write(&tree, "mem/box/c/memory.limit_in_bytes", "9223372036854771712\n");
	fake_tree_write(&tree, "mem/box/c/memory.memsw.limit_in_bytes", "18446744073709551615\n");
	ck_assert_int_eq(memcg_usage_read(&memcg, &usage), 0);
	ck_assert(usage.limit == MEMCG_NO_LIMIT);
	ck_assert(usage.swap_limit == MEMCG_NO_LIMIT);
	ck_assert_int_eq(unlinkat(tree.fd, "mem/box/c/memory.memsw.usage_in_bytes", 0), 0);
	ck_assert_int_eq(memcg_usage_read(&memcg, &usage), 0);
	ck_assert(!usage.has_swap_files);
	memcg_close(&memcg);
}
END_TEST

/* The freezer's directory that was chosen holds this process, 0: none was. */
static void expect_freezer(const struct memcg *memcg, pid_t holds)
{
	pid_t pid = 0;

	if (memcg->freezer >= 0)
		ck_assert_int_eq(cgroup_procs(memcg->freezer, &pid, 1), 1);
	ck_assert_int_eq(pid, holds);
}

/* Whatever freezer a process is in: the caller's cgroup, another one, or it is somebody else by
 * now. */
START_TEST(v1_freezer_is_the_containers_own)
{
	static const pid_t pids[] = {7, 8, 10, 99, 0};

	for (size_t i = 0; i < FAKE_TREE_LEN(pids); i++) {
		struct error err = {0};
		struct memcg memcg;

		ck_assert_int_eq(memcg_open_path(&mounts, "/box/c", &memcg, &err), 0);
		ck_assert_int_eq(memcg.freezer, -1);
		memcg_open_freezer(&memcg, proc, &mounts, pids[i]);
		expect_freezer(&memcg, 7);
		memcg_close(&memcg);
	}
}
END_TEST

START_TEST(v1_no_freezer_of_its_own)
{
	struct error err = {0};
	struct memcg memcg;

	fake_tree_remove_dir(&tree, "frz/box");
	ck_assert_int_eq(memcg_open_path(&mounts, "/box/c", &memcg, &err), 0);
	memcg_open_freezer(&memcg, proc, &mounts, 8);
	expect_freezer(&memcg, 0);
	memcg_close(&memcg);
}
END_TEST

START_TEST(v1_what_cannot_be_guarded_is_refused)
{
	struct error err = {0};
	struct memcg memcg;

	ck_assert_int_eq(memcg_open(proc, &mounts, 9, &memcg, &err), -EXDEV);
	ck_assert_int_eq(memcg_open_path(&mounts, "/", &memcg, &err), -EXDEV);
	ck_assert_int_eq(memcg_open_path(&mounts, "/gone", &memcg, &err), -ENOENT);
	ck_assert_int_eq(memcg.dirfd, -1);
	ck_assert_ptr_null(memcg.path);
	/* A directory without the controller's files. */
	ck_assert_int_eq(memcg_open_path(&mounts, "/box", &memcg, &err), -EOPNOTSUPP);
	ck_assert_int_eq(memcg_open(proc, &mounts, 12345, &memcg, &err), -ESRCH);
}
END_TEST

START_TEST(v1_a_recorded_directory_is_opened_as_it_is)
{
	struct memcg_counters counters;
	struct error err = {0};
	struct memcg found, again;

	open_pid(7, &found);
	ck_assert_int_eq(memcg_open_dir(found.dir, CGROUP_V1, &again, &err), 0);
	ck_assert_str_eq(again.dir, found.dir);
	ck_assert_int_eq(again.freezer, -1);
	ck_assert_int_eq(memcg_counters_read(&again, &counters), 0);
	memcg_close(&again);
	memcg_close(&found);
	ck_assert_int_eq(memcg_open_dir("/nonexistent", CGROUP_V1, &again, &err), -ENOENT);
	ck_assert_ptr_nonnull(strstr(err.message, "/nonexistent"));
}
END_TEST

START_TEST(v1_ancestors_tell_whose_limit_it_was)
{
	struct memcg_ancestors ancestors;
	struct error err = {0};
	struct memcg memcg;

	open_pid(7, &memcg);
	ck_assert_int_eq(memcg_ancestors_open(&mounts, &memcg, &ancestors, &err), 0);
	ck_assert_uint_eq(ancestors.len, 1);
	ck_assert_uint_eq(ancestors.baseline[0], 2);
	ck_assert_int_eq(memcg_ancestors_hit(&ancestors), -1);
	fake_tree_write(&tree, "mem/box/memory.memsw.failcnt", "1\n");
	ck_assert_int_eq(memcg_ancestors_hit(&ancestors), 0);
	memcg_ancestors_close(&ancestors);
	memcg_close(&memcg);
}
END_TEST

static const struct fake_file tree_v2[] = {
    {"proc/7/cgroup", "0::/pods/pod1/c\n"},
    {"proc/8/cgroup", "0::/pods/crio-1.scope/container\n"},
    {"proc/9/cgroup", "1:cpu:/x\n0::/pods/.scope/container\n"},
    {"uni/pods/memory.events.local", "oom 1\n"},
    {"uni/pods/pod1/memory.events.local", "low 0\noom 5\n"},
    {"uni/pods/pod1/c/cgroup.procs", "7\n"},
    {"uni/pods/pod1/c/memory.current", "4096\n"},
    {"uni/pods/pod1/c/memory.max", "8192\n"},
    {"uni/pods/pod1/c/memory.peak", "8000\n"},
    {"uni/pods/pod1/c/memory.swap.max", "0\n"},
    {"uni/pods/pod1/c/memory.swap.current", "12\n"},
    {"uni/pods/pod1/c/memory.stat", "anon 1\nfile 2\nkernel_stack 4\nslab 8\nshmem 16\n"
				    "inactive_file 32\n"},
    {"uni/pods/pod1/c/memory.events",
     "low 0\nhigh 0\nmax 9\noom 6\noom_kill 5\noom_group_kill 1\n"},
    {"uni/pods/crio-1.scope/memory.events", "oom_kill 0\n"},
    {"uni/pods/crio-1.scope/container/memory.events", "oom_kill 0\n"},
    {"uni/pods/.scope/container/memory.events", "oom_kill 0\n"},
};

static void make_v2(void)
{
	fake_tree_make(&tree, tree_v2, FAKE_TREE_LEN(tree_v2));
	fake_tree_mount(&tree, "/", "cpu", "cgroup", "rw,cpu");
	fake_tree_mount(&tree, "/", "uni", "cgroup2", "rw");
	read_mounts();
}

START_TEST(v2_counters_and_usage)
{
	struct memcg_counters counters;
	struct memcg_usage usage;
	struct memcg memcg;

	open_pid(7, &memcg);
	ck_assert_int_eq(memcg.version, CGROUP_V2);
	ck_assert_int_eq(memcg.freezer, -1);
	ck_assert_int_eq(memcg_counters_read(&memcg, &counters), 0);
	ck_assert(counters.known);
	ck_assert_uint_eq(counters.oom_kill, 5);
	ck_assert_uint_eq(counters.oom_group_kill, 1);
	ck_assert_uint_eq(counters.oom, 6);
	ck_assert_uint_eq(counters.max, 9);
	ck_assert_int_eq(memcg_usage_read(&memcg, &usage), 0);
	ck_assert_uint_eq(usage.limit, 8192);
	ck_assert_uint_eq(usage.swap_limit, 0);
	ck_assert_uint_eq(usage.swap_usage, 12);
	ck_assert_uint_eq(usage.peak, 8000);
	ck_assert_uint_eq(usage.kernel, 12);
	fake_tree_write(&tree, "uni/pods/pod1/c/memory.max", "max\n");
	ck_assert_int_eq(memcg_usage_read(&memcg, &usage), 0);
	ck_assert(usage.limit == MEMCG_NO_LIMIT);
	fake_tree_remove_dir(&tree, "uni/pods/pod1/c");
	ck_assert_int_eq(memcg_counters_read(&memcg, &counters), -ENODEV);
	ck_assert_int_eq(memcg_usage_read(&memcg, &usage), -ENODEV);
	memcg_close(&memcg);
}
END_TEST

START_TEST(v2_ancestors_nearest_first)
{
	struct memcg_ancestors ancestors;
	struct error err = {0};
	struct memcg memcg;

	open_pid(7, &memcg);
	ck_assert_int_eq(memcg_ancestors_open(&mounts, &memcg, &ancestors, &err), 0);
	ck_assert_uint_eq(ancestors.len, 2);
	ck_assert_int_eq(memcg_ancestors_hit(&ancestors), -1);
	fake_tree_write(&tree, "uni/pods/memory.events.local", "oom 2\n");
	ck_assert_int_eq(memcg_ancestors_hit(&ancestors), 1);
	fake_tree_write(&tree, "uni/pods/pod1/memory.events.local", "oom 6\n");
	ck_assert_int_eq(memcg_ancestors_hit(&ancestors), 0);
	memcg_ancestors_close(&ancestors);
	memcg_close(&memcg);
}
END_TEST

START_TEST(v2_below_a_scope_stands_for_the_scope)
{
	struct memcg memcg;

	open_pid(8, &memcg);
	ck_assert_str_eq(memcg.path, "/pods/crio-1.scope");
	memcg_close(&memcg);
	/* ".scope" alone is no unit's name. */
	open_pid(9, &memcg);
	ck_assert_str_eq(memcg.path, "/pods/.scope/container");
	memcg_close(&memcg);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("memcg");
	TCase *v1 = tcase_create("v1"), *v2 = tcase_create("v2");

	tcase_add_checked_fixture(v1, make_v1, remove_tree);
	tcase_add_test(v1, v1_counters_are_summed);
	tcase_add_test(v1, v1_usage_and_limits);
	tcase_add_test(v1, v1_freezer_is_the_containers_own);
	tcase_add_test(v1, v1_no_freezer_of_its_own);
	tcase_add_test(v1, v1_what_cannot_be_guarded_is_refused);
	tcase_add_test(v1, v1_a_recorded_directory_is_opened_as_it_is);
	tcase_add_test(v1, v1_ancestors_tell_whose_limit_it_was);
	tcase_add_checked_fixture(v2, make_v2, remove_tree);
	tcase_add_test(v2, v2_counters_and_usage);
	tcase_add_test(v2, v2_ancestors_nearest_first);
	tcase_add_test(v2, v2_below_a_scope_stands_for_the_scope);
	suite_add_tcase(suite, v1);
	suite_add_tcase(suite, v2);
	return unit_run(suite);
}
