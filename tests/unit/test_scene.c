/* SPDX-License-Identifier: Apache-2.0 */
/* What a cgroup and the host tell of a shortage, on fake trees of v1 and v2. */
#include <errno.h>

#include "fake_tree.h"
#include "host_memory.h"
#include "memcg_scene.h"
#include "proc.h"
#include "unit.h"

static const struct fake_file files[] = {
    {"v1/pod/ctr/memory.usage_in_bytes", "4000000\n"},
    {"v1/pod/ctr/memory.limit_in_bytes", "5000000\n"},
    {"v1/pod/ctr/memory.memsw.usage_in_bytes", "4500000\n"},
    {"v1/pod/ctr/memory.memsw.limit_in_bytes", "9223372036854771712\n"},
    {"v1/pod/ctr/memory.failcnt", "7\n"},
    {"v1/pod/ctr/memory.oom_control", "oom_kill_disable 0\nunder_oom 1\noom_kill 2\n"},
    {"v1/pod/ctr/memory.kmem.tcp.usage_in_bytes", "12288\n"},
    {"v1/pod/ctr/memory.stat",
     "active_file 1\ntotal_active_file 8000\ntotal_inactive_file 4000\ntotal_mapped_file 3000\n"
     "total_dirty 500\ntotal_writeback 100\n"},
    {"v1/pod/ctr/cgroup.procs", ""},
    {"v1/pod/memory.usage_in_bytes", "8000000\n"},
    {"v1/pod/memory.limit_in_bytes", "9223372036854771712\n"},
    {"v1/pod/cgroup.procs", ""},
    {"v2/memory.current", "4000000\n"},
    {"v2/memory.max", "max\n"},
    {"v2/memory.high", "3000000\n"},
    {"v2/memory.swap.max", "0\n"},
    {"v2/memory.swap.current", "0\n"},
    {"v2/memory.events", "low 0\nhigh 3\nmax 90\noom 1\noom_kill 1\n"},
    {"v2/memory.events.local", "low 0\nhigh 3\nmax 9\noom 1\noom_kill 1\n"},
    {"v2/memory.stat",
     "anon 1\nfile 2\nkernel_stack 16384\npagetables 8192\nsock 4096\nfile_mapped 100\n"
     "file_dirty 20\nfile_writeback 10\nactive_file 300\nslab_reclaimable 5000\n"
     "slab_unreclaimable 6000\nslab 11000\n"},
    {"v2/memory.pressure", "some avg10=12.34 avg60=0.50 avg300=0.00 total=123456\n"
			   "full avg10=100.00 avg60=3.05 avg300=1.00 total=99\n"},
    {"v2/cgroup.procs", ""},
    {"proc/meminfo",
     "MemTotal:        2048 kB\nMemFree:          100 kB\n"
     "MemAvailable:     300 kB\nSwapCached:  5 kB\nSwapTotal:  0 kB\nSwapFree:  0 kB\n"},
    {"proc/7/status", "Name:\tx\\nNSpid:\t9\nUmask:\t0022\nState:\tS (sleeping)\nNSpid:\t7\t3\t1\n"
		      "VmSwap:\t      12 kB\nRssAnon:\t     100 kB\nRssFile:\t      20 kB\n"
		      "RssShmem:\t       3 kB\n"},
    {"proc/7/oom_score", "667\n"},
    {"proc/8/status", "Name:\tz\nState:\tZ (zombie)\nNSpid:\t8\n"},
    {"proc/8/oom_score", "many\n"},
};

static struct fake_tree tree;
static struct memcg v1, v2;

static void setup(void)
{
	fake_tree_make(&tree, files, FAKE_TREE_LEN(files));
	v1 = (struct memcg){.version = CGROUP_V1, .dirfd = fake_tree_open(&tree, "v1/pod/ctr")};
	v2 = (struct memcg){.version = CGROUP_V2, .dirfd = fake_tree_open(&tree, "v2")};
}

static void teardown(void)
{
	close(v1.dirfd);
	close(v2.dirfd);
	fake_tree_remove(&tree);
}

START_TEST(v1_tells_of_its_page_cache)
{
	const struct memcg_usage usage = {.inactive_file = 4000, .active_file = 8000};
	struct memcg_split split;

	ck_assert_int_eq(memcg_split_read(&v1, &split), 0);
	ck_assert_uint_eq(split.active_file, 8000);
	ck_assert_uint_eq(split.mapped_file, 3000);
	ck_assert_uint_eq(split.sock, 12288);
	ck_assert(split.slab_reclaimable == MEMCG_UNKNOWN);
	ck_assert(split.kernel_stack == MEMCG_UNKNOWN);
	ck_assert_uint_eq(memcg_split_reclaimable(&usage, &split), 12000 - 600);
}
END_TEST

START_TEST(v2_tells_of_the_kernel_too)
{
	const struct memcg_usage usage = {.inactive_file = 10, .active_file = 10};
	struct memcg_split split;

	ck_assert_int_eq(memcg_split_read(&v2, &split), 0);
	ck_assert_uint_eq(split.kernel_stack, 16384);
	ck_assert_uint_eq(split.page_tables, 8192);
	ck_assert_uint_eq(split.sock, 4096);
	ck_assert_uint_eq(split.slab_unreclaimable, 6000);
	/* More dirty than there is: nothing of it, and the slab. */
	ck_assert_uint_eq(memcg_split_reclaimable(&usage, &split), 5000);
}
END_TEST

