/* SPDX-License-Identifier: Apache-2.0 */
/* The kill switch and a shim, on a fake cgroup v2 tree with a real child as init. */
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>

#include "disabled.h"
#include "fake_tree.h"
#include "guard.h"
#include "proc.h"
#include "record.h"
#include "unit.h"

static const struct fake_file files[] = {
    {"ctr/cgroup.procs", ""},
    {"ctr/cgroup.events", "populated 1\nfrozen 0\n"},
    {"ctr/cgroup.kill", ""},
    {"ctr/memory.events", "low 0\nhigh 0\nmax 9\noom 1\noom_kill 1\noom_group_kill 0\n"},
    {"ctr/memory.current", "67108864\n"},
    {"ctr/memory.max", "67108864\n"},
    {"ctr/memory.stat", "anon 60000000\nfile 1000\ninactive_file 500\nshmem 0\n"},
    {"state/containers/key/x", ""},
    {"state/incidents/x", ""},
    {"etc/x", ""},
};

static struct fake_tree tree;
static struct guard *guard;
static char host_switch[96];
static pid_t child;

static void open_guard(void)
{
	sigset_t set;

	guard =
	    mmap(NULL, sizeof(*guard), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ck_assert_ptr_ne(guard, MAP_FAILED);
	guard->profile_copy = profile_builtin;
	guard->profile_copy.evidence.budget_ms = 0;
	guard->profile_copy.on_oom[OOM_SLOT_PROCESS] = POLICY_KILL;
	guard->profile = &guard->profile_copy;
	guard->lock = -1;
	guard->procfd = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	guard->init_pidfd = pidfd_open_pid(child);
	guard->plan.init_pid = child;
	guard->plan.identity = (struct identity){.id = strdup("web"), .runtime_root = strdup("")};
	guard->memcg = (struct memcg){.version = CGROUP_V2,
				      .dirfd = openat(tree.fd, "ctr", O_RDONLY | O_DIRECTORY),
				      .freezer = -1,
				      .path = strdup("/ctr"),
				      .dir = strdup("/ctr")};
	guard->root = (struct state_root){
	    .path = strdup("/run/oomguard"),
	    .dirfd = openat(tree.fd, "state", O_RDONLY | O_DIRECTORY | O_CLOEXEC),
	    .containers = -1,
	};
	guard->container = openat(tree.fd, "state/containers/key", O_RDONLY | O_DIRECTORY);
	guard->incidents = openat(tree.fd, "state/incidents", O_RDONLY | O_DIRECTORY);
	guard->disabled_file = host_switch;
	guard->disabled_dir = guard->disabled_above = -1;
	guard->evidence = (struct evidence){.memcg = &guard->memcg,
					    .procfd = guard->procfd,
					    .kmsg = -1,
					    .parent_event = -1,
					    .init = child,
					    .pids = guard->pids,
					    .pids_cap = KILL_PIDS_MAX};
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGUSR2);
	guard->watch = (struct watch){.epoll = -1,
				      .signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK),
				      .oom_event = -1,
				      .tree = -1,
				      .events_file = -1,
				      .state_file = -1};
	ck_assert_int_eq(journal_open(&guard->journal, guard->container, "web"), 0);
	guard->seen = (struct memcg_counters){.known = true};
	guard_watch_switch(guard);
}

static void setup(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGUSR2);
	sigprocmask(SIG_BLOCK, &set, NULL);
	fake_tree_make(&tree, files, sizeof(files) / sizeof(files[0]));
	snprintf(host_switch, sizeof(host_switch), "%s/etc/disabled", tree.root);
	child = fork();
	if (child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			pause();
	}
	open_guard();
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
	state_root_close(&guard->root);
	cleanup_closep(&guard->disabled_dir);
	cleanup_closep(&guard->disabled_above);
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

static enum shim_phase told_phase(void)
{
	struct shim_status status;

	ck_assert_int_eq(status_read(guard->container, &status, NULL), 0);
	return status.phase;
}

/* In a process of its own, once the shim has said that it stands aside. */
static pid_t later(void (*act)(void))
{
	pid_t pid = fork();

	if (pid != 0)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	while (!strstr(journal_text(), "switched-off"))
		usleep(1000);
	act();
	_exit(0);
}

static void remove_host_switch(void)
{
	unlink(host_switch);
}

static void exchange_dirs(void)
{
	renameat2(tree.fd, "etc", tree.fd, "away", RENAME_EXCHANGE);
}

static void remove_state_switch(void)
{
	unlinkat(tree.fd, "state/" DISABLED_NAME, 0);
}

static void end_init(void)
{
	kill(child, SIGKILL);
}

static void end_shim(void)
{
	kill(getppid(), SIGTERM);
}

START_TEST(off_is_no_pause)
{
	ck_assert_ptr_null(guard_stand_aside(guard));
	ck_assert_str_eq(journal_text(), "");
	ck_assert(!guard_stopped(guard));
}
END_TEST

START_TEST(an_oom_is_let_be)
{
	fake_tree_write(&tree, "state/" DISABLED_NAME, "");
	ck_assert(!guard_oom(guard));
	ck_assert_int_eq(waitpid(child, NULL, WNOHANG), 0);
	ck_assert_uint_eq(guard->status.incidents, 0);
	ck_assert_str_eq(journal_text(), "");
}
END_TEST

