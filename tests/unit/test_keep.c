/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keeping what was set, on a fake cgroup with real inotify. Time is the test's own, but for the age
 * of the runtime's state.json.
 */
#include <poll.h>
#include <sys/epoll.h>
#include <time.h>

#include "fake_tree.h"
#include "keep.h"
#include "unit.h"

static const struct fake_file files[] = {
    {"ctr/cgroup.procs", ""},
    {"ctr/memory.limit_in_bytes", "64000000\n"},
    {"ctr/memory.memsw.limit_in_bytes", "64000000\n"},
    {"ctr/memory.swappiness", "10\n"},
    {"ctr/memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 0\n"},
    {"ctr/memory.max", "64000000\n"},
    {"ctr/memory.current", "1000000\n"},
    {"ctr/memory.swap.max", "0\n"},
    {"ctr/memory.oom.group", "1\n"},
    {"run/web/x", ""},
};

static struct fake_tree tree;
static struct plan plan;
static struct settings_results results;
static struct profile profile;
static struct memcg memcg;
static struct watch watch;
static struct keep keep;
static struct settings_results news;
static uint64_t now_ms;
static char runtime_root[96];

static void set(const char *key, const char *file, enum setting_outcome outcome, const char *before,
		const char *ours)
{
	struct setting_result *result = &results.item[results.len++];

	*result = (struct setting_result){.key = key, .outcome = outcome};
	strcpy(result->file, file);
	strcpy(result->old_value, before);
	strcpy(result->new_value, ours);
}

static void arm(enum cgroup_version version)
{
	memcg.version = version;
	ck_assert_int_eq(keep_open(&keep, &plan, &profile, &memcg, NULL), 0);
	ck_assert_int_eq(keep_watch(&keep, &watch), 0);
}

static void swappiness(void)
{
	set(SETTING_SWAPPINESS, "memory.swappiness", SETTING_APPLIED, "60", "10");
	arm(CGROUP_V1);
}

static void setup(void)
{
	fake_tree_make(&tree, files, FAKE_TREE_LEN(files));
	snprintf(runtime_root, sizeof(runtime_root), "%s/run", tree.root);
	memset(&results, 0, sizeof(results));
	profile = profile_builtin;
	plan = (struct plan){.identity = {.runtime_root = runtime_root, .id = (char *)"web"},
			     .settings = &results};
	memcg = (struct memcg){.dirfd = fake_tree_open(&tree, "ctr"), .freezer = -1};
	watch = (struct watch){.memcg = &memcg,
			       .epoll = epoll_create1(EPOLL_CLOEXEC),
			       .signals = -1,
			       .oom_event = -1,
			       .tree = -1,
			       .events_file = -1,
			       .state_file = -1};
	now_ms = 1000000;
}

static void teardown(void)
{
	keep_close(&keep);
	watch_close(&watch);
	close(memcg.dirfd);
	fake_tree_remove(&tree);
}

static void write_file(const char *file, const char *text)
{
	char path[96];

	snprintf(path, sizeof(path), "ctr/%s", file);
	fake_tree_write(&tree, path, text);
}

static void check_file(const char *file, const char *text)
{
	char path[96], buf[256];

	snprintf(path, sizeof(path), "ctr/%s", file);
	ck_assert_str_eq(fake_tree_read(&tree, path, buf, sizeof(buf)), text);
}

/* The runtime's state.json, as if written so long ago. */
static void write_state(const char *text, time_t age)
{
	struct timespec times[2];

	fake_tree_write(&tree, "run/web/state.json", text);
	clock_gettime(CLOCK_REALTIME, &times[0]);
	times[0].tv_sec -= age;
	times[1] = times[0];
	ck_assert_int_eq(utimensat(tree.fd, "run/web/state.json", times, 0), 0);
}

static bool look(uint64_t after_ms)
{
	now_ms += after_ms;
	return keep_look(&keep, true, now_ms, &news);
}

static void check_news(const char *key, enum setting_outcome outcome, const char *old_value,
		       const char *new_value)
{
	ck_assert_uint_eq(news.len, 1);
	ck_assert_str_eq(news.item[0].key, key);
	ck_assert_str_eq(setting_outcome_name(news.item[0].outcome), setting_outcome_name(outcome));
	ck_assert_str_eq(news.item[0].old_value, old_value);
	ck_assert_str_eq(news.item[0].new_value, new_value);
	ck_assert_ptr_nonnull(
	    strstr(news.item[0].reason, outcome == SETTING_UNCHANGED ? "update" : "somebody else"));
}

START_TEST(a_changed_value_is_put_back)
{
	swappiness();
	write_file("memory.swappiness", "60\n");
	ck_assert(look(5));
	check_news(SETTING_SWAPPINESS, SETTING_APPLIED, "60", "10");
	check_file("memory.swappiness", "10");
	/* Our own write is no drift. */
	ck_assert(!look(5));
}
END_TEST

