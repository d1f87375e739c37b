/* SPDX-License-Identifier: Apache-2.0 */
/* Each of the kernel's kills is accounted for once, whenever it comes. */
#include <sched.h>
#include <stdarg.h>
#include <sys/socket.h>

#include "oom_story.h"

/* Wrapped by the linker (--wrap), see meson.build. */
void __real_evidence_read_log(struct evidence *evidence, struct incident *incident);
void __wrap_evidence_read_log(struct evidence *evidence, struct incident *incident);

/* What happens while the shim reads the kernel's log for the first time. */
static void (*at_log)(void);

void __wrap_evidence_read_log(struct evidence *evidence, struct incident *incident)
{
	void (*happens)(void) = at_log;

	at_log = NULL;
	if (happens)
		happens();
	__real_evidence_read_log(evidence, incident);
}

static int log_feed = -1;

static void kernel_says(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void kernel_says(const char *format, ...)
{
	char record[1024] = "4,1,1000,-;";
	size_t head = strlen(record);
	va_list args;
	int len;

	va_start(args, format);
	len = vsnprintf(record + head, sizeof(record) - head, format, args);
	va_end(args);
	len += (int)head;
	ck_assert_int_eq(send(log_feed, record, (size_t)len, 0), len);
}

static void kernel_kills(int pid)
{
	kernel_says("oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=x,mems_allowed=0,"
		    "oom_memcg=/ctr,task_memcg=/ctr,task=worker,pid=%d,uid=0\n",
		    pid);
	kernel_says("Memory cgroup out of memory: Killed process %d (worker) total-vm:90000kB, "
		    "anon-rss:61440kB, file-rss:0kB, shmem-rss:0kB, UID:0 pgtables:160kB "
		    "oom_score_adj:0\n",
		    pid);
}

static void kernel_kills_worker_and_init(void)
{
	kernel_kills(999999);
	kernel_kills(child);
	fake_tree_write(&tree, "ctr/memory.events", "oom 2\noom_kill 2\noom_group_kill 0\n");
}

/* The second kill came while the evidence of the first was read: one record tells of both. */
START_TEST(whom_the_log_names_is_counted)
{
	int pair[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, pair), 0);
	guard->evidence.kmsg = pair[0];
	guard->evidence.pids_are_host_pids = true;
	log_feed = pair[1];
	guard->profile_copy.evidence.budget_ms = 10000;
	at_log = kernel_kills_worker_and_init;
	ck_assert(!guard_oom(guard));
	ck_assert_uint_eq(guard->incident.victims_len, 2);
	ck_assert_int_eq(guard->incident.slot, OOM_SLOT_INIT);
	ck_assert_uint_eq(guard->incident.kills, 2);
	ck_assert_uint_eq(guard->status.oom_kills, 2);
	ck_assert_uint_eq(guard->status.incidents, 1);
	close(pair[0]);
	close(pair[1]);
}
END_TEST

/* What came before there was a shim is found once, and a shim in its place does not find it again.
 */
START_TEST(a_missed_kill_is_reported_once)
{
	struct shim_status status;

	guard->found = (struct memcg_counters){.known = true, .oom_kill = 1};
	ck_assert(guard_missed(guard));
	ck_assert_ptr_nonnull(strstr(journal_text(), "\"event\":\"missed\""));
	ck_assert(!guard_oom(guard));
	ck_assert_uint_eq(guard->incident.kills, 1);
	ck_assert(!guard_missed(guard));
	ck_assert_int_eq(status_read(guard->container, &status, NULL), 0);
	guard->seen = status.seen;
	ck_assert(!guard_missed(guard));
}
END_TEST

/* The runtime removes the cgroup while the shim is at it. */
START_TEST(the_last_counters_outlive_the_cgroup)
{
	struct memcg_counters now;

	for (int slot = 0; slot < OOM_SLOT_COUNT; slot++)
		guard->profile_copy.on_oom[slot] = POLICY_REPORT;
	/* Before the end nothing is kept: that the cgroup is gone is told. */
	ck_assert_int_eq(guard_counters(guard, &now), 0);
	ck_assert(!guard->parting.known);
	guard->init_ended = true;
	ck_assert_int_eq(guard_counters(guard, &now), 0);
	fake_tree_remove_dir(&tree, "ctr");
	kill(child, SIGKILL);
	ck_assert_int_eq(waitpid(child, NULL, 0), child);
	child = 0;
	guard_init_ended(guard);
	ck_assert_uint_eq(guard->status.incidents, 1);
	ck_assert_uint_eq(guard->incident.kills, 1);
}
END_TEST

