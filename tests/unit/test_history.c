/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "history.h"
#include "tempdir.h"
#include "unit.h"

static char dir[64];
static struct state_root root;
static struct error err;
static struct restart_history history;

static struct identity identity = {
    .id = (char *)"web",
    .runtime_root = (char *)"/run/runc",
    .pod_uid = (char *)"",
    .container = (char *)"",
};

static void setup(void)
{
	tempdir_make(dir);
	ck_assert_int_eq(state_root_open(dir, true, &root, &err), 0);
	history_key(&identity, &history);
}

static void teardown(void)
{
	state_root_close(&root);
	tempdir_remove(dir);
}

START_TEST(test_key)
{
	struct identity pod = identity, other = identity;
	struct restart_history one, two;

	ck_assert_str_eq(history.owner, "root /run/runc id web");
	other.runtime_root = (char *)"/run/crun";
	history_key(&other, &one);
	ck_assert_str_ne(one.key, history.key);
	/* A new container id in the same pod has the same history. */
	pod.pod_uid = (char *)"u-1";
	pod.container = (char *)"php/fpm";
	history_key(&pod, &one);
	pod.id = (char *)"another";
	history_key(&pod, &two);
	ck_assert_str_eq(one.key, two.key);
	ck_assert_str_eq(one.owner, "pod u-1 container php/fpm");
	ck_assert_ptr_null(strchr(one.key, '/'));
	pod.pod_uid = (char *)"u-2";
	history_key(&pod, &two);
	ck_assert_str_ne(one.key, two.key);
}
END_TEST

START_TEST(test_round_trip)
{
	struct restart_history loaded = history;

	ck_assert_int_eq(history_load(&root, &loaded, &err), 0);
	ck_assert_uint_eq(loaded.len, 0);
	for (uint64_t i = 0; i < HISTORY_MAX; i++)
		history_add(&history, UINT64_MAX - HISTORY_MAX + i);
	history.gave_up = true;
	ck_assert_int_eq(history_save(&root, &history), 0);
	ck_assert_int_eq(history_load(&root, &loaded, &err), 0);
	ck_assert_uint_eq(loaded.len, HISTORY_MAX);
	ck_assert_uint_eq(loaded.at_ms[0], UINT64_MAX - HISTORY_MAX);
	ck_assert(loaded.gave_up);
	ck_assert_int_eq(history_remove(&root, &history), 0);
	ck_assert_int_eq(history_remove(&root, &history), 0);
	ck_assert_int_eq(history_load(&root, &loaded, &err), 0);
	ck_assert_uint_eq(loaded.len, 0);
	ck_assert(!loaded.gave_up);
}
END_TEST

START_TEST(test_foreign_file)
{
	struct restart_history other = history;

	history_add(&history, 5);
	ck_assert_int_eq(history_save(&root, &history), 0);
	snprintf(other.owner, sizeof(other.owner), "root /run/runc id api");
	ck_assert_int_eq(history_load(&root, &other, &err), 0);
	ck_assert_uint_eq(other.len, 0);
	/* Bytes that are no UTF-8 are written in another form, and still are the same owner. */
	snprintf(other.owner, sizeof(other.owner), "root /x id \xff");
	history_add(&other, 6);
	ck_assert_int_eq(history_save(&root, &other), 0);
	ck_assert_int_eq(history_load(&root, &other, &err), 0);
	ck_assert_uint_eq(other.len, 1);
}
END_TEST

START_TEST(test_expire)
{
	history_add(&history, 100);
	history_add(&history, 200);
	history_add(&history, 300);
	history_expire(&history, 300, 101);
	ck_assert_uint_eq(history.len, 2);
	ck_assert_uint_eq(history.at_ms[0], 200);
	/* A time to come is from before a boot. */
	history_add(&history, 900);
	history_expire(&history, 300, UINT64_MAX);
	ck_assert_uint_eq(history.len, 2);
	history_expire(&history, 300, 0);
	ck_assert_uint_eq(history.len, 0);
}
END_TEST

START_TEST(test_oldest_falls_out)
{
	for (uint64_t i = 0; i <= HISTORY_MAX; i++)
		history_add(&history, i);
	ck_assert_uint_eq(history.len, HISTORY_MAX);
	ck_assert_uint_eq(history.at_ms[0], 1);
	ck_assert_uint_eq(history.at_ms[HISTORY_MAX - 1], HISTORY_MAX);
}
END_TEST

static void save_aged(const char *id, uint64_t within_ms, time_t age_s)
{
	struct identity named = identity;
	struct restart_history saved;
	struct timespec times[2] = {{.tv_sec = time(NULL) - age_s}, {.tv_sec = time(NULL) - age_s}};
	char path[256];

	named.id = (char *)id;
	history_key(&named, &saved);
	saved.within_ms = within_ms;
	ck_assert_int_eq(history_save(&root, &saved), 0);
	snprintf(path, sizeof(path), "%s/history/%s.json", dir, saved.key);
	ck_assert_int_eq(utimensat(AT_FDCWD, path, times, 0), 0);
}

static bool is_there(const char *id)
{
	struct identity named = identity;
	struct restart_history saved;
	char path[256];

	named.id = (char *)id;
	history_key(&named, &saved);
	snprintf(path, sizeof(path), "%s/history/%s.json", dir, saved.key);
	return access(path, F_OK) == 0;
}

START_TEST(test_prune)
{
	history_prune(&root);
	save_aged("fresh", 600000, 3600);
	save_aged("old", 600000, 2 * 86400);
	save_aged("old-but-wanted", 3 * 86400000ull, 2 * 86400);
	history_prune(&root);
	ck_assert(is_there("fresh"));
	ck_assert(!is_there("old"));
	ck_assert(is_there("old-but-wanted"));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("history");
	TCase *tc = tcase_create("history");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, test_key);
	tcase_add_test(tc, test_round_trip);
	tcase_add_test(tc, test_foreign_file);
	tcase_add_test(tc, test_expire);
	tcase_add_test(tc, test_oldest_falls_out);
	tcase_add_test(tc, test_prune);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
