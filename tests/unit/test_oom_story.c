/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One OOM from the wake-up to the record, on a fake cgroup v2 tree with a real child as init, and
 * without an allocation before the first signal.
 */
#include "oom_story.h"
#include "record.h"

/* Allocations so far, and how many there were when the first signal went out. Wrapped by the
 * linker (--wrap), see meson.build. */
static size_t allocations;
static size_t at_first_signal;
static unsigned signals;
static void (*before_signal)(void);

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *pointer, size_t size);
int __real_pidfd_signal(int pidfd, int signal);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *pointer, size_t size);
int __wrap_pidfd_signal(int pidfd, int signal);

void *__wrap_malloc(size_t size)
{
	allocations++;
	return __real_malloc(size);
}

void *__wrap_calloc(size_t n, size_t size)
{
	allocations++;
	return __real_calloc(n, size);
}

void *__wrap_realloc(void *pointer, size_t size)
{
	allocations++;
	return __real_realloc(pointer, size);
}

int __wrap_pidfd_signal(int pidfd, int signal)
{
	if (signals++ == 0)
		at_first_signal = allocations;
	if (before_signal)
		before_signal();
	return __real_pidfd_signal(pidfd, signal);
}

static void setup(void)
{
	story_setup();
	signals = 0;
	before_signal = NULL;
}

START_TEST(a_kill_is_done_before_anything_is_allocated)
{
	int status;

	guard->profile_copy.on_oom[OOM_SLOT_PROCESS] = POLICY_KILL;
	allocations = 0;
	ck_assert(guard_oom(guard));
	ck_assert_uint_ge(signals, 1);
	ck_assert_uint_eq(at_first_signal, 0);
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	ck_assert_str_eq(guard->incident.result, "killed");
	ck_assert_uint_eq(guard->incident.kills, 1);
	ck_assert_uint_eq(guard->status.incidents, 1);
	ck_assert_ptr_nonnull(strstr(journal_text(), "\"event\":\"decision\""));
	ck_assert_ptr_nonnull(strstr(journal_text(), "\"event\":\"killed\""));
}
END_TEST

static void kernel_kills_another(void)
{
	fake_tree_write(&tree, "ctr/memory.events", "oom 1\noom_kill 2\noom_group_kill 0\n");
}

START_TEST(a_kill_between_decision_and_action_is_counted)
{
	guard->profile_copy.on_oom[OOM_SLOT_PROCESS] = POLICY_KILL;
	before_signal = kernel_kills_another;
	ck_assert(guard_oom(guard));
	ck_assert_str_eq(guard->incident.result, "killed");
	ck_assert_uint_eq(guard->incident.kills, 2);
	ck_assert_uint_eq(guard->status.oom_kills, 2);
}
END_TEST

START_TEST(everybody_that_cgroup_kill_hits_is_counted)
{
	char pids[64];

	/* A plain file kills nobody, and we are no member: nobody but the child is hit. */
	snprintf(pids, sizeof(pids), "%d\n%d\n", child, getpid());
	fake_tree_write(&tree, "ctr/cgroup.procs", pids);
	guard->profile_copy.on_oom[OOM_SLOT_PROCESS] = POLICY_KILL;
	ck_assert(guard_oom(guard));
	ck_assert_uint_eq(guard->incident.killed, 2);
}
END_TEST

START_TEST(a_signal_to_a_dead_init_is_not_told_as_sent)
{
	for (int slot = 0; slot < OOM_SLOT_COUNT; slot++)
		guard->profile_copy.on_oom[slot] = POLICY_KILL;
	kill(child, SIGKILL);
	ck_assert_int_eq(waitpid(child, NULL, 0), child);
	child = 0;
	ck_assert(guard_oom(guard));
	ck_assert_ptr_null(strstr(journal_text(), "sent to the init"));
	ck_assert_ptr_nonnull(strstr(journal_text(), "has ended already"));
	ck_assert_uint_eq(guard->incident.killed, 0);
}
END_TEST

/* Only 0 and a cgroup that is gone say that nobody is left. */
START_TEST(what_cannot_be_read_is_not_empty)
{
	guard->profile_copy.on_oom[OOM_SLOT_PROCESS] = POLICY_KILL;
	fake_tree_write(&tree, "ctr/cgroup.events", "frozen 0\n");
	/* So that it does not wait for what never comes. */
	kill(getpid(), SIGTERM);
	ck_assert(guard_oom(guard));
	ck_assert_str_eq(guard->incident.result, "kill-incomplete");
	ck_assert_ptr_null(strstr(journal_text(), "all processes are gone"));
	ck_assert(!kill_nobody_left(&guard->memcg));
	fake_tree_write(&tree, "ctr/cgroup.events", "populated 1\n");
	ck_assert(!kill_nobody_left(&guard->memcg));
	fake_tree_write(&tree, "ctr/cgroup.events", "populated 0\n");
	ck_assert(kill_nobody_left(&guard->memcg));
	ck_assert_int_eq(unlinkat(tree.fd, "ctr/cgroup.events", 0), 0);
	ck_assert_int_eq(unlinkat(tree.fd, "ctr/cgroup.procs", 0), 0);
	ck_assert(kill_nobody_left(&guard->memcg));
}
END_TEST

