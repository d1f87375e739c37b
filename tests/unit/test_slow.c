/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a child reads for the shim: command lines and mappings, on a fake /proc. A FIFO that nobody
 * writes to stands for a process whose lock is held for ever.
 */
#include <errno.h>
#include <sys/wait.h>

#include "clock.h"
#include "confine.h"
#include "detail.h"
#include "fake_tree.h"
#include "slow.h"
#include "unit.h"

#define SECONDS(n) ((uint64_t)(n)*1000000)
#define STUCK_US 500000

static const char smaps[] =
    "00400000-00500000 r-xp 00000000 08:01 42                     /usr/bin/app server\n"
    "Size:               1024 kB\nRss:                 512 kB\nVmFlags: rd ex\n"
    "01000000-03000000 rw-p 00000000 00:00 0                      [heap]\n"
    "Size:              32768 kB\nRss:               20000 kB\n"
    "c000000000-c000400000 rw-p 00000000 00:00 0 \n"
    "Rss:                4096 kB\n"
    "c000400000-c004000000 ---p 00000000 00:00 0 \n"
    "Rss:                   0 kB\n"
    "7f0000000000-7f0000021000 rw-p 00000000 00:00 0 \n"
    "Rss:                 132 kB\n"
    "7f0000021000-7f0004000000 ---p 00000000 00:00 0 \n"
    "Rss:                   0 kB\n"
    "7f0004000000-7f0008000000 rw-p 00000000 00:00 0 \n"
    "Rss:               65536 kB\n"
    "7f000c000000-7f000c021000 rw-p 00000000 00:00 0 \n"
    "Rss:                   8 kB\n"
    "7f1000000000-7f1001000000 rw-s 00000000 00:01 7              /dev/shm/cache (deleted)\n"
    "Rss:                3000 kB\n"
    "7f1100000000-7f1100001000 rw-p 00000000 00:00 0              [anon:glibc: malloc]\n"
    "Rss:                   4 kB\n"
    "7ffe00000000-7ffe00021000 rw-p 00000000 00:00 0              [stack]\n"
    "Rss:                  40 kB\n"
    "7ffe00100000-7ffe00102000 r-xp 00000000 00:00 0              [vdso]\n"
    "Rss:                   8 kB\n";

static const struct fake_file files[] = {
    {"proc/100/smaps", smaps},
    {"proc/100/smaps_rollup",
     "00400000-7ffe00102000 ---p 00000000 00:00 0  [rollup]\nRss:  93000 kB\nPss:  92000 kB\n"
     "Pss_Dirty: 1 kB\nPrivate_Dirty:  91000 kB\nAnonymous:  90000 kB\nSwap:  5 kB\nSwapPss: 9 "
     "kB\n"},
    {"proc/101/smaps", ""},
};

static struct fake_tree tree;
static struct slow_reader reader;
static struct scene *scene;
static int procfd;

static void put_cmdline(int pid, const char *args, size_t len)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "proc/%d/cmdline", pid);
	/* In the place of a FIFO, too: to open that for writing would wait for a reader. */
	unlinkat(tree.fd, path, 0);
	fake_tree_write(&tree, path, "");
	fd = openat(tree.fd, path, O_WRONLY | O_CLOEXEC);
	ck_assert_int_eq(write(fd, args, len), (ssize_t)len);
	close(fd);
}

static void setup(void)
{
	fake_tree_make(&tree, files, FAKE_TREE_LEN(files));
	procfd = fake_tree_open(&tree, "proc");
	scene = calloc(1, sizeof(*scene));
	for (int pid = 100; pid < 110; pid++) {
		char args[64];
		int len =
		    snprintf(args, sizeof(args), "worker%c--password=hunter2%c%d%c", 0, 0, pid, 0);

		put_cmdline(pid, args, (size_t)len);
		scene->process[scene->processes_len++] = (struct scene_process){.pid = pid};
	}
	slow_open(&reader, procfd);
	ck_assert_ptr_nonnull(reader.shared);
}

static void teardown(void)
{
	slow_close(&reader);
	close(procfd);
	free(scene);
	fake_tree_remove(&tree);
}

static const char *cmdline(uint32_t index)
{
	uint32_t offset = reader.shared->cmdline[index];

	return offset ? &reader.shared->text[offset - 1] : NULL;
}

