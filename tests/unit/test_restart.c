/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Running a container again, with a real helper whose runtime is a shell: failed tries, a user's
 * delete, a cancel, a helper that dies or hangs.
 */
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/wait.h>

#include "clock.h"
#include "fake_tree.h"
#include "guard.h"
#include "proc.h"
#include "unit.h"

static const struct fake_file files[] = {
    {"ctr/cgroup.procs", ""},	    {"ctr/cgroup.events", "populated 0\nfrozen 0\n"},
    {"state/containers/key/x", ""}, {"state/incidents/x", ""},
    {"runtime/web/state.json", ""}, {"bundle/x", ""},
};

static struct fake_tree tree;
static struct guard *guard;
static struct decision decision;
static struct oom_facts facts;
static char root[80], state_dir[80], bundle[80];
static char none[] = "";
static char shell[] = "/bin/sh", dash_c[] = "-c";
static char delete_script[512], run_script[512];
static char *delete_argv[] = {shell, dash_c, delete_script, NULL};
static char *run_argv[] = {shell, dash_c, run_script, NULL};

static void open_watch(void)
{
	struct epoll_event event = {.events = EPOLLIN};
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	guard->watch = (struct watch){.epoll = epoll_create1(EPOLL_CLOEXEC),
				      .signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK),
				      .oom_event = -1,
				      .tree = -1,
				      .events_file = -1,
				      .state_file = -1};
	event.data.u64 = (uint64_t)WATCH_TERM << 32 | (uint32_t)guard->watch.signals;
	ck_assert_int_eq(epoll_ctl(guard->watch.epoll, EPOLL_CTL_ADD, guard->watch.signals, &event),
			 0);
}

static void open_plan(void)
{
	/* As after shrink(): nothing that may be freed. */
	static char why[] = "a test";

	snprintf(root, sizeof(root), "%s/state", tree.root);
	snprintf(state_dir, sizeof(state_dir), "%s/runtime/web", tree.root);
	snprintf(bundle, sizeof(bundle), "%s/bundle", tree.root);
	strcpy(delete_script, "rm -r ../runtime/web; echo deleted >>log");
	strcpy(run_script, "echo run >>log");
	guard->plan = (struct plan){
	    .init_pid = getpid(),
	    .identity = {.id = strdup("web"),
			 .runtime = strdup("/bin/sh"),
			 .runtime_root = strdup(""),
			 .bundle = bundle,
			 .pod_uid = none,
			 .container = none},
	    .cleanup_by_poststop = true,
	    .caller_umask = 027,
	    .restart = {.way = RESTART_RUNTIME,
			.why = why,
			.argv = run_argv,
			.delete_argv = delete_argv,
			.state_dir = state_dir},
	};
	facts = (struct oom_facts){
	    .kills = 1, .limit = LIMIT_OF_CONTAINER, .way = RESTART_RUNTIME, .restarts_used = 1};
	decision = (struct decision){
	    .step = STEP_RESTART, .asked = POLICY_RESTART, .restart_number = 1, .backoff_ms = 1};
}

