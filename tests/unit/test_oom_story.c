/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One OOM from the wake-up to the record, on a fake cgroup v2 tree with a real child as init, and
 * without an allocation before the first signal.
 */
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "fake_tree.h"
#include "guard.h"
#include "proc.h"
#include "record.h"
#include "unit.h"

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

static const struct fake_file files[] = {
    {"ctr/cgroup.procs", ""},
    {"ctr/cgroup.events", "populated 0\nfrozen 0\n"},
    {"ctr/cgroup.kill", ""},
    {"ctr/memory.events", "low 0\nhigh 0\nmax 9\noom 1\noom_kill 1\noom_group_kill 0\n"},
    {"ctr/memory.current", "67108864\n"},
    {"ctr/memory.max", "67108864\n"},
    {"ctr/memory.stat", "anon 60000000\nfile 1000\ninactive_file 500\nshmem 0\n"},
    {"state/containers/key/x", ""},
    {"state/incidents/x", ""},
};

static struct fake_tree tree;
static struct guard *guard;
static pid_t child;

static void open_guard(void)
{
	sigset_t set;

	guard =
	    mmap(NULL, sizeof(*guard), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ck_assert_ptr_ne(guard, MAP_FAILED);
	guard->profile_copy = profile_builtin;
	guard->profile_copy.evidence.budget_ms = 0;
	guard->profile = &guard->profile_copy;
	strcpy(guard->profile_name, "default");
	guard->lock = -1;
	guard->procfd = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	guard->init_pidfd = pidfd_open_pid(child);
	ck_assert_int_ge(guard->init_pidfd, 0);
	guard->plan.init_pid = child;
	guard->plan.identity = (struct identity){.id = strdup("web"), .runtime_root = strdup("")};
	guard->memcg = (struct memcg){.version = CGROUP_V2,
				      .dirfd = openat(tree.fd, "ctr", O_RDONLY | O_DIRECTORY),
				      .freezer = -1,
				      .path = strdup("/ctr"),
				      .dir = strdup("/ctr")};
	guard->container = openat(tree.fd, "state/containers/key", O_RDONLY | O_DIRECTORY);
	guard->incidents = openat(tree.fd, "state/incidents", O_RDONLY | O_DIRECTORY);
	guard->evidence = (struct evidence){.memcg = &guard->memcg,
					    .procfd = guard->procfd,
					    .kmsg = -1,
					    .parent_event = -1,
					    .init = child,
					    .pids = guard->pids,
					    .pids_cap = KILL_PIDS_MAX,
					    .scene = &guard->scene};
	guard->target = (struct kill_target){.memcg = &guard->memcg,
					     .procfd = guard->procfd,
					     .init_pidfd = guard->init_pidfd,
					     .init = child,
					     .pids = guard->pids,
					     .interrupted = guard_interrupted,
					     .context = guard};
	/* Plain files cannot be polled; the story asks only for signals. */
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	guard->watch = (struct watch){.epoll = -1,
				      .signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK),
				      .oom_event = -1,
				      .tree = -1,
				      .events_file = -1,
				      .state_file = -1};
	ck_assert_int_eq(journal_open(&guard->journal, guard->container, "web"), 0);
	guard->seen = (struct memcg_counters){.known = true};
}

static void setup(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	fake_tree_make(&tree, files, sizeof(files) / sizeof(files[0]));
	child = fork();
	if (child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			pause();
	}
	open_guard();
	signals = 0;
	before_signal = NULL;
}

static void teardown(void)
{
	if (child > 0) {
		kill(child, SIGKILL);
		waitpid(child, NULL, 0);
	}
	journal_close(&guard->journal);
	watch_close(&guard->watch);
	memcg_close(&guard->memcg);
	identity_free(&guard->plan.identity);
	close(guard->procfd);
	close(guard->init_pidfd);
	close(guard->container);
	close(guard->incidents);
	munmap(guard, sizeof(*guard));
	fake_tree_remove(&tree);
}

static const char *journal_text(void)
{
	static char text[16384];
	ssize_t len = cgroup_read(guard->container, "events.jsonl", text, sizeof(text));

	return len > 0 ? text : "";
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
	for (int slot = 0; slot < OOM_SLOT_COUNT; slot++)
		guard->profile_copy.on_oom[slot] = POLICY_REPORT;
	guard_parting(guard);
	fake_tree_remove_dir(&tree, "ctr");
	/* A later look finds nothing, and takes nothing away. */
	guard_parting(guard);
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
	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, a_kill_is_done_before_anything_is_allocated);
	tcase_add_test(tests, a_kill_between_decision_and_action_is_counted);
	tcase_add_test(tests, everybody_that_cgroup_kill_hits_is_counted);
	tcase_add_test(tests, a_signal_to_a_dead_init_is_not_told_as_sent);
	tcase_add_test(tests, what_cannot_be_read_is_not_empty);
	tcase_add_test(tests, whom_the_log_names_is_counted);
	tcase_add_test(tests, a_report_touches_nobody);
	tcase_add_test(tests, a_missed_kill_is_reported_once);
	tcase_add_test(tests, the_last_counters_outlive_the_cgroup);
	tcase_add_test(tests, a_kill_in_the_first_moment_is_not_missed);
	tcase_add_test(tests, reclaim_at_the_limit_is_no_oom);
	tcase_add_test(tests, a_storm_goes_into_one_record);
	tcase_add_test(tests, a_storm_does_not_swallow_another_slot);
	tcase_add_test(tests, a_quiet_oom_is_not_asked_about_again);
	tcase_add_test(tests, a_lost_record_loses_no_action);
	tcase_add_test(tests, a_restart_that_cannot_be_counted_is_given_up);
	tcase_add_test(tests, the_manager_gets_a_dead_init);
	suite_add_tcase(suite, tests);
	return unit_run(suite);
}
