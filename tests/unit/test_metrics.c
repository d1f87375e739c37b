/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

#include "metrics.h"
#include "tempdir.h"
#include "unit.h"

#define RECORD_BYTES 1024
#define KEY_AT 8
#define TOUCHED_AT 16
#define LABELS_AT 24
#define FIRST_PLACE 2

static char dir[64];
static struct state_root root;
static struct metrics_durations durations;

/* What metrics_read() handed on. */
static struct metrics_series found[METRICS_SERIES_MAX + 1];
static size_t found_len;

static void setup(void)
{
	tempdir_make(dir);
	ck_assert_int_eq(state_root_open(dir, true, &root, NULL), 0);
}

static void teardown(void)
{
	state_root_close(&root);
	tempdir_remove(dir);
}

static int keep(const struct metrics_series *series, void *context)
{
	found[found_len++] = *series;
	return 0;
}

static void read_all(void)
{
	found_len = 0;
	ck_assert_int_eq(metrics_read(&root, &durations, keep, NULL), 0);
}

static const struct metrics_series *find(const char *container)
{
	for (size_t i = 0; i < found_len; i++)
		if (!strcmp(found[i].labels.container, container))
			return &found[i];
	return NULL;
}

static int add(const char *container, uint64_t kills)
{
	const struct identity id = {.id = (char *)"an id", .container = (char *)container};
	const struct metrics_counts counts = {.counter = {[METRICS_OOM_KILLS] = kills}};

	return metrics_add(&root, &id, &counts, 10000);
}

static uint64_t kills_of(const char *container)
{
	const struct metrics_series *series = find(container);

	return series ? series->counts.counter[METRICS_OOM_KILLS] : 0;
}

static int store(void)
{
	int fd = openat(root.dirfd, METRICS_FILE, O_RDWR | O_CLOEXEC);

	ck_assert_int_ge(fd, 0);
	return fd;
}

/* The record's check covers this too, so only its age is seen by who looks for a place. */
static void touch(unsigned place, uint64_t touched_s)
{
	int fd = store();

	ck_assert_int_eq(
	    pwrite(fd, &touched_s, sizeof(touched_s), place * RECORD_BYTES + TOUCHED_AT),
	    sizeof(touched_s));
	close(fd);
}

START_TEST(test_labels)
{
	struct identity id = {.id = (char *)"0123", .pod = (char *)"p\033[2J", .namespace = NULL};
	struct metrics_labels one, two;
	char long_name[512];

	metrics_labels(&id, &one);
	ck_assert_str_eq(one.container, "0123");
	ck_assert_str_eq(one.pod, "p\\x1B[2J");
	ck_assert_str_eq(one.namespace, "");
	id.container = (char *)"php";
	metrics_labels(&id, &two);
	ck_assert_str_eq(two.container, "php");
	ck_assert(!metrics_same_labels(&one, &two));
	memset(long_name, 'x', sizeof(long_name));
	long_name[sizeof(long_name) - 1] = '\0';
	id.container = id.pod = id.namespace = long_name;
	metrics_labels(&id, &one);
	ck_assert_uint_lt(strlen(one.container), METRICS_CONTAINER_MAX);
	ck_assert_uint_lt(strlen(one.pod), METRICS_POD_MAX);
	ck_assert_uint_lt(strlen(one.namespace), METRICS_NAMESPACE_MAX);
}
END_TEST

START_TEST(test_adds_up)
{
	const struct identity web = {.id = (char *)"web"}, other = {.id = (char *)"api"};
	struct metrics_counts counts = {.counter = {[METRICS_STALLS] = 2}};

	read_all();
	ck_assert_uint_eq(found_len, 0);
	metrics_count_action(&counts, "kill-largest", "helped");
	metrics_count_action(&counts, "restart", "restarted");
	metrics_count_action(&counts, "dance", "restarted");
	metrics_count_action(&counts, "restart", "");
	for (unsigned i = 0; i < 3; i++)
		ck_assert_int_eq(metrics_add(&root, &web, &counts, 0), 0);
	ck_assert_int_eq(metrics_add(&root, &other, &counts, 0), 0);
	read_all();
	ck_assert_uint_eq(found_len, 2);
	ck_assert_uint_eq(find("web")->counts.counter[METRICS_STALLS], 6);
	ck_assert_uint_eq(find("web")->counts.counter[METRICS_OOM_KILLS], 0);
	ck_assert_uint_eq(find("web")->counts.action[METRICS_KILL_LARGEST][METRICS_HELPED], 3);
	ck_assert_uint_eq(find("web")->counts.action[METRICS_RESTART][METRICS_RESTARTED], 3);
	ck_assert_uint_eq(find("api")->counts.counter[METRICS_STALLS], 2);
}
END_TEST

