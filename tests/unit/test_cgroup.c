/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "cgroup.h"
#include "fake_tree.h"
#include "read_all.h"
#include "unit.h"

static struct fake_tree tree;
static struct cgroup_mounts mounts;

static void make_tree(void)
{
	fake_tree_make(&tree, NULL, 0);
}

static void remove_tree(void)
{
	cgroup_mounts_free(&mounts);
	fake_tree_remove(&tree);
}

static void read_mounts(void)
{
	cleanup_close int proc = fake_tree_open(&tree, "proc");
	struct error err = {0};

	cgroup_mounts_free(&mounts);
	ck_assert_msg(cgroup_mounts_read(proc, &mounts, &err) == 0, "%s", err.message);
}

static const char hybrid[] =
    "22 27 0:21 / /proc rw,relatime - proc proc rw\n"
    "31 23 0:28 / /sys/fs/cgroup ro,nosuid shared:4 - tmpfs tmpfs rw,mode=755\n"
    "32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw shared:5 master:1 - cgroup cgroup "
    "rw,cpu,cpuacct\n"
    "35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory\n"
    "40 31 0:37 / /sys/fs/cgroup/systemd rw - cgroup  "
    "rw,xattr,release_agent=/x\\054memory,name=systemd\n"
    "41 31 0:38 /../.. /sys/fs/cgroup/my\\040unified\\134 rw,relatime - cgroup2 cgroup2 "
    "rw,nsdelegate\n"
    "42 31 0:39 / /broken\n"
    "43 31 nonsense / /broken rw - cgroup cgroup rw,memory\n";

START_TEST(mountinfo_is_understood)
{
	enum cgroup_version version;

	fake_tree_write(&tree, "proc/self/mountinfo", hybrid);
	read_mounts();
	ck_assert_uint_eq(mounts.len, 4);
	ck_assert_str_eq(mounts.mount[0].controllers, "rw,cpu,cpuacct");
	ck_assert_str_eq(mounts.mount[1].point, "/sys/fs/cgroup/memory");
	ck_assert(mounts.mount[1].dev == makedev(0, 32));
	ck_assert(!mounts.mount[2].v2);
	ck_assert(mounts.mount[3].v2);
	ck_assert_str_eq(mounts.mount[3].root, "/../..");
	ck_assert_str_eq(mounts.mount[3].point, "/sys/fs/cgroup/my unified\\");
	ck_assert_int_eq(cgroup_memory_version(&mounts, &version), 0);
	ck_assert_int_eq(version, CGROUP_V1);
}
END_TEST

START_TEST(memory_is_on_v2_when_no_v1_mount_has_it)
{
	enum cgroup_version version;

	fake_tree_mount(&tree, "/", "cpu", "cgroup", "rw,cpu,cpuacct");
	fake_tree_mount(&tree, "/", "systemd", "cgroup", "rw,name=systemd");
	read_mounts();
	ck_assert_int_eq(cgroup_memory_version(&mounts, &version), -ENOENT);
	fake_tree_mount(&tree, "/", "unified", "cgroup2", "rw");
	read_mounts();
	ck_assert_int_eq(cgroup_memory_version(&mounts, &version), 0);
	ck_assert_int_eq(version, CGROUP_V2);
}
END_TEST

START_TEST(more_mounts_than_room_forget_the_earliest)
{
	for (int i = 0; i < CGROUP_MOUNTS_MAX + 3; i++) {
		char point[16];

		snprintf(point, sizeof(point), "m%d", i);
		fake_tree_mount(&tree, "/", point, "cgroup2", "rw");
	}
	read_mounts();
	ck_assert_uint_eq(mounts.len, CGROUP_MOUNTS_MAX);
	ck_assert_ptr_nonnull(strstr(mounts.mount[0].point, "/m3"));
}
END_TEST

static void expect_path(const char *controller, int want, const char *path)
{
	cleanup_close int proc = fake_tree_open(&tree, "proc");
	cleanup_free char *found = NULL;
	struct error err = {0};

	ck_assert_int_eq(cgroup_path_of(proc, 7, controller, &found, &err), want);
	if (path)
		ck_assert_str_eq(found, path);
	else
		ck_assert_ptr_null(found);
}

