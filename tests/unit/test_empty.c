/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Emptying a cgroup: which file gets what, on a fake one; and that page cache really goes, in a
 * real cgroup where one can be made.
 */
#include <signal.h>
#include <sys/wait.h>
#include <time.h>

#include "empty.h"
#include "fake_tree.h"
#include "unit.h"

static const struct fake_file files[] = {
    {"v1/cgroup.procs", ""},
    {"v1/memory.usage_in_bytes", "5000000\n"},
    {"v1/memory.force_empty", ""},
    {"v2/cgroup.procs", ""},
    {"v2/cgroup.events", "populated 0\nfrozen 0\n"},
    {"v2/memory.current", "5000000\n"},
    {"v2/memory.reclaim", ""},
};

static struct fake_tree tree;
static struct memcg memcg;

/* What happens while it waits, and how often it did. */
static const char *goes_meanwhile;
static unsigned waited;

static void setup(void)
{
	fake_tree_make(&tree, files, FAKE_TREE_LEN(files));
	goes_meanwhile = NULL;
	waited = 0;
}

static void teardown(void)
{
	close(memcg.dirfd);
	fake_tree_remove(&tree);
}

static void use(enum cgroup_version version)
{
	memcg = (struct memcg){.version = version,
			       .dirfd = fake_tree_open(&tree, version == CGROUP_V1 ? "v1" : "v2"),
			       .freezer = -1};
}

static void check_file(const char *path, const char *text)
{
	char buf[64];

	ck_assert_str_eq(fake_tree_read(&tree, path, buf, sizeof(buf)), text);
}

int __wrap_clock_nanosleep(clockid_t clock, int flags, const struct timespec *time,
			   struct timespec *left);
int __wrap_clock_nanosleep(clockid_t clock, int flags, const struct timespec *time,
			   struct timespec *left)
{
	waited++;
	if (goes_meanwhile)
		fake_tree_remove_dir(&tree, goes_meanwhile);
	return 0;
}

/* A removal would wait for the write; for a little memory the cgroup is left to it. */
START_TEST(a_little_may_be_removed_first)
{
	use(CGROUP_V1);
	fake_tree_write(&tree, "v1/memory.usage_in_bytes", "500000\n");
	goes_meanwhile = "v1/memory.usage_in_bytes";
	ck_assert_uint_eq(empty_cgroup(&memcg), 0);
	ck_assert_uint_eq(waited, 1);
	check_file("v1/memory.force_empty", "");
	goes_meanwhile = NULL;
	fake_tree_write(&tree, "v1/memory.usage_in_bytes", "500000\n");
	ck_assert_uint_eq(empty_cgroup(&memcg), 0);
	ck_assert_uint_eq(waited, 2);
	check_file("v1/memory.force_empty", "0");
}
END_TEST

START_TEST(much_goes_at_once)
{
	use(CGROUP_V1);
	fake_tree_write(&tree, "v1/memory.usage_in_bytes", "1048576\n");
	ck_assert_uint_eq(empty_cgroup(&memcg), 0);
	ck_assert_uint_eq(waited, 0);
	check_file("v1/memory.force_empty", "0");
}
END_TEST

START_TEST(v1_is_forced_empty)
{
	use(CGROUP_V1);
	ck_assert_uint_eq(empty_cgroup(&memcg), 0);
	check_file("v1/memory.force_empty", "0");
}
END_TEST

START_TEST(v2_reclaims_what_is_there)
{
	use(CGROUP_V2);
	ck_assert_uint_eq(empty_cgroup(&memcg), 0);
	check_file("v2/memory.reclaim", "5000000");
}
END_TEST

START_TEST(v2_reclaims_in_pieces)
{
	use(CGROUP_V2);
	fake_tree_write(&tree, "v2/memory.current", "5000000000\n");
	ck_assert_uint_eq(empty_cgroup(&memcg), 0);
	check_file("v2/memory.reclaim", "67108864");
}
END_TEST