START_TEST(a_report_touches_nobody)
{
	ck_assert(!guard_oom(guard));
	ck_assert_uint_eq(signals, 0);
	ck_assert_int_eq(waitpid(child, NULL, WNOHANG), 0);
	ck_assert_str_eq(guard->incident.result, "reported");
	ck_assert_int_eq(guard->incident.slot, OOM_SLOT_PROCESS);
	/* Accounted for: the same counters are no second OOM. */
	ck_assert(!guard_oom(guard));
	ck_assert_uint_eq(guard->status.incidents, 1);
}
END_TEST

START_TEST(a_lost_record_loses_no_action)
{
	guard->profile_copy.on_oom[OOM_SLOT_PROCESS] = POLICY_KILL;
	close(guard->incidents);
	guard->incidents = -1;
	ck_assert(guard_oom(guard));
	ck_assert_str_eq(guard->incident.result, "killed");
	ck_assert_uint_ge(guard->status.lost_incidents, 1);
	ck_assert_ptr_nonnull(strstr(journal_text(), "incident record was lost"));
}
END_TEST

/* What cannot be counted against the budget would be without end. */
START_TEST(a_restart_that_cannot_be_counted_is_given_up)
{
	char path[80];

	guard->profile_copy.on_oom[OOM_SLOT_PROCESS] = POLICY_RESTART;
	snprintf(path, sizeof(path), "%s/state", tree.root);
	chmod(path, 0700);
	ck_assert_int_eq(state_root_open(path, true, &guard->root, NULL), 0);
	fake_tree_write(&tree, "state/history", "");

	/* With a manager the kill is the restart. */
	guard->plan.restart.way = RESTART_MANAGER;
	ck_assert(!guard_oom(guard));
	ck_assert_uint_eq(signals, 0);
	ck_assert_str_eq(guard->incident.result, "gave-up");
	ck_assert_str_eq(guard->incident.decision, "give-up");

	guard->seen = (struct memcg_counters){.known = true};
	guard->plan.restart.way = RESTART_RUNTIME;
	ck_assert(guard_oom(guard));
	ck_assert_uint_ge(signals, 1);
	ck_assert_str_eq(guard->incident.result, "gave-up");
	ck_assert_str_eq(guard->incident.decision, "give-up");
	ck_assert_ptr_nonnull(strstr(guard->incident.reason, "killed and left stopped"));
	ck_assert_uint_eq(guard->history.len, 0);
	state_root_close(&guard->root);
}
END_TEST

START_TEST(the_manager_gets_a_dead_init)
{
	char path[80];

	guard->profile_copy.on_oom[OOM_SLOT_PROCESS] = POLICY_RESTART;
	guard->plan.restart.way = RESTART_MANAGER;
	snprintf(path, sizeof(path), "%s/state", tree.root);
	chmod(path, 0700);
	ck_assert_int_eq(state_root_open(path, true, &guard->root, NULL), 0);
	ck_assert(guard_oom(guard));
	ck_assert_str_eq(guard->incident.result, "killed");
	ck_assert_str_eq(guard->incident.decision, "restart");
	ck_assert_uint_eq(guard->history.len, 1);
	/* Of the others nothing is known. */
	ck_assert_ptr_null(strstr(journal_text(), "all processes are gone"));
	ck_assert_ptr_nonnull(strstr(journal_text(), "the init is gone"));
	state_root_close(&guard->root);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("oom_story");
	TCase *tests = tcase_create("oom_story");

	tcase_set_timeout(tests, 60);
	tcase_add_checked_fixture(tests, setup, story_teardown);
	tcase_add_test(tests, a_kill_is_done_before_anything_is_allocated);
	tcase_add_test(tests, a_kill_between_decision_and_action_is_counted);
	tcase_add_test(tests, everybody_that_cgroup_kill_hits_is_counted);
	tcase_add_test(tests, a_signal_to_a_dead_init_is_not_told_as_sent);
	tcase_add_test(tests, what_cannot_be_read_is_not_empty);
	tcase_add_test(tests, a_report_touches_nobody);
	tcase_add_test(tests, a_lost_record_loses_no_action);
	tcase_add_test(tests, a_restart_that_cannot_be_counted_is_given_up);
	tcase_add_test(tests, the_manager_gets_a_dead_init);
	suite_add_tcase(suite, tests);
	return unit_run(suite);
}