START_TEST(path_of_a_process_is_found)
{
	fake_tree_write(&tree, "proc/7/cgroup",
			"12:cpu,cpuacct:/c:d/e\n4:memory:/docker/x (deleted)\n"
			"3:name=systemd:/s\n2:freezer,pids:\n0::/a b/:0::\n");
	expect_path("memory", 0, "/docker/x (deleted)");
	expect_path("cpuacct", 0, "/c:d/e");
	expect_path("cpu", 0, "/c:d/e");
	expect_path("name=systemd", 0, "/s");
	expect_path("systemd", -ENOENT, NULL);
	expect_path("mem", -ENOENT, NULL);
	expect_path("pids", 0, "");
	expect_path(NULL, 0, "/a b/:0::");
}
END_TEST

START_TEST(path_of_nobody_and_of_a_removed_cgroup)
{
	cleanup_close int proc = -1;
	char *found;

	fake_tree_write(&tree, "proc/7/cgroup", "0::/gone (deleted)\n");
	expect_path(NULL, -ESTALE, NULL);
	expect_path("memory", -ENOENT, NULL);
	proc = fake_tree_open(&tree, "proc");
	ck_assert_int_eq(cgroup_path_of(proc, 8, NULL, &found, NULL), -ESRCH);
	fake_tree_write(&tree, "proc/self/cgroup", "0::/me\n");
	ck_assert_int_eq(cgroup_path_of(proc, 0, NULL, &found, NULL), 0);
	ck_assert_str_eq(found, "/me");
	free(found);
}
END_TEST

START_TEST(path_in_a_text)
{
	static const struct {
		const char *text, *controller, *path;
	} rows[] = {
	    {"4:memory:/a\n0::/b\n", "memory", "/a"},
	    {"4:memory:/a\n0::/b\n", NULL, "/b"},
	    {"0::/b", NULL, "/b"},
	    {"4:cpu,cpuacct:/\n", "cpuacct", "/"},
	    {"4:cpu,cpuacct:/\n", "acct", NULL},
	    {"4:cpu,cpuacct:/\n", "cpu,cpuacct", NULL},
	    {"10::/b\n", NULL, NULL},
	    {"0:memory:/b\n", NULL, NULL},
	    {"0:\n4:memory\n\n:\n", "memory", NULL},
	    {"", "memory", NULL},
	};

	for (size_t i = 0; i < FAKE_TREE_LEN(rows); i++) {
		size_t len = 0;
		const char *path = cgroup_text_path(rows[i].text, rows[i].controller, &len);

		if (rows[i].path)
			ck_assert_msg(path && len == strlen(rows[i].path) &&
					  memcmp(path, rows[i].path, len) == 0,
				      "row %zu", i);
		else
			ck_assert_msg(!path, "row %zu", i);
	}
}
END_TEST