START_TEST(every_limit_up_the_chain)
{
	struct memcg_ancestors above = {
	    .version = CGROUP_V1, .len = 1, .dirfd = {fake_tree_open(&tree, "v1/pod")}};
	struct memcg_level level[MEMCG_LEVELS_MAX];

	ck_assert_uint_eq(memcg_levels_read(&v1, &above, level), 2);
	ck_assert_uint_eq(level[0].limit, 5000000);
	ck_assert_uint_eq(level[0].usage, 4000000);
	ck_assert_uint_eq(level[0].swap_usage, 500000);
	ck_assert(level[0].swap_limit == MEMCG_NO_LIMIT);
	ck_assert_uint_eq(level[0].failcnt, 7);
	ck_assert(level[0].has_under_oom && level[0].under_oom);
	ck_assert(level[1].limit == MEMCG_NO_LIMIT);
	ck_assert(level[1].failcnt == MEMCG_UNKNOWN);
	ck_assert(!level[1].has_under_oom);
	close(above.dirfd[0]);
}
END_TEST

START_TEST(v2_limits)
{
	const struct memcg_ancestors none = {.version = CGROUP_V2};
	struct memcg_level level[MEMCG_LEVELS_MAX];

	ck_assert_uint_eq(memcg_levels_read(&v2, &none, level), 1);
	ck_assert(level[0].limit == MEMCG_NO_LIMIT);
	ck_assert_uint_eq(level[0].high, 3000000);
	ck_assert_uint_eq(level[0].swap_limit, 0);
	/* Its own, not its children's. */
	ck_assert_uint_eq(level[0].failcnt, 9);
	ck_assert(!level[0].has_under_oom);
}
END_TEST

START_TEST(pressure_as_a_whole)
{
	struct memcg_pressure pressure;

	ck_assert_int_eq(memcg_pressure_all(&v1, &pressure), -ENOENT);
	ck_assert_int_eq(memcg_pressure_all(&v2, &pressure), 0);
	ck_assert_double_eq_tol(pressure.some.avg10, 12.34, 1e-9);
	ck_assert_double_eq_tol(pressure.full.avg10, 100, 1e-9);
	ck_assert_double_eq_tol(pressure.full.avg60, 3.05, 1e-9);
	ck_assert_uint_eq(pressure.some.total_us, 123456);
	ck_assert_uint_eq(pressure.full.total_us, 99);
	fake_tree_write(&tree, "v2/memory.pressure", "some avg10=x\n");
	ck_assert_int_eq(memcg_pressure_all(&v2, &pressure), -ENODATA);
}
END_TEST

START_TEST(the_hosts_memory)
{
	int procfd = fake_tree_open(&tree, "proc");
	struct host_memory host;

	ck_assert_int_eq(host_memory_read(procfd, &host), 0);
	ck_assert_uint_eq(host.total, 2048 * 1024);
	ck_assert_uint_eq(host.free, 100 * 1024);
	ck_assert_uint_eq(host.available, 300 * 1024);
	ck_assert_uint_eq(host.swap_free, 0);
	fake_tree_write(&tree, "proc/meminfo", "MemFree: 1 kB\n");
	ck_assert_int_eq(host_memory_read(procfd, &host), 0);
	ck_assert(host.available == HOST_MEMORY_UNKNOWN);
	close(procfd);
}
END_TEST

START_TEST(a_process_by_its_status)
{
	int procfd = fake_tree_open(&tree, "proc"), score = -1;
	struct proc_status status;

	ck_assert_int_eq(proc_status_read(procfd, 7, &status), 0);
	/* The name holds a line of its own, escaped by the kernel. */
	ck_assert_int_eq(status.ns_pid, 1);
	ck_assert(status.has_memory);
	ck_assert_uint_eq(status.anon_kib, 100);
	ck_assert_uint_eq(status.file_kib, 20);
	ck_assert_uint_eq(status.shmem_kib, 3);
	ck_assert_uint_eq(status.swap_kib, 12);
	ck_assert_int_eq(proc_oom_score_read(procfd, 7, &score), 0);
	ck_assert_int_eq(score, 667);
	ck_assert_int_eq(proc_status_read(procfd, 8, &status), 0);
	ck_assert(!status.has_memory);
	ck_assert_int_eq(proc_oom_score_read(procfd, 8, &score), -EINVAL);
	ck_assert_int_eq(proc_status_read(procfd, 9, &status), -ESRCH);
	close(procfd);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("scene");
	TCase *tests = tcase_create("scene");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, v1_tells_of_its_page_cache);
	tcase_add_test(tests, v2_tells_of_the_kernel_too);
	tcase_add_test(tests, every_limit_up_the_chain);
	tcase_add_test(tests, v2_limits);
	tcase_add_test(tests, pressure_as_a_whole);
	tcase_add_test(tests, the_hosts_memory);
	tcase_add_test(tests, a_process_by_its_status);
	suite_add_tcase(suite, tests);
	return unit_run(suite);
}