START_TEST(inotify_tells_of_a_write)
{
	swappiness();
	ck_assert_int_eq(watch_wait(&watch, 0), 0);
	write_file("memory.limit_in_bytes", "1\n");
	ck_assert_int_eq(watch_wait(&watch, 0), 0);
	write_file("memory.swappiness", "60\n");
	ck_assert_int_eq(watch_wait(&watch, 0), WATCH_KEPT);
	ck_assert_int_eq(watch_wait(&watch, 0), 0);
}
END_TEST

START_TEST(without_news_it_looks_once_a_second)
{
	swappiness();
	ck_assert(!keep_look(&keep, false, now_ms, &news));
	write_file("memory.swappiness", "60\n");
	ck_assert(!keep_look(&keep, false, now_ms + 999, &news));
	ck_assert(keep_look(&keep, false, now_ms + 1000, &news));
	ck_assert_int_eq(keep_timeout_ms(&keep, now_ms), -1);
}
END_TEST

START_TEST(after_five_times_it_is_left)
{
	swappiness();
	for (int i = 0; i < 5; i++) {
		write_file("memory.swappiness", "60\n");
		ck_assert(look(1000));
		check_news(SETTING_SWAPPINESS, SETTING_APPLIED, "60", "10");
	}
	write_file("memory.swappiness", "60\n");
	ck_assert(look(1000));
	check_news(SETTING_SWAPPINESS, SETTING_REFUSED, "10", "60");
	check_file("memory.swappiness", "60\n");
	/* Said once, and nothing wakes us for it any more. */
	ck_assert(!look(DRIFT_WINDOW_MS));
	watch_wait(&watch, 0);
	write_file("memory.swappiness", "61\n");
	ck_assert_int_eq(watch_wait(&watch, 0), 0);
}
END_TEST

START_TEST(old_times_do_not_count)
{
	swappiness();
	for (int i = 0; i < 12; i++) {
		write_file("memory.swappiness", "60\n");
		ck_assert(look(DRIFT_WINDOW_MS / 5));
		check_news(SETTING_SWAPPINESS, SETTING_APPLIED, "60", "10");
	}
}
END_TEST

START_TEST(the_oom_killer_is_switched_on_again)
{
	set(SETTING_OOM_KILLER, "memory.oom_control", SETTING_UNCHANGED, "0", "0");
	arm(CGROUP_V1);
	write_state("{}", 100);
	ck_assert(!look(0));
	write_file("memory.oom_control", "oom_kill_disable 1\nunder_oom 0\noom_kill 0\n");
	write_state("{ }", 0);
	ck_assert(look(0));
	check_file("memory.oom_control", "0");
}
END_TEST

START_TEST(an_update_by_runc_is_respected)
{
	write_state("{}", 100);
	set(SETTING_SWAP, "memory.memsw.limit_in_bytes", SETTING_APPLIED, "128000000", "64000000");
	arm(CGROUP_V1);
	write_file("memory.memsw.limit_in_bytes", "80000000\n");
	ck_assert(!look(1));
	/* state.json is written after the files: a little patience. */
	ck_assert_int_eq(keep_timeout_ms(&keep, now_ms), DRIFT_NEAR_MS);
	write_state("{ }", 0);
	ck_assert(look(500));
	check_news(SETTING_SWAP, SETTING_UNCHANGED, "64000000", "80000000");
	ck_assert_int_eq(keep_timeout_ms(&keep, now_ms), -1);
	/* It is the value to keep now. */
	write_file("memory.memsw.limit_in_bytes", "90000000\n");
	ck_assert(!look(10000));
	ck_assert(look(DRIFT_NEAR_MS));
	check_news(SETTING_SWAP, SETTING_APPLIED, "90000000", "80000000");
}
END_TEST

START_TEST(an_old_update_excuses_nobody)
{
	write_state("{}", 1000);
	set(SETTING_SWAP, "memory.memsw.limit_in_bytes", SETTING_APPLIED, "128000000", "64000000");
	arm(CGROUP_V1);
	/* Of the processor, say: no file of ours was written. */
	write_state("{ }", 100);
	write_file("memory.memsw.limit_in_bytes", "80000000\n");
	ck_assert(!look(1));
	ck_assert(look(DRIFT_NEAR_MS));
	check_news(SETTING_SWAP, SETTING_APPLIED, "80000000", "64000000");
	check_file("memory.memsw.limit_in_bytes", "64000000");
}
END_TEST

START_TEST(a_new_limit_by_crun_is_respected_with_its_swap)
{
	set(SETTING_SWAP, "memory.swap.max", SETTING_APPLIED, "max", "0");
	arm(CGROUP_V2);
	/* The limit is the container's own: nobody keeps it, and nobody looks at the first file. */
	write_file("memory.max", "32000000\n");
	ck_assert(!look(1));
	write_file("memory.swap.max", "32000000\n");
	ck_assert(look(1));
	check_news(SETTING_SWAP, SETTING_UNCHANGED, "0", "32000000");
}
END_TEST