START_TEST(test_durations)
{
	const struct metrics_histogram *histogram = &durations.stage[SPEC_STAGE_POSTSTOP];

	ck_assert_int_eq(metrics_add_duration(&root, SPEC_STAGE_POSTSTOP, 500, 0), 0);
	ck_assert_int_eq(metrics_add_duration(&root, SPEC_STAGE_POSTSTOP, 501, 0), 0);
	ck_assert_int_eq(metrics_add_duration(&root, SPEC_STAGE_POSTSTOP, 9000000, 0), 0);
	ck_assert_int_eq(add("web", 1), 0);
	read_all();
	ck_assert_uint_eq(histogram->bucket[0], 1);
	ck_assert_uint_eq(histogram->bucket[1], 1);
	ck_assert_uint_eq(histogram->bucket[METRICS_BUCKETS], 1);
	ck_assert_uint_eq(histogram->sum_us, 9001001);
	ck_assert_uint_eq(durations.stage[SPEC_STAGE_PRESTART].sum_us, 0);
	ck_assert_uint_eq(found_len, 1);
}
END_TEST

START_TEST(test_torn)
{
	static const char rubbish[] = "\xff\xff";
	uint64_t half = 0;
	int fd;

	ck_assert_int_eq(add("first", 5), 0);
	ck_assert_int_eq(add("second", 7), 0);
	ck_assert_int_eq(metrics_add_duration(&root, SPEC_STAGE_POSTSTOP, 1, 0), 0);
	fd = store();
	/* In the middle of the first one's counts, and at the end of the durations. */
	ck_assert_int_eq(pwrite(fd, rubbish, 2, FIRST_PLACE * RECORD_BYTES + 540), 2);
	ck_assert_int_eq(pwrite(fd, rubbish, 2, 400), 2);
	read_all();
	ck_assert_uint_eq(found_len, 1);
	ck_assert_uint_eq(kills_of("second"), 7);
	ck_assert_uint_eq(durations.stage[SPEC_STAGE_POSTSTOP].bucket[0], 0);
	/* It begins anew, at the same place. */
	ck_assert_int_eq(add("first", 1), 0);
	ck_assert_int_eq(metrics_add_duration(&root, SPEC_STAGE_POSTSTOP, 1, 0), 0);
	read_all();
	ck_assert_uint_eq(found_len, 2);
	ck_assert_uint_eq(kills_of("first"), 1);
	ck_assert_uint_eq(durations.stage[SPEC_STAGE_POSTSTOP].bucket[0], 1);
	/* A file that ends in the middle of a record, and one that lost a key. */
	ck_assert_int_eq(ftruncate(fd, (FIRST_PLACE + 1) * RECORD_BYTES + 30), 0);
	read_all();
	ck_assert_uint_eq(found_len, 1);
	ck_assert_int_eq(add("second", 1), 0);
	ck_assert_int_eq(pwrite(fd, &half, sizeof(half), FIRST_PLACE * RECORD_BYTES + KEY_AT),
			 sizeof(half));
	ck_assert_int_eq(add("third", 1), 0);
	read_all();
	ck_assert_uint_eq(kills_of("second"), 1);
	ck_assert_uint_eq(kills_of("third"), 1);
	close(fd);
}
END_TEST

START_TEST(test_two_writers)
{
	enum { WRITERS = 4, TIMES = 200 };
	pid_t pid[WRITERS];
	int status;

	for (unsigned i = 0; i < WRITERS; i++) {
		pid[i] = fork();
		ck_assert_int_ge(pid[i], 0);
		for (unsigned n = 0; pid[i] == 0 && n < TIMES; n++)
			if (add(i % 2 ? "odd" : "even", 1) < 0 ||
			    metrics_add_duration(&root, SPEC_STAGE_POSTSTART, 1, 10000) < 0)
				_exit(1);
		if (pid[i] == 0)
			_exit(0);
	}
	for (unsigned i = 0; i < WRITERS; i++) {
		ck_assert_int_eq(waitpid(pid[i], &status, 0), pid[i]);
		ck_assert_int_eq(status, 0);
	}
	read_all();
	ck_assert_uint_eq(found_len, 2);
	ck_assert_uint_eq(kills_of("odd"), WRITERS / 2 * TIMES);
	ck_assert_uint_eq(kills_of("even"), WRITERS / 2 * TIMES);
	ck_assert_uint_eq(durations.stage[SPEC_STAGE_POSTSTART].bucket[0], WRITERS * TIMES);
}
END_TEST