/* As seq_file(9) gives a long one: as much as fits, then what is left, which is short. */
START_TEST(a_text_is_read_until_a_short_piece)
{
	static const char piece[3000];
	char text[8192];
	int pair[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	ck_assert_int_eq(write(pair[1], piece, 3000), 3000);
	ck_assert_int_eq(write(pair[1], piece, 100), 100);
	ck_assert_int_eq(write(pair[1], piece, 5), 5);
	ck_assert_int_eq(read_text(pair[0], text, sizeof(text)), 3100);
	/* No second read looks for the end. */
	ck_assert_int_eq(read_text(pair[0], text, sizeof(text)), 5);
	close(pair[0]);
	close(pair[1]);
}
END_TEST

/* Opens and compares the end of the directory's name; NULL expects `want`. */
static void expect_open(const char *controller, const char *path, int want, const char *dir_end)
{
	cleanup_free char *dir = NULL;
	struct error err = {0};
	cleanup_close int fd = cgroup_open(&mounts, controller, path, &dir, &err);

	if (!dir_end) {
		ck_assert_int_eq(fd, want);
		ck_assert_str_ne(err.message, "");
		return;
	}
	ck_assert_msg(fd >= 0, "%s: %s", path, err.message);
	ck_assert_msg(strlen(dir) > strlen(dir_end) &&
			  strcmp(dir + strlen(dir) - strlen(dir_end), dir_end) == 0,
		      "%s is not …%s", dir, dir_end);
}

START_TEST(open_follows_the_mount_table)
{
	fake_tree_dir(&tree, "cg/mem ory/docker/x");
	fake_tree_dir(&tree, "cg/unified/x");
	fake_tree_mount(&tree, "/", "cg/mem ory", "cgroup", "rw,memory");
	fake_tree_mount(&tree, "/", "cg/unified", "cgroup2", "rw");
	read_mounts();
	expect_open("memory", "/docker/x", 0, "cg/mem ory/docker/x");
	expect_open("memory", "/", 0, "cg/mem ory");
	expect_open("memory", "/docker/y", -ENOENT, NULL);
	expect_open(NULL, "/x", 0, "cg/unified/x");
	expect_open("freezer", "/x", -ENOENT, NULL);
}
END_TEST

START_TEST(open_respects_the_root_of_a_mount)
{
	fake_tree_dir(&tree, "cg/x");
	fake_tree_dir(&tree, "cg/podx");
	fake_tree_dir(&tree, "cgx");
	fake_tree_dir(&tree, "x");
	fake_tree_mount(&tree, "/pod", "cg", "cgroup2", "rw");
	read_mounts();
	expect_open(NULL, "/pod/x", 0, "cg/x");
	expect_open(NULL, "/pod", 0, "cg");
	expect_open(NULL, "/podx", -ENOENT, NULL);
	expect_open(NULL, "/", -ENOENT, NULL);
	expect_open(NULL, "/pod/../../x", -ENOENT, NULL);
	expect_open(NULL, "/pod/..", -ENOENT, NULL);
}
END_TEST

START_TEST(open_in_a_cgroup_namespace)
{
	fake_tree_dir(&tree, "cg/sibling");
	fake_tree_dir(&tree, "cg/..name");
	fake_tree_mount(&tree, "/..", "cg", "cgroup2", "rw");
	read_mounts();
	/* The mount shows what lies above our namespace; our own name in there is not known. */
	expect_open(NULL, "/../sibling", 0, "cg/sibling");
	expect_open(NULL, "/sibling", -ENOENT, NULL);
	fake_tree_mount(&tree, "/", "cg", "cgroup2", "rw");
	read_mounts();
	expect_open(NULL, "/..name", 0, "cg/..name");
	expect_open(NULL, "/../../sibling", -ENOENT, NULL);
}
END_TEST

START_TEST(open_passes_over_a_covered_mount)
{
	char text[1024];

	fake_tree_dir(&tree, "one/x");
	fake_tree_dir(&tree, "two/x");
	fake_tree_mount(&tree, "/", "one", "cgroup2", "rw");
	read_mounts();
	/* The same place again, but what is found there is of another device. */
	snprintf(text, sizeof(text), "50 23 0:4095 / %s/two rw - cgroup2 cgroup2 rw\n", tree.root);
	fake_tree_put(&tree, "proc/self/mountinfo", text, O_APPEND);
	read_mounts();
	ck_assert_uint_eq(mounts.len, 2);
	expect_open(NULL, "/x", 0, "one/x");
}
END_TEST

START_TEST(read_and_write_one_file)
{
	cleanup_close int dir = -1;
	char text[8];
	uint64_t value;

	fake_tree_write(&tree, "cg/cgroup.procs", "");
	fake_tree_write(&tree, "cg/memory.max", "max\n");
	fake_tree_write(&tree, "cg/long", "123456789\n");
	fake_tree_write(&tree, "cg/big", "18446744073709551616\n");
	fake_tree_write(&tree, "cg/word", "maximum\n");
	fake_tree_write(&tree, "cg/minus", "-1\n");
	dir = fake_tree_open(&tree, "cg");
	ck_assert_int_eq(cgroup_read(dir, "long", text, sizeof(text)), 7);
	ck_assert_str_eq(text, "1234567");
	ck_assert_int_eq(cgroup_read_u64(dir, "memory.max", &value), 0);
	ck_assert(value == UINT64_MAX);
	ck_assert_int_eq(cgroup_read_u64(dir, "long", &value), 0);
	ck_assert_uint_eq(value, 123456789);
	ck_assert_int_eq(cgroup_read_u64(dir, "big", &value), -ERANGE);
	ck_assert_int_eq(cgroup_read_u64(dir, "word", &value), -EINVAL);
	ck_assert_int_eq(cgroup_read_u64(dir, "minus", &value), -EINVAL);
	ck_assert_int_eq(cgroup_write(dir, "long", "42"), 0);
	ck_assert_int_eq(cgroup_read_u64(dir, "long", &value), 0);
	ck_assert_uint_eq(value, 42);
	ck_assert_int_eq(cgroup_write(dir, "none", "42"), -ENOENT);
	ck_assert_int_eq(cgroup_read(dir, "none", text, sizeof(text)), -ENOENT);
	fake_tree_remove_dir(&tree, "cg");
	ck_assert_int_eq(cgroup_read(dir, "long", text, sizeof(text)), -ENODEV);
	ck_assert_int_eq(cgroup_write(dir, "long", "1"), -ENODEV);
	ck_assert_int_eq(cgroup_procs(dir, NULL, 0), -ENODEV);
}
END_TEST

START_TEST(keys_match_whole_words)
{
	const char *text = "low 1\noom_kill 3\noom 2\noom_group_kill 4\nbad x\nlast 5";
	uint64_t value;

	ck_assert_int_eq(cgroup_text_u64(text, "oom", &value), 0);
	ck_assert_uint_eq(value, 2);
	ck_assert_int_eq(cgroup_text_u64(text, "oom_kill", &value), 0);
	ck_assert_uint_eq(value, 3);
	ck_assert_int_eq(cgroup_text_u64(text, "last", &value), 0);
	ck_assert_uint_eq(value, 5);
	ck_assert_int_eq(cgroup_text_u64(text, "kill", &value), -ENODATA);
	ck_assert_int_eq(cgroup_text_u64(text, "bad", &value), -EINVAL);
	ck_assert_int_eq(cgroup_text_u64("", "oom", &value), -ENODATA);
}
END_TEST

START_TEST(processes_of_the_whole_subtree)
{
	static const struct fake_file files[] = {
	    {"cg/cgroup.procs", "10\n11\n0\n"},
	    {"cg/a/cgroup.procs", ""},
	    {"cg/a/b/cgroup.procs", "2147483647\n"},
	    {"cg/c/cgroup.procs", "13\n"},
	    {"cg/not-a-cgroup", "99\n"},
	};
	cleanup_close int dir = -1;
	pid_t pids[8] = {0};
	long sum = 0;

	fake_tree_add(&tree, files, FAKE_TREE_LEN(files));
	ck_assert_int_eq(symlinkat("..", tree.fd, "cg/loop"), 0);
	dir = fake_tree_open(&tree, "cg");
	ck_assert_int_eq(cgroup_procs(dir, pids, 8), 4);
	for (int i = 0; i < 4; i++)
		sum += pids[i];
	ck_assert_int_eq(sum, 10 + 11 + 13 + 2147483647L);
	ck_assert_int_eq(pids[0], 10);
	ck_assert_int_eq(cgroup_procs(dir, pids, 8), 4);
	memset(pids, 0, sizeof(pids));
	ck_assert_int_eq(cgroup_procs(dir, pids, 2), 4);
	ck_assert_int_eq(pids[2], 0);
}
END_TEST

START_TEST(many_processes_cross_the_buffer)
{
	static char text[64 * 1024];
	static pid_t pids[8000];
	cleanup_close int dir = -1;
	char *to = text;

	for (int i = 0; i < 8000; i++)
		to += sprintf(to, "%d\n", 100 + i * 7);
	fake_tree_write(&tree, "cg/cgroup.procs", text);
	dir = fake_tree_open(&tree, "cg");
	ck_assert_int_eq(cgroup_procs(dir, pids, 8000), 8000);
	for (int i = 0; i < 8000; i++)
		ck_assert_int_eq(pids[i], 100 + i * 7);
}
END_TEST

static int count_and_stop(int dirfd, void *context)
{
	int *left = context;

	return --*left == 0 ? 77 : 0;
}

START_TEST(walk_stops_and_is_bounded)
{
	cleanup_close int dir = -1;
	char path[512] = "cg";
	int left = 3;

	for (int i = 0; i < CGROUP_DEPTH_MAX + 10; i++)
		strcat(path, "/d");
	fake_tree_dir(&tree, path);
	dir = fake_tree_open(&tree, "cg");
	ck_assert_int_eq(cgroup_walk(dir, count_and_stop, &left), 77);
	left = 1000;
	ck_assert_int_eq(cgroup_walk(dir, count_and_stop, &left), 0);
	/* The top and CGROUP_DEPTH_MAX levels below it. */
	ck_assert_int_eq(1000 - left, CGROUP_DEPTH_MAX + 1);
}
END_TEST

START_TEST(populated_on_both_versions)
{
	cleanup_close int one = -1, two = -1;

	fake_tree_write(&tree, "one/cgroup.procs", "");
	fake_tree_write(&tree, "one/a/cgroup.procs", "");
	fake_tree_write(&tree, "two/cgroup.procs", "");
	fake_tree_write(&tree, "two/cgroup.events", "populated 1\nfrozen 0\n");
	one = fake_tree_open(&tree, "one");
	two = fake_tree_open(&tree, "two");
	ck_assert_int_eq(cgroup_populated(one, CGROUP_V1), 0);
	fake_tree_write(&tree, "one/a/cgroup.procs", "5\n");
	ck_assert_int_eq(cgroup_populated(one, CGROUP_V1), 1);
	ck_assert_int_eq(cgroup_populated(two, CGROUP_V2), 1);
	fake_tree_write(&tree, "two/cgroup.events", "populated 0\nfrozen 0\n");
	ck_assert_int_eq(cgroup_populated(two, CGROUP_V2), 0);
	fake_tree_remove_dir(&tree, "one");
	fake_tree_remove_dir(&tree, "two");
	ck_assert_int_eq(cgroup_populated(one, CGROUP_V1), -ENODEV);
	ck_assert_int_eq(cgroup_populated(two, CGROUP_V2), -ENODEV);
}
END_TEST

static void add_finding_tests(TCase *tests)
{
	tcase_add_test(tests, mountinfo_is_understood);
	tcase_add_test(tests, memory_is_on_v2_when_no_v1_mount_has_it);
	tcase_add_test(tests, more_mounts_than_room_forget_the_earliest);
	tcase_add_test(tests, path_of_a_process_is_found);
	tcase_add_test(tests, path_in_a_text);
	tcase_add_test(tests, a_text_is_read_until_a_short_piece);
	tcase_add_test(tests, path_of_nobody_and_of_a_removed_cgroup);
	tcase_add_test(tests, open_follows_the_mount_table);
	tcase_add_test(tests, open_respects_the_root_of_a_mount);
	tcase_add_test(tests, open_in_a_cgroup_namespace);
	tcase_add_test(tests, open_passes_over_a_covered_mount);
}

int main(void)
{
	Suite *suite = suite_create("cgroup");
	TCase *tests = tcase_create("cgroup");

	tcase_add_checked_fixture(tests, make_tree, remove_tree);
	add_finding_tests(tests);
	tcase_add_test(tests, read_and_write_one_file);
	tcase_add_test(tests, keys_match_whole_words);
	tcase_add_test(tests, processes_of_the_whole_subtree);
	tcase_add_test(tests, many_processes_cross_the_buffer);
	tcase_add_test(tests, walk_stops_and_is_bounded);
	tcase_add_test(tests, populated_on_both_versions);
	suite_add_tcase(suite, tests);
	return unit_run(suite);
}