/* It came when the shim was armed, and had not looked yet. */
START_TEST(a_kill_in_the_first_moment_is_not_missed)
{
	guard->found = (struct memcg_counters){.known = true};
	ck_assert(guard_missed(guard));
	ck_assert_ptr_null(strstr(journal_text(), "\"event\":\"missed\""));
	ck_assert(!guard_oom(guard));
	ck_assert_uint_eq(guard->incident.kills, 1);
}
END_TEST

START_TEST(reclaim_at_the_limit_is_no_oom)
{
	fake_tree_write(&tree, "ctr/memory.events", "max 500\noom 0\noom_kill 0\n");
	ck_assert(!guard_oom(guard));
	ck_assert_uint_eq(guard->status.incidents, 0);
	ck_assert_str_eq(journal_text(), "");
}
END_TEST

/* In a process of its own: once the first kill is in the journal, a second one comes. */
static pid_t kill_again_later(const char *events)
{
	pid_t writer = fork();

	if (writer != 0)
		return writer;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	while (!strstr(journal_text(), "\"event\":\"incident\""))
		sched_yield();
	fake_tree_write(&tree, "ctr/memory.events", events);
	_exit(0);
}

START_TEST(a_storm_goes_into_one_record)
{
	pid_t writer = kill_again_later("oom 2\noom_kill 4\noom_group_kill 0\n");

	ck_assert(!guard_oom(guard));
	ck_assert_int_eq(waitpid(writer, NULL, 0), writer);
	ck_assert_uint_eq(guard->status.incidents, 1);
	ck_assert_uint_eq(guard->incident.kills, 4);
	ck_assert_uint_eq(guard->status.oom_kills, 4);
}
END_TEST

START_TEST(a_storm_does_not_swallow_another_slot)
{
	pid_t writer = kill_again_later("oom 2\noom_kill 2\noom_group_kill 1\n");

	guard->profile_copy.on_oom[OOM_SLOT_GROUP] = POLICY_KILL;
	ck_assert(guard_oom(guard));
	ck_assert_int_eq(waitpid(writer, NULL, 0), writer);
	ck_assert_uint_eq(guard->status.incidents, 2);
	ck_assert_int_eq(guard->incident.slot, OOM_SLOT_GROUP);
	ck_assert_uint_eq(guard->incident.kills, 1);
	ck_assert_str_eq(guard->incident.result, "killed");
}
END_TEST

START_TEST(a_quiet_oom_is_not_asked_about_again)
{
	/* An OOM that ended without a kill: from then on reclaim alone is nothing. */
	fake_tree_write(&tree, "ctr/memory.events", "max 500\noom 3\noom_kill 0\n");
	ck_assert(!guard_oom(guard));
	ck_assert_uint_eq(guard->seen.oom, 3);
	ck_assert_uint_eq(guard->status.incidents, 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("oom_count");
	TCase *tests = tcase_create("oom_count");

	tcase_add_checked_fixture(tests, story_setup, story_teardown);
	tcase_add_test(tests, whom_the_log_names_is_counted);
	tcase_add_test(tests, a_missed_kill_is_reported_once);
	tcase_add_test(tests, the_last_counters_outlive_the_cgroup);
	tcase_add_test(tests, a_kill_in_the_first_moment_is_not_missed);
	tcase_add_test(tests, reclaim_at_the_limit_is_no_oom);
	tcase_add_test(tests, a_storm_goes_into_one_record);
	tcase_add_test(tests, a_storm_does_not_swallow_another_slot);
	tcase_add_test(tests, a_quiet_oom_is_not_asked_about_again);
	tcase_set_timeout(tests, 60);
	suite_add_tcase(suite, tests);
	return unit_run(suite);
}