/* The switch is set, an OOM comes and is nobody's, the switch goes, the next OOM counts. */
static void comes_back(const char *file, void (*remove_switch)(void))
{
	pid_t other;

	fake_tree_write(&tree, file, "");
	other = later(remove_switch);
	ck_assert_ptr_null(guard_stand_aside(guard));
	ck_assert_int_eq(waitpid(other, NULL, 0), other);
	ck_assert_ptr_nonnull(strstr(journal_text(), "\"event\":\"switched-on\""));
	ck_assert_int_eq(told_phase(), SHIM_WATCHING);
	ck_assert_uint_eq(guard->seen.oom_kill, 1);
	ck_assert(!guard_missed(guard));
}

START_TEST(it_comes_back_when_the_host_says_so)
{
	comes_back("etc/disabled", remove_host_switch);
}
END_TEST

START_TEST(it_comes_back_when_the_state_says_so)
{
	comes_back("state/" DISABLED_NAME, remove_state_switch);
}
END_TEST

START_TEST(it_leaves_with_the_container)
{
	pid_t other;

	fake_tree_write(&tree, "etc/disabled", "");
	other = later(end_init);
	ck_assert_ptr_nonnull(strstr(guard_stand_aside(guard), "ended"));
	ck_assert_int_eq(waitpid(other, NULL, 0), other);
	ck_assert_int_eq(told_phase(), SHIM_ASIDE);
	ck_assert_uint_eq(guard->status.incidents, 0);
}
END_TEST

START_TEST(it_leaves_when_told)
{
	pid_t other;

	fake_tree_write(&tree, "etc/disabled", "");
	other = later(end_shim);
	ck_assert_str_eq(guard_stand_aside(guard), "told to leave");
	ck_assert_int_eq(waitpid(other, NULL, 0), other);
}
END_TEST

/* Its coming wakes the shim, without one look of the shim's own. */
START_TEST(its_coming_is_told)
{
	ck_assert_int_eq(watch_wait_signals(&guard->watch, guard->init_pidfd, 0), 0);
	fake_tree_write(&tree, "etc/disabled", "");
	ck_assert_int_eq(watch_wait_signals(&guard->watch, guard->init_pidfd, 0), WATCH_SWITCH);
	fake_tree_write(&tree, "state/" DISABLED_NAME, "");
	ck_assert_int_eq(watch_wait_signals(&guard->watch, guard->init_pidfd, 0), WATCH_SWITCH);
	/* Nothing else does: state is written below all the time. */
	fake_tree_write(&tree, "state/containers/key/y", "");
	fake_tree_write(&tree, "state/incidents/y", "");
	ck_assert_int_eq(watch_wait_signals(&guard->watch, guard->init_pidfd, 0), 0);
}
END_TEST

/* What the loop does at a signal; true when one was there. */
static bool follows(void)
{
	int events = watch_wait_signals(&guard->watch, guard->init_pidfd, 0);

	if (events & WATCH_SWITCH)
		guard_watch_switch(guard);
	return events == WATCH_SWITCH;
}

/* The directory of the switch is put aside, and another one made; or it was not there. */
START_TEST(its_directory_may_be_another_one)
{
	pid_t other;

	ck_assert_int_eq(renameat(tree.fd, "etc", tree.fd, "away"), 0);
	ck_assert(follows());
	ck_assert_int_eq(mkdirat(tree.fd, "etc", 0755), 0);
	ck_assert(follows());
	fake_tree_write(&tree, "etc/disabled", "");
	ck_assert(follows());
	ck_assert(guard_switched_off(guard));
	/* And while the shim stands aside: back comes the old one, where no switch is. */
	other = later(exchange_dirs);
	ck_assert_ptr_null(guard_stand_aside(guard));
	ck_assert_int_eq(waitpid(other, NULL, 0), other);
	ck_assert(!guard_switched_off(guard));
	fake_tree_write(&tree, "etc/disabled", "");
	ck_assert(follows());
}
END_TEST

/* A limit that was raised for a while is not left behind. */
START_TEST(a_raised_limit_is_taken_back)
{
	char text[32];
	pid_t other;

	guard->tight.owed = (struct owed_limit){.limit = 4096, .memsw = MEMCG_NO_LIMIT};
	fake_tree_write(&tree, "etc/disabled", "");
	other = later(remove_host_switch);
	ck_assert_ptr_null(guard_stand_aside(guard));
	ck_assert_int_eq(waitpid(other, NULL, 0), other);
	ck_assert_ptr_nonnull(
	    strstr(fake_tree_read(&tree, "ctr/memory.max", text, sizeof(text)), "4096"));
	ck_assert_uint_eq(guard->tight.owed.limit, 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("aside");
	TCase *tests = tcase_create("aside");

	tcase_set_timeout(tests, 60);
	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, off_is_no_pause);
	tcase_add_test(tests, an_oom_is_let_be);
	tcase_add_test(tests, it_comes_back_when_the_host_says_so);
	tcase_add_test(tests, it_comes_back_when_the_state_says_so);
	tcase_add_test(tests, it_leaves_with_the_container);
	tcase_add_test(tests, it_leaves_when_told);
	tcase_add_test(tests, its_coming_is_told);
	tcase_add_test(tests, its_directory_may_be_another_one);
	tcase_add_test(tests, a_raised_limit_is_taken_back);
	suite_add_tcase(suite, tests);
	return unit_run(suite);
}
