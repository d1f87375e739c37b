/* SPDX-License-Identifier: Apache-2.0 */
/* Init and workload scored apart, in a cgroup of its own where this runs as root. */
#include <string.h>

#include "clock.h"
#include "forking_init.h"
#include "proc.h"
#include "real_cgroup.h"
#include "score.h"
#include "unit.h"

#define DEADLINE_MS 20000
#define PROCESSES_MAX 256
#define MORE_THAN_AT_ONCE 70 /* forks that are read at a time */

static struct forking_init init;
static struct real_cgroup box;
static struct memcg memcg;
static struct score_guard scores;
static struct profile profile;
static struct watch watch;
static int base, init_pidfd;

static void open_scores(void)
{
	struct settings_results results = {.len = 1};
	struct plan plan = {.settings = &results};
	struct error err = {0};

	ck_assert_msg(memcg_open(box.procfd, &box.mounts, init.pid, &memcg, &err) == 0, "%s",
		      err.message);
	ck_assert_int_eq(proc_score_read(box.procfd, init.pid, &base), 0);
	profile.settings.score_workload = (struct score_spec){SCORE_RELATIVE, 100};
	profile.settings.score_init = (struct score_spec){SCORE_RELATIVE, 50};
	/* What the hook does. */
	ck_assert_int_eq(proc_score_write(box.procfd, init.pid, base + 100), 0);
	results.item[0] =
	    (struct setting_result){.key = SETTING_SCORE_WORKLOAD, .file = "oom_score_adj"};
	snprintf(results.item[0].old_value, sizeof(results.item[0].old_value), "%d", base);
	ck_assert_int_eq(score_open(&scores, &plan, &profile, &err), 0);
	init_pidfd = pidfd_open_pid(init.pid);
	ck_assert_msg(watch_open(&watch, &memcg, init_pidfd, &err) == 0, "%s", err.message);
	score_listen(&scores, &watch, init.pid);
}

/* The loop of the shim, as far as scores go. */
static void turn(int timeout_ms)
{
	struct settings_results results;
	pid_t pids[PROCESSES_MAX];
	int events = watch_wait(&watch, timeout_ms);

	ck_assert_int_ge(events, 0);
	if (events & WATCH_FORK)
		score_forked(&scores, &watch, &memcg, box.procfd, init.pid, pids, PROCESSES_MAX,
			     &results);
	score_step(&scores, &memcg, box.procfd, init.pid, pids, PROCESSES_MAX, &results);
}

/* Until nothing but an event would wake it. */
static void rest(void)
{
	uint64_t end = clock_ms(CLOCK_MONOTONIC) + DEADLINE_MS;
	int timeout;

	while ((timeout = score_timeout_ms(&scores)) >= 0) {
		ck_assert_uint_lt(clock_ms(CLOCK_MONOTONIC), end);
		turn(timeout);
	}
}

static void expect_score(pid_t pid, int wanted)
{
	uint64_t end = clock_ms(CLOCK_MONOTONIC) + DEADLINE_MS;
	int score = 0;

	for (;;) {
		ck_assert_int_eq(proc_score_read(box.procfd, pid, &score), 0);
		if (score == wanted)
			return;
		ck_assert_msg(clock_ms(CLOCK_MONOTONIC) < end, "pid %d stays at %d, not %d", pid,
			      score - base, wanted - base);
		turn(100);
	}
}