static void setup(void)
{
	fake_tree_make(&tree, files, sizeof(files) / sizeof(files[0]));
	guard =
	    mmap(NULL, sizeof(*guard), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ck_assert_ptr_ne(guard, MAP_FAILED);
	guard->profile_copy = profile_builtin;
	guard->profile_copy.on_oom[OOM_SLOT_PROCESS] = POLICY_RESTART;
	guard->profile_copy.restart.max = 3;
	guard->profile_copy.restart.backoff_initial_ms = 1;
	guard->profile = &guard->profile_copy;
	guard->max_concurrent_restarts = 4;
	guard->lock = -1;
	guard->procfd = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	guard->init_pidfd = pidfd_open_pid(getpid());
	guard->memcg = (struct memcg){.version = CGROUP_V2,
				      .dirfd = openat(tree.fd, "ctr", O_RDONLY | O_DIRECTORY),
				      .freezer = -1};
	guard->container = openat(tree.fd, "state/containers/key", O_RDONLY | O_DIRECTORY);
	guard->incidents = openat(tree.fd, "state/incidents", O_RDONLY | O_DIRECTORY);
	open_plan();
	guard->incident.identity = &guard->plan.identity;
	guard->incident.profile_name = guard->profile_name;
	chmod(root, 0700);
	ck_assert_int_eq(state_root_open(root, true, &guard->root, NULL), 0);
	history_key(&guard->plan.identity, &guard->history);
	history_add(&guard->history, clock_ms(CLOCK_BOOTTIME));
	ck_assert_int_eq(journal_open(&guard->journal, guard->container, "web"), 0);
	open_watch();
}

static void teardown(void)
{
	helper_stop(&guard->helper);
	journal_close(&guard->journal);
	watch_close(&guard->watch);
	state_root_close(&guard->root);
	free(guard->plan.identity.id);
	free(guard->plan.identity.runtime);
	free(guard->plan.identity.runtime_root);
	close(guard->memcg.dirfd);
	close(guard->procfd);
	close(guard->init_pidfd);
	close(guard->container);
	close(guard->incidents);
	munmap(guard, sizeof(*guard));
	fake_tree_remove(&tree);
}

static void start(void)
{
	guard_start_helper(guard);
	ck_assert_int_gt(guard->helper.pid, 0);
}

static const char *text_of(int dirfd, const char *name)
{
	static char text[16384];
	ssize_t len = cgroup_read(dirfd, name, text, sizeof(text));

	return len > 0 ? text : "";
}

/* What the runtime was asked to do, in its order. */
static const char *log_text(void)
{
	return text_of(tree.fd, "bundle/log");
}

static const char *journal_text(void)
{
	return text_of(guard->container, "events.jsonl");
}

static void wait_text(const char *name, const char *wanted)
{
	while (strcmp(text_of(tree.fd, name), wanted) != 0)
		sleep_us(1000);
}

START_TEST(a_restart_deletes_and_runs)
{
	start();
	guard_restart(guard, &facts, &decision);
	ck_assert_str_eq(guard->incident.result, "restarted");
	ck_assert_str_eq(log_text(), "deleted\nrun\n");
	ck_assert(guard->handed_over);
}
END_TEST

START_TEST(failed_tries_use_the_budget_up)
{
	guard->profile_copy.restart.backoff_factor = 3;
	strcpy(run_script, "echo run >>log; exit 1");
	start();
	guard_restart(guard, &facts, &decision);
	ck_assert_str_eq(guard->incident.result, "restart-failed");
	/* What our own first try deleted is not the user's delete. */
	ck_assert_str_eq(log_text(), "deleted\nrun\nrun\nrun\n");
	ck_assert_uint_eq(guard->status.restarts, 3);
	ck_assert_uint_eq(guard->incident.restart_number, 3);
	ck_assert_uint_eq(guard->incident.backoff_ms, 9);
	ck_assert(!guard->handed_over);
}
END_TEST

START_TEST(a_delete_before_the_first_try_is_the_users)
{
	start();
	ck_assert_int_eq(unlinkat(tree.fd, "runtime/web/state.json", 0), 0);
	ck_assert_int_eq(unlinkat(tree.fd, "runtime/web", AT_REMOVEDIR), 0);
	guard_restart(guard, &facts, &decision);
	ck_assert_str_eq(guard->incident.result, "cancelled");
	ck_assert_str_eq(log_text(), "");
}
END_TEST

/* The user's delete is faster than ours, which fails then. */
START_TEST(a_delete_while_we_delete_is_the_users)
{
	strcpy(delete_script, "rm -r ../runtime/web; exit 1");
	start();
	guard_restart(guard, &facts, &decision);
	ck_assert_str_eq(guard->incident.result, "cancelled");
	ck_assert_str_eq(log_text(), "");
}
END_TEST

START_TEST(told_to_leave_while_we_delete_it_is_not_run)
{
	snprintf(delete_script, sizeof(delete_script), "kill -TERM %d; read x <fifo; true",
		 getpid());
	ck_assert_int_eq(mkfifoat(tree.fd, "bundle/fifo", 0600), 0);
	start();
	guard_restart(guard, &facts, &decision);
	ck_assert_str_eq(guard->incident.result, "cancelled");
	ck_assert_str_eq(log_text(), "");
	ck_assert_int_eq(guard->helper.pid, 0);
	/* Lets the shell go. */
	close(openat(tree.fd, "bundle/fifo", O_RDWR | O_CLOEXEC));
}
END_TEST

START_TEST(a_cancel_ends_the_tries)
{
	snprintf(run_script, sizeof(run_script),
		 "echo run >>log; : >../state/containers/key/cancelled; kill -USR1 %d; exit 1",
		 getpid());
	start();
	guard_restart(guard, &facts, &decision);
	ck_assert_str_eq(guard->incident.result, "cancelled");
	ck_assert_str_eq(log_text(), "deleted\nrun\n");
	ck_assert(guard->cancelled);
	ck_assert(!guard->history.gave_up);
}
END_TEST

START_TEST(a_cancel_without_a_signal_ends_them_too)
{
	strcpy(run_script, "echo run >>log; : >../state/containers/key/cancelled; exit 1");
	start();
	guard_restart(guard, &facts, &decision);
	ck_assert_str_eq(guard->incident.result, "cancelled");
	ck_assert_str_eq(log_text(), "deleted\nrun\n");
}
END_TEST

START_TEST(a_history_that_cannot_be_written_ends_the_tries)
{
	strcpy(run_script, "echo run >>log; exit 1");
	fake_tree_write(&tree, "state/history", "");
	start();
	guard_restart(guard, &facts, &decision);
	ck_assert_str_eq(guard->incident.result, "restart-failed");
	ck_assert_str_eq(guard->incident.decision, "give-up");
	ck_assert_str_eq(log_text(), "deleted\nrun\n");
	ck_assert_ptr_nonnull(strstr(guard->incident.reason, "cannot be counted"));
}
END_TEST

START_TEST(a_lost_helper_ends_the_backoff)
{
	decision.backoff_ms = 3600000;
	start();
	kill(guard->helper.pid, SIGKILL);
	guard_restart(guard, &facts, &decision);
	ck_assert_str_eq(guard->incident.result, "restart-failed");
	ck_assert_int_eq(guard->plan.restart.way, RESTART_NONE);
	ck_assert_int_eq(guard->helper.pid, 0);
	ck_assert_ptr_nonnull(strstr(journal_text(), "the helper that would do it is gone"));
}
END_TEST

START_TEST(a_helper_lost_while_it_works_ends_the_tries)
{
	strcpy(run_script, "kill -KILL $PPID");
	start();
	guard_restart(guard, &facts, &decision);
	ck_assert_str_eq(guard->incident.result, "restart-failed");
	ck_assert_int_eq(guard->plan.restart.way, RESTART_NONE);
}
END_TEST

/* In the main loop: out of the set, else its end would wake us for ever. */
START_TEST(a_lost_helper_wakes_once)
{
	start();
	kill(guard->helper.pid, SIGKILL);
	guard_helper_event(guard, watch_wait(&guard->watch, -1));
	ck_assert_int_eq(watch_wait(&guard->watch, 0), 0);
	ck_assert_int_eq(guard->plan.restart.way, RESTART_NONE);
	ck_assert_str_eq(guard->plan.restart.why, "the helper that would do it is gone");
}
END_TEST

START_TEST(without_a_helper_it_is_guarded_but_not_restartable)
{
	state_dir[strlen(state_dir) - 1] = 'x';
	guard_start_helper(guard);
	ck_assert_int_eq(guard->helper.pid, 0);
	ck_assert_int_eq(guard->plan.restart.way, RESTART_NONE);
	ck_assert_ptr_nonnull(strstr(guard->plan.restart.why, state_dir));
	ck_assert_ptr_nonnull(strstr(journal_text(), "cannot be restarted any more"));
}
END_TEST

START_TEST(no_restart_asked_for_no_helper)
{
	guard->profile_copy.on_oom[OOM_SLOT_PROCESS] = POLICY_KILL;
	guard_start_helper(guard);
	ck_assert_int_eq(guard->helper.pid, 0);
	ck_assert_int_eq(guard->plan.restart.way, RESTART_RUNTIME);
	guard->profile_copy.on_zombies.action = POLICY_RESTART;
	start();
}
END_TEST

static int next_answer(struct helper_answer *answer)
{
	struct pollfd ready = {.fd = guard->helper.socket, .events = POLLIN};

	ck_assert_int_eq(poll(&ready, 1, -1), 1);
	return helper_answer(&guard->helper, answer);
}

START_TEST(a_late_answer_is_not_taken_for_the_next)
{
	struct helper_answer answer;
	int r;

	strcpy(delete_script, "echo delete >>log; exit $(grep -c delete log)");
	start();
	ck_assert_int_eq(helper_restart(&guard->helper), 0);
	wait_text("bundle/log", "delete\n");
	ck_assert_int_eq(helper_restart(&guard->helper), 0);
	while ((r = next_answer(&answer)) == -EAGAIN)
		;
	ck_assert_int_eq(r, 0);
	ck_assert_uint_eq(answer.number, 2);
	ck_assert_int_eq(WEXITSTATUS(answer.delete_status), 2);
}
END_TEST

/* Gone before our first `delete`: by somebody else, which that command then says. */
START_TEST(what_others_deleted_is_not_run)
{
	struct helper_answer answer;

	strcpy(delete_script, "exit 1");
	start();
	ck_assert_int_eq(unlinkat(tree.fd, "runtime/web/state.json", 0), 0);
	ck_assert_int_eq(unlinkat(tree.fd, "runtime/web", AT_REMOVEDIR), 0);
	ck_assert_int_eq(helper_restart(&guard->helper), 0);
	ck_assert_int_eq(next_answer(&answer), 0);
	ck_assert_int_ne(answer.delete_status, 0);
	ck_assert_int_eq(answer.run_status, -ECANCELED);
	ck_assert_str_eq(log_text(), "");
}
END_TEST

START_TEST(a_helper_told_to_end_does_not_begin_to_run)
{
	struct pollfd end;

	strcpy(delete_script, "echo held >>log; read x <fifo; true");
	ck_assert_int_eq(mkfifoat(tree.fd, "bundle/fifo", 0600), 0);
	start();
	ck_assert_int_eq(helper_restart(&guard->helper), 0);
	wait_text("bundle/log", "held\n");
	cleanup_closep(&guard->helper.socket);
	/* Opens when the shell reads. */
	close(openat(tree.fd, "bundle/fifo", O_WRONLY | O_CLOEXEC));
	end = (struct pollfd){.fd = guard->helper.pidfd, .events = POLLIN};
	ck_assert_int_eq(poll(&end, 1, -1), 1);
	ck_assert_str_eq(log_text(), "held\n");
}
END_TEST

START_TEST(a_hung_runtime_holds_nobody_back)
{
	int runtime;

	strcpy(delete_script, "echo $$ >pid; exec sleep 1000");
	start();
	ck_assert_int_eq(helper_restart(&guard->helper), 0);
	while ((runtime = atoi(text_of(tree.fd, "bundle/pid"))) == 0)
		sleep_us(1000);
	helper_stop(&guard->helper);
	ck_assert_int_eq(guard->helper.pid, 0);
	kill(runtime, SIGKILL);
}
END_TEST

START_TEST(the_runtime_has_its_callers_umask)
{
	umask(077);
	strcpy(run_script, "umask >log");
	start();
	guard_restart(guard, &facts, &decision);
	ck_assert_int_eq(atoi(log_text()), 27);
}
END_TEST

START_TEST(the_helper_is_no_victim_before_others)
{
	int score = 300;

	ck_assert_int_eq(proc_score_write(guard->procfd, getpid(), 300), 0);
	guard->plan.caller_score = 200;
	strcpy(run_script, "cat /proc/self/oom_score_adj >log");
	start();
	while (score >= 300)
		ck_assert_int_eq(proc_score_read(guard->procfd, guard->helper.pid, &score), 0);
	guard_restart(guard, &facts, &decision);
	ck_assert_int_eq(atoi(log_text()), 200);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("restart");
	TCase *tests = tcase_create("restart");

	tcase_set_timeout(tests, 60);
	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, a_restart_deletes_and_runs);
	tcase_add_test(tests, failed_tries_use_the_budget_up);
	tcase_add_test(tests, a_delete_before_the_first_try_is_the_users);
	tcase_add_test(tests, a_delete_while_we_delete_is_the_users);
	tcase_add_test(tests, told_to_leave_while_we_delete_it_is_not_run);
	tcase_add_test(tests, a_cancel_ends_the_tries);
	tcase_add_test(tests, a_cancel_without_a_signal_ends_them_too);
	tcase_add_test(tests, a_history_that_cannot_be_written_ends_the_tries);
	tcase_add_test(tests, a_lost_helper_ends_the_backoff);
	tcase_add_test(tests, a_helper_lost_while_it_works_ends_the_tries);
	tcase_add_test(tests, a_lost_helper_wakes_once);
	tcase_add_test(tests, without_a_helper_it_is_guarded_but_not_restartable);
	tcase_add_test(tests, no_restart_asked_for_no_helper);
	tcase_add_test(tests, a_late_answer_is_not_taken_for_the_next);
	tcase_add_test(tests, what_others_deleted_is_not_run);
	tcase_add_test(tests, a_helper_told_to_end_does_not_begin_to_run);
	tcase_add_test(tests, a_hung_runtime_holds_nobody_back);
	tcase_add_test(tests, the_runtime_has_its_callers_umask);
	tcase_add_test(tests, the_helper_is_no_victim_before_others);
	suite_add_tcase(suite, tests);
	return unit_run(suite);
}
