/* SPDX-License-Identifier: Apache-2.0 */
/* What is opened before the plan is there is kept only where it is what the plan names. */
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "fake_tree.h"
#include "guard.h"
#include "open.h"
#include "proc.h"
#include "unit.h"

static const struct fake_file files[] = {
    {"proc/self/cgroup", "4:memory:/caller\n"},
    {"mem/pod/cgroup.event_control", ""},
    {"mem/pod/memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 0\n"},
    {"mem/pod/web/cgroup.procs", ""},
    {"mem/pod/web/cgroup.event_control", ""},
    {"mem/pod/web/memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 0\n"},
    {"mem/pod/other/cgroup.procs", ""},
    {"mem/pod/other/cgroup.event_control", ""},
    {"mem/pod/other/memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 0\n"},
};

static struct fake_tree tree;
static struct cgroup_mounts mounts;
static struct guard *guard;
static pid_t child;

static void write_proc(const char *file, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static void write_proc(const char *file, const char *format, ...)
{
	char path[64], text[512];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	snprintf(path, sizeof(path), "proc/%d/%s", (int)child, file);
	fake_tree_write(&tree, path, text);
}

/* Field 22 is the start time (proc_pid_stat(5)). */
static void write_stat(unsigned start_ticks)
{
	write_proc("stat",
		   "%d (init) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 %u 1000 10 0 0 0 0 0 0 0 0 0 "
		   "0 0 0 0 17 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n",
		   (int)child, start_ticks);
}

static void start_child(void)
{
	child = fork();
	ck_assert_int_ge(child, 0);
	if (child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			pause();
	}
}

static void setup(void)
{
	struct error err = {0};

	start_child();
	fake_tree_make(&tree, files, FAKE_TREE_LEN(files));
	fake_tree_mount(&tree, "/", "mem", "cgroup", "rw,memory");
	write_proc("cgroup", "4:memory:/pod/web\n");
	write_stat(77);
	guard =
	    mmap(NULL, sizeof(*guard), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ck_assert_ptr_ne(guard, MAP_FAILED);
	guard->procfd = fake_tree_open(&tree, "proc");
	guard->evidence.kmsg = -1;
	guard->plan.init_pid = child;
	guard->plan.init_start_ticks = 77;
	guard->plan.identity.cgroup = (char *)"/pod/web";
	ck_assert_msg(cgroup_mounts_read(guard->procfd, &mounts, &err) == 0, "%s", err.message);
}

static void end_child(void)
{
	kill(child, SIGKILL);
	ck_assert_int_eq(waitpid(child, NULL, 0), child);
	child = 0;
}

static void teardown(void)
{
	if (child)
		end_child();
	cgroup_mounts_free(&mounts);
	close(guard->procfd);
	munmap(guard, sizeof(*guard));
	fake_tree_remove(&tree);
}

static void let_go(void)
{
	watch_close(&guard->watch);
	cleanup_closep(&guard->pids_dir);
	evidence_close(&guard->evidence);
	memcg_close(&guard->memcg);
	cleanup_closep(&guard->init_pidfd);
}

/* Opens by the plan and says which cgroup it came to. */
static const char *opened(void)
{
	struct error err = {0};

	ck_assert_msg(guard_open(guard, &mounts, &err) == 0, "%s", err.message);
	ck_assert(!pidfd_exited(guard->init_pidfd));
	ck_assert_int_eq(guard->evidence.init, child);
	/* The parent's event tells whose limit it was. */
	ck_assert_uint_eq(guard->evidence.ancestors.len, 1);
	ck_assert_int_ge(guard->evidence.parent_event, 0);
	return guard->memcg.path;
}

START_TEST(by_the_plan_alone)
{
	ck_assert_str_eq(opened(), "/pod/web");
	let_go();
}
END_TEST

START_TEST(ahead_of_the_plan)
{
	int pidfd, memory;

	guard_open_ahead(guard, &mounts, child);
	ck_assert(guard->ahead);
	pidfd = guard->init_pidfd;
	memory = guard->memcg.dirfd;
	/* Nothing is looked up again: it could not be. */
	fake_tree_remove_dir(&tree, "mem");
	ck_assert_str_eq(opened(), "/pod/web");
	ck_assert_int_eq(guard->init_pidfd, pidfd);
	ck_assert_int_eq(guard->memcg.dirfd, memory);
	let_go();
}
END_TEST

START_TEST(the_plan_names_another_cgroup)
{
	guard_open_ahead(guard, &mounts, child);
	guard->plan.identity.cgroup = (char *)"/pod/other";
	ck_assert_str_eq(opened(), "/pod/other");
	let_go();
}
END_TEST

START_TEST(nothing_to_open_ahead)
{
	write_proc("cgroup", "4:memory:/gone\n");
	guard_open_ahead(guard, &mounts, child);
	ck_assert(!guard->ahead);
	ck_assert_str_eq(opened(), "/pod/web");
	let_go();
}
END_TEST

START_TEST(half_of_it_ahead)
{
	fake_tree_remove_dir(&tree, "mem/pod/web/cgroup.event_control");
	guard_open_ahead(guard, &mounts, child);
	ck_assert(!guard->ahead);
	fake_tree_write(&tree, "mem/pod/web/cgroup.event_control", "");
	ck_assert_str_eq(opened(), "/pod/web");
	let_go();
}
END_TEST

/* The number was given to another process between the runtime's word and ours. */
START_TEST(another_process_by_now)
{
	struct error err = {0};

	guard_open_ahead(guard, &mounts, child);
	write_stat(78);
	ck_assert_int_eq(guard_open(guard, &mounts, &err), -ESRCH);
}
END_TEST

START_TEST(ended_by_now)
{
	struct error err = {0};

	guard_open_ahead(guard, &mounts, child);
	end_child();
	ck_assert_int_eq(guard_open(guard, &mounts, &err), -ESRCH);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("open");
	TCase *tests = tcase_create("open");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, by_the_plan_alone);
	tcase_add_test(tests, ahead_of_the_plan);
	tcase_add_test(tests, the_plan_names_another_cgroup);
	tcase_add_test(tests, nothing_to_open_ahead);
	tcase_add_test(tests, half_of_it_ahead);
	tcase_add_test(tests, another_process_by_now);
	tcase_add_test(tests, ended_by_now);
	suite_add_tcase(suite, tests);
	return unit_run(suite);
}