/* Who was left by a child that ended does not end with the init. */
static void end_all(void)
{
	char pids[4096], *at = pids;
	cleanup_close int dir = open(box.dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (cgroup_read(dir, "cgroup.procs", pids, sizeof(pids)) > 0)
		for (pid_t pid; (pid = (pid_t)strtol(at, &at, 10)) > 0;)
			kill(pid, SIGKILL);
	forking_init_end(&init);
}

static void close_scores(void)
{
	score_close(&scores);
	watch_close(&watch);
	memcg_close(&memcg);
	close(init_pidfd);
	end_all();
}

static bool boxed(void)
{
	sigset_t set;

	if (box.why_not) {
		unit_missing(box.why_not);
		return false;
	}
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	forking_init_start(&init);
	ck_assert_int_eq(real_cgroup_enter(&box, init.pid), 0);
	open_scores();
	return true;
}

/* An init that waits long before its first fork: nothing looks, and still it is set. */
START_TEST(init_and_workload_apart_by_events)
{
	pid_t child;

	if (!boxed())
		return;
	if (scores.way == SCORES_FORK_EVENTS) {
		/* The one look at the start finds the init alone; from then on it sleeps. */
		rest();
		ck_assert(!scores.init_set);
		child = forking_init_order(&init, 'f');
		expect_score(init.pid, base + 50);
		ck_assert(scores.init_set);
		expect_score(child, base + 100);
		/* This one inherits the init's. */
		expect_score(forking_init_order(&init, 'f'), base + 100);
		/* And this one's parent is gone before anybody could correct it. */
		expect_score(forking_init_order(&init, 'd'), base + 100);
		ck_assert_int_eq(score_timeout_ms(&scores), -1);
	} else {
		unit_missing("fork events");
	}
	close_scores();
}
END_TEST

START_TEST(without_events_by_looking)
{
	pid_t child;

	if (!boxed())
		return;
	if (scores.way == SCORES_FORK_EVENTS) {
		watch_remove(&watch, scores.forks.socket);
		forks_close(&scores.forks);
		scores.way = SCORES_AT_START;
	}
	child = forking_init_order(&init, 'f');
	expect_score(init.pid, base + 50);
	expect_score(child, base + 100);
	close_scores();
}
END_TEST

START_TEST(an_init_that_forks_too_often_is_not_followed)
{
	struct settings_results results;
	pid_t pids[PROCESSES_MAX], child = 0;

	if (!boxed())
		return;
	if (scores.way == SCORES_FORK_EVENTS) {
		expect_score(forking_init_order(&init, 'f'), base + 100);
		expect_score(init.pid, base + 50);
		rest();
		/* The container is no longer starting. */
		scores.open_ms -= 3600 * 1000;
		scores.forks.in_window = FORKS_MAX;
		/* Those that were not read any more are corrected all the same, once. */
		for (int i = 0; i < MORE_THAN_AT_ONCE; i++)
			child = forking_init_order(&init, 'f');
		expect_score(child, base + 100);
		ck_assert_int_eq(scores.way, SCORES_NEAR_LIMIT);
		ck_assert_int_eq(scores.forks.socket, -1);
		ck_assert_int_eq(score_timeout_ms(&scores), -1);
		/* Only the look near the limit finds the next one. */
		child = forking_init_order(&init, 'f');
		ck_assert_int_eq(watch_wait(&watch, 0), 0);
		ck_assert(score_all(&scores, &memcg, box.procfd, init.pid, pids, PROCESSES_MAX,
				    &results));
		expect_score(child, base + 100);
	}
	close_scores();
}
END_TEST

/* A forked process executes its program a little later, and only then has the name of a rule. */
START_TEST(a_name_is_waited_for)
{
	if (!boxed())
		return;
	if (scores.way == SCORES_FORK_EVENTS) {
		forking_init_order(&init, 'f');
		expect_score(init.pid, base + 50);
		rest();
		scores.matcher->len = 1;
		scores.end_ms = 0;
		ck_assert_int_eq(
		    regcomp(&scores.matcher->rule[0], "^nobody$", REG_EXTENDED | REG_NOSUB), 0);
		expect_score(forking_init_order(&init, 'f'), base + 100);
		ck_assert_int_ge(score_timeout_ms(&scores), 0);
		/* And not for ever. */
		scores.end_ms = 1;
		rest();
	}
	close_scores();
}
END_TEST

static void make_box(void)
{
	real_cgroup_make(&box);
}

static void remove_box(void)
{
	real_cgroup_remove(&box);
}

int main(void)
{
	Suite *suite = suite_create("score");
	TCase *real = tcase_create("real");

	tcase_add_unchecked_fixture(real, make_box, remove_box);
	tcase_set_timeout(real, 120);
	tcase_add_test(real, init_and_workload_apart_by_events);
	tcase_add_test(real, without_events_by_looking);
	tcase_add_test(real, an_init_that_forks_too_often_is_not_followed);
	tcase_add_test(real, a_name_is_waited_for);
	suite_add_tcase(suite, real);
	return unit_run(suite);
}