static bool read_within(uint64_t us)
{
	slow_start(&reader, scene);
	return slow_finish(&reader, scene, clock_us(CLOCK_MONOTONIC) + us, STUCK_US);
}

static void make_fifo(int pid, const char *file)
{
	char path[64];

	snprintf(path, sizeof(path), "proc/%d/%s", pid, file);
	unlinkat(tree.fd, path, 0);
	ck_assert_int_eq(mkfifoat(tree.fd, path, 0600), 0);
}

/* A killed child may need a moment; one that nothing ends would let this hang. */
static void nobody_is_left(void)
{
	while (waitpid(-1, NULL, 0) > 0)
		;
	ck_assert_int_eq(errno, ECHILD);
}

START_TEST(all_is_read_and_masked)
{
	ck_assert(read_within(SECONDS(20)));
	ck_assert_uint_eq(scene->cut, 0);
	ck_assert_ptr_eq(scene->slow, reader.shared);
	ck_assert_uint_eq(reader.shared->cmdlines_len, 10);
	ck_assert_uint_eq(reader.shared->details_len, SCENE_DETAILS_MAX);
	ck_assert_str_eq(cmdline(0), "worker --password=*** 100");
	ck_assert_str_eq(cmdline(9), "worker --password=*** 109");
	ck_assert_int_eq(reader.shared->detail[0].pid, 100);
	nobody_is_left();
}
END_TEST

/* A word that ends where the room ends may be half of a secret. */
START_TEST(what_is_cut_off_is_dropped)
{
	static char args[5000];

	memset(args, 'x', sizeof(args));
	memcpy(args, "app", 4);
	memcpy(args + 4000, " \0https://me:", 13);
	put_cmdline(100, args, sizeof(args));
	ck_assert(read_within(SECONDS(20)));
	ck_assert_ptr_null(strstr(cmdline(0), "https"));
	ck_assert_uint_eq(strlen(cmdline(0)), SCENE_CMDLINE_BYTES - 1);
}
END_TEST

/* Gone, or a zombie: there is none, and that is no cut. */
START_TEST(what_is_not_there_is_null)
{
	scene->process[3].pid = 999;
	put_cmdline(104, "", 0);
	ck_assert(read_within(SECONDS(20)));
	ck_assert_ptr_null(cmdline(3));
	ck_assert_ptr_null(cmdline(4));
	ck_assert_ptr_nonnull(cmdline(5));
}
END_TEST

START_TEST(who_hangs_is_passed_over)
{
	make_fifo(102, "cmdline");
	make_fifo(100, "smaps");
	ck_assert(!read_within(SECONDS(20)));
	ck_assert_uint_eq(scene->cut, SCENE_CUT_CMDLINES | SCENE_CUT_DETAILS);
	ck_assert_uint_eq(reader.passed_over, 2);
	ck_assert_ptr_null(cmdline(2));
	ck_assert_str_eq(cmdline(1), "worker --password=*** 101");
	ck_assert_str_eq(cmdline(9), "worker --password=*** 109");
	ck_assert_uint_eq(reader.shared->details_len, SCENE_DETAILS_MAX);
	ck_assert(reader.shared->detail[0].has_rollup && !reader.shared->detail[0].has_maps);
	ck_assert(reader.shared->detail[1].has_maps);
	nobody_is_left();
}
END_TEST

START_TEST(the_deadline_holds)
{
	uint64_t start = clock_us(CLOCK_MONOTONIC);

	make_fifo(101, "cmdline");
	slow_start(&reader, scene);
	/* Long before the child would be taken for stuck. */
	ck_assert(!slow_finish(&reader, scene, start, SECONDS(60)));
	ck_assert_uint_lt(clock_us(CLOCK_MONOTONIC) - start, SECONDS(30));
	ck_assert_uint_ne(scene->cut & SCENE_CUT_CMDLINES, 0);
	ck_assert_uint_le(reader.shared->cmdlines_len, 1);
	/* Who was not read is named: where a child ends is up to the scheduler. */
	for (size_t i = 0; i < SCENE_DETAILS_MAX; i++)
		ck_assert_int_eq(reader.shared->detail[i].pid, scene->process[i].pid);
	nobody_is_left();
}
END_TEST