START_TEST(nobody_in_it_is_robbed)
{
	use(CGROUP_V1);
	fake_tree_write(&tree, "v1/cgroup.procs", "1234\n");
	ck_assert_uint_eq(empty_cgroup(&memcg), 0);
	check_file("v1/memory.force_empty", "");
	close(memcg.dirfd);
	use(CGROUP_V2);
	fake_tree_write(&tree, "v2/cgroup.events", "populated 1\n");
	ck_assert_uint_eq(empty_cgroup(&memcg), 0);
	check_file("v2/memory.reclaim", "");
}
END_TEST

START_TEST(nothing_to_do_is_no_fault)
{
	use(CGROUP_V2);
	fake_tree_remove_dir(&tree, "v2/memory.reclaim");
	ck_assert_uint_eq(empty_cgroup(&memcg), 0);
	close(memcg.dirfd);
	use(CGROUP_V1);
	fake_tree_remove_dir(&tree, "v1");
	ck_assert_uint_eq(empty_cgroup(&memcg), 0);
}
END_TEST

/* A kernel that is not done in time: a pipe that nobody reads. The timer must end the write. */
START_TEST(a_write_that_blocks_is_ended)
{
	char path[96], fill[4096] = {0};
	int fd;

	use(CGROUP_V1);
	fake_tree_remove_dir(&tree, "v1/memory.force_empty");
	snprintf(path, sizeof(path), "%s/v1/memory.force_empty", tree.root);
	ck_assert_int_eq(mkfifo(path, 0600), 0);
	fd = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	ck_assert_int_ge(fd, 0);
	while (write(fd, fill, sizeof(fill)) > 0)
		;
	ck_assert_int_eq(errno, EAGAIN);
	/* The test's own time limit is what fails otherwise. */
	ck_assert_uint_eq(empty_cgroup(&memcg), 0);
	close(fd);
}
END_TEST

#define OWN "/sys/fs/cgroup/memory/oomguard-test-empty"
#define CACHE_BYTES (8 * 1024 * 1024)

/* Page cache of a file, charged to OWN by a process that is gone afterwards. */
static void fill_cache(const char *file)
{
	static char block[1024 * 1024];
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		int procs = open(OWN "/cgroup.procs", O_WRONLY | O_CLOEXEC);
		int fd = open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

		if (write(procs, "0", 1) != 1)
			_exit(1);
		for (int i = 0; i < CACHE_BYTES / (int)sizeof(block); i++)
			if (write(fd, block, sizeof(block)) != sizeof(block))
				_exit(2);
		_exit(fdatasync(fd) == 0 ? 0 : 3);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
}

START_TEST(page_cache_goes)
{
	char file[96];
	uint64_t freed, usage;

	if (mkdir(OWN, 0755) < 0 && errno != EEXIST) {
		unit_missing("a memory cgroup of v1");
		memcg.dirfd = -1;
		return;
	}
	memcg = (struct memcg){.version = CGROUP_V1,
			       .dirfd = open(OWN, O_RDONLY | O_DIRECTORY | O_CLOEXEC),
			       .freezer = -1};
	/* Not in /tmp, which may be a tmpfs. */
	snprintf(file, sizeof(file), "/var/tmp/oomguard-test-empty-%d", getpid());
	fill_cache(file);
	freed = empty_cgroup(&memcg);
	ck_assert_int_eq(cgroup_read_u64(memcg.dirfd, "memory.usage_in_bytes", &usage), 0);
	unlink(file);
	rmdir(OWN);
	ck_assert_uint_ge(freed, CACHE_BYTES / 2);
	ck_assert_uint_lt(usage, CACHE_BYTES / 4);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("empty");
	TCase *tests = tcase_create("empty");

	tcase_set_timeout(tests, 60);
	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, a_little_may_be_removed_first);
	tcase_add_test(tests, much_goes_at_once);
	tcase_add_test(tests, v1_is_forced_empty);
	tcase_add_test(tests, v2_reclaims_what_is_there);
	tcase_add_test(tests, v2_reclaims_in_pieces);
	tcase_add_test(tests, nobody_in_it_is_robbed);
	tcase_add_test(tests, nothing_to_do_is_no_fault);
	tcase_add_test(tests, a_write_that_blocks_is_ended);
	tcase_add_test(tests, page_cache_goes);
	suite_add_tcase(suite, tests);
	return unit_run(suite);
}