START_TEST(swap_alone_is_put_back_with_crun)
{
	set(SETTING_SWAP, "memory.swap.max", SETTING_APPLIED, "max", "0");
	arm(CGROUP_V2);
	write_file("memory.swap.max", "max\n");
	ck_assert(!look(1));
	ck_assert(look(DRIFT_NEAR_MS));
	check_news(SETTING_SWAP, SETTING_APPLIED, "max", "0");
	check_file("memory.swap.max", "0");
}
END_TEST

START_TEST(values_before_the_hook_brought_back_are_no_update)
{
	set(SETTING_LIMIT, "memory.max", SETTING_APPLIED, "max", "64000000");
	set(SETTING_SWAP, "memory.swap.max", SETTING_APPLIED, "max", "0");
	arm(CGROUP_V2);
	write_file("memory.max", "max\n");
	write_file("memory.swap.max", "max\n");
	ck_assert(!look(1));
	ck_assert(look(DRIFT_NEAR_MS));
	ck_assert_uint_eq(news.len, 2);
	check_file("memory.max", "64000000");
	check_file("memory.swap.max", "0");
}
END_TEST

START_TEST(a_limit_below_what_is_in_use_would_kill)
{
	write_state("{}", 100);
	set(SETTING_LIMIT, "memory.max", SETTING_APPLIED, "max", "64000000");
	arm(CGROUP_V2);
	write_file("memory.max", "max\n");
	write_file("memory.current", "70000000\n");
	look(1);
	ck_assert(look(DRIFT_NEAR_MS));
	check_news(SETTING_LIMIT, SETTING_LATER, "64000000", "max");
	ck_assert(!look(DRIFT_NEAR_MS));
	write_file("memory.current", "60000000\n");
	ck_assert(look(1));
	check_news(SETTING_LIMIT, SETTING_APPLIED, "max", "64000000");
}
END_TEST

START_TEST(what_is_not_ours_is_not_kept)
{
	set(SETTING_LIMIT, "memory.limit_in_bytes", SETTING_UNCHANGED, "64000000", "64000000");
	set(SETTING_SWAP, "memory.memsw.limit_in_bytes", SETTING_REFUSED, "", "");
	set(SETTING_OOM_GROUP, "memory.oom.group", SETTING_FAILED, "0", "0");
	set(SETTING_OOM_KILLER, "", SETTING_UNCHANGED, "on", "on");
	set(SETTING_SCORE_WORKLOAD, "oom_score_adj", SETTING_APPLIED, "0", "100");
	arm(CGROUP_V1);
	ck_assert_uint_eq(keep.len, 0);
	/* Instances are few: none is taken for nothing. */
	ck_assert_int_eq(watch.tree, -1);
	ck_assert(!look(10000));
}
END_TEST

START_TEST(keep_can_be_switched_off)
{
	profile.settings.keep = 0;
	swappiness();
	ck_assert_uint_eq(keep.len, 0);
}
END_TEST

START_TEST(who_writes_without_end_is_not_listened_to)
{
	swappiness();
	for (int i = 0; i < 1000; i++)
		ck_assert(!look(1));
	write_file("memory.swappiness", "60\n");
	ck_assert_int_eq(watch_wait(&watch, 0), 0);
	ck_assert(keep_look(&keep, false, now_ms + 1000, &news));
	check_file("memory.swappiness", "10");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("keep");
	TCase *tests = tcase_create("keep");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, a_changed_value_is_put_back);
	tcase_add_test(tests, inotify_tells_of_a_write);
	tcase_add_test(tests, without_news_it_looks_once_a_second);
	tcase_add_test(tests, after_five_times_it_is_left);
	tcase_add_test(tests, old_times_do_not_count);
	tcase_add_test(tests, the_oom_killer_is_switched_on_again);
	tcase_add_test(tests, an_update_by_runc_is_respected);
	tcase_add_test(tests, an_old_update_excuses_nobody);
	tcase_add_test(tests, a_new_limit_by_crun_is_respected_with_its_swap);
	tcase_add_test(tests, swap_alone_is_put_back_with_crun);
	tcase_add_test(tests, values_before_the_hook_brought_back_are_no_update);
	tcase_add_test(tests, a_limit_below_what_is_in_use_would_kill);
	tcase_add_test(tests, what_is_not_ours_is_not_kept);
	tcase_add_test(tests, keep_can_be_switched_off);
	tcase_add_test(tests, who_writes_without_end_is_not_listened_to);
	suite_add_tcase(suite, tests);
	return unit_run(suite);
}