/* Each of them hangs: it gives up, and does not fork for ever. */
START_TEST(too_many_hang)
{
	for (int pid = 100; pid < 110; pid++)
		make_fifo(pid, "cmdline");
	ck_assert(!read_within(SECONDS(60)));
	ck_assert_uint_lt(reader.passed_over, 10);
	nobody_is_left();
	/* And the next time it is as good as new. */
	for (int pid = 100; pid < 110; pid++)
		put_cmdline(pid, "x", 2);
	scene->cut = 0;
	ck_assert(read_within(SECONDS(20)));
	ck_assert_str_eq(cmdline(9), "x");
}
END_TEST

START_TEST(without_room_nothing_is_read)
{
	slow_close(&reader);
	slow_start(&reader, scene);
	ck_assert(!slow_finish(&reader, scene, clock_us(CLOCK_MONOTONIC) + SECONDS(20), STUCK_US));
	ck_assert_ptr_null(scene->slow);
	ck_assert_uint_eq(scene->cut, SCENE_CUT_CMDLINES | SCENE_CUT_DETAILS);
}
END_TEST

#if !defined(__SANITIZE_ADDRESS__)
/* The filter of the shim lets this one fork through, but not the sanitizer's own system calls: for
 * this the file is built once more without it (slow_confined). */
START_TEST(it_works_confined)
{
	pid_t child = fork();
	int status;

	if (child == 0) {
		if (confine_system_calls() < 0)
			_exit(2);
		_exit(read_within(SECONDS(20)) && cmdline(9) ? 0 : 1);
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert(WIFEXITED(status));
	ck_assert_int_eq(WEXITSTATUS(status), 0);
}
END_TEST
#endif

START_TEST(mappings_by_kind)
{
	struct scene_detail detail = {0};

	detail_read(procfd, 100, &detail);
	ck_assert(detail.has_rollup && detail.has_maps);
	ck_assert_uint_eq(detail.rss, 93000 * 1024);
	ck_assert_uint_eq(detail.pss, 92000 * 1024);
	ck_assert_uint_eq(detail.private_dirty, 91000 * 1024);
	ck_assert_uint_eq(detail.swap, 5 * 1024);
	/* One with its rest, one that is full; not Go's, and not one without its rest. */
	ck_assert_uint_eq(detail.arenas, 2);
	ck_assert_uint_eq(detail.arena_bytes, (132 + 65536) * 1024);
	ck_assert_uint_eq(detail.mappings_len, SCENE_MAPPINGS_MAX);
	ck_assert_int_eq(detail.mapping[0].kind, MAPPING_ARENA);
	ck_assert_uint_eq(detail.mapping[0].size, 2 * 64 * 1024 * 1024);
	ck_assert_int_eq(detail.mapping[1].kind, MAPPING_HEAP);
	ck_assert_uint_eq(detail.mapping[1].rss, 20000 * 1024);
	ck_assert_int_eq(detail.mapping[2].kind, MAPPING_ANON);
	ck_assert_int_eq(detail.mapping[3].kind, MAPPING_SHMEM);
	ck_assert_str_eq(detail.mapping[3].name, "cache (deleted)");
	ck_assert_int_eq(detail.mapping[4].kind, MAPPING_FILE);
	ck_assert_str_eq(detail.mapping[4].name, "app server");
	ck_assert_int_eq(detail.mapping[5].kind, MAPPING_STACK);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("slow");
	TCase *tests = tcase_create("slow");

	tcase_set_timeout(tests, 120);
	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, all_is_read_and_masked);
	tcase_add_test(tests, what_is_cut_off_is_dropped);
	tcase_add_test(tests, what_is_not_there_is_null);
	tcase_add_test(tests, who_hangs_is_passed_over);
	tcase_add_test(tests, the_deadline_holds);
	tcase_add_test(tests, too_many_hang);
	tcase_add_test(tests, without_room_nothing_is_read);
#if !defined(__SANITIZE_ADDRESS__)
	tcase_add_test(tests, it_works_confined);
#endif
	tcase_add_test(tests, mappings_by_kind);
	suite_add_tcase(suite, tests);
	return unit_run(suite);
}