START_TEST(test_held)
{
	const struct identity id = {.id = (char *)"web"};
	const struct metrics_counts counts = {.counter = {1}};
	int lock = state_lock(root.dirfd, METRICS_FILE, 0);

	ck_assert_int_ge(lock, 0);
	ck_assert_int_eq(metrics_add(&root, &id, &counts, 1), -EWOULDBLOCK);
	ck_assert_int_eq(metrics_add_duration(&root, SPEC_STAGE_POSTSTOP, 1, 1), -EWOULDBLOCK);
	close(lock);
	ck_assert_int_eq(metrics_add(&root, &id, &counts, 1), 0);
}
END_TEST

static void fill(void)
{
	char name[32];

	for (unsigned i = 0; i < METRICS_SERIES_MAX; i++) {
		snprintf(name, sizeof(name), "c%u", i);
		ck_assert_int_eq(add(name, 1), 0);
	}
}

START_TEST(test_bound)
{
	struct stat st;
	char name[5];
	int fd;

	fill();
	/* All are young: newcomers are counted together. */
	ck_assert_int_eq(add("late", 3), 0);
	ck_assert_int_eq(add("later", 4), 0);
	read_all();
	ck_assert_uint_eq(found_len, METRICS_SERIES_MAX + 1);
	ck_assert_ptr_null(find("late"));
	ck_assert_uint_eq(kills_of(METRICS_OTHER), 7);
	/* Who has a place keeps it. */
	ck_assert_int_eq(add("c3", 1), 0);
	/* The one that was quiet for longest gives way, and who is not there yet has it alone. */
	touch(FIRST_PLACE + 7, (uint64_t)time(NULL) - METRICS_KEEP_S - 100);
	touch(FIRST_PLACE + 9, (uint64_t)time(NULL) - METRICS_KEEP_S - 200);
	ck_assert_int_eq(add("late", 5), 0);
	read_all();
	ck_assert_uint_eq(kills_of("c3"), 2);
	ck_assert_uint_eq(kills_of("late"), 5);
	fd = store();
	ck_assert_int_eq(pread(fd, name, 5, (FIRST_PLACE + 9) * RECORD_BYTES + LABELS_AT), 5);
	close(fd);
	ck_assert_str_eq(name, "late");
	ck_assert_uint_eq(kills_of(METRICS_OTHER), 7);
	ck_assert_int_eq(fstatat(root.dirfd, METRICS_FILE, &st, 0), 0);
	ck_assert_int_le(st.st_size, (FIRST_PLACE + METRICS_SERIES_MAX) * RECORD_BYTES);
}
END_TEST

START_TEST(test_clock_set_back)
{
	fill();
	/* A little ahead: the clock was set back. */
	touch(FIRST_PLACE + 1, (uint64_t)time(NULL) + 600);
	ck_assert_int_eq(add("late", 1), 0);
	read_all();
	ck_assert_ptr_null(find("late"));
	/* Far ahead is rubbish, and gives way. */
	touch(FIRST_PLACE + 1, UINT64_MAX);
	ck_assert_int_eq(add("late", 1), 0);
	read_all();
	ck_assert_uint_eq(kills_of("late"), 1);
}
END_TEST

START_TEST(test_named_other)
{
	/* A container of that very name is no second series of the same labels. */
	ck_assert_int_eq(add(METRICS_OTHER, 1), 0);
	fill();
	ck_assert_int_eq(add("late", 1), 0);
	read_all();
	ck_assert_uint_eq(found_len, METRICS_SERIES_MAX + 1);
	ck_assert_uint_eq(kills_of(METRICS_OTHER), 2);
}
END_TEST

START_TEST(test_no_file)
{
	ck_assert_int_eq(mkdirat(root.dirfd, METRICS_FILE, 0700), 0);
	ck_assert_int_lt(add("web", 1), 0);
	ck_assert_int_eq(metrics_read(&root, &durations, keep, NULL), -EISDIR);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("metrics");
	TCase *tc = tcase_create("metrics");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, test_labels);
	tcase_add_test(tc, test_adds_up);
	tcase_add_test(tc, test_durations);
	tcase_add_test(tc, test_torn);
	tcase_add_test(tc, test_two_writers);
	tcase_add_test(tc, test_held);
	tcase_add_test(tc, test_bound);
	tcase_add_test(tc, test_clock_set_back);
	tcase_add_test(tc, test_named_other);
	tcase_add_test(tc, test_no_file);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
