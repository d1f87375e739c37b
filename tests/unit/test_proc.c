/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/utsname.h>
#include <sys/wait.h>

#include "fake_tree.h"
#include "proc.h"
#include "unit.h"

static struct fake_tree tree;

static void make_tree(void)
{
	fake_tree_make(&tree, NULL, 0);
}

static void remove_tree(void)
{
	fake_tree_remove(&tree);
}

/* One line of PID/stat: `state`, parent, PF_* flags, threads, start, pending signals. */
static void put_stat(const char *path, int pid, const char *comm, char state, int ppid,
		     unsigned flags, int threads, int start, unsigned long long pending)
{
	char text[512];

	snprintf(text, sizeof(text),
		 "%d (%s) %c %d 1 1 0 -1 %u 5 0 0 0 1 2 0 0 20 -5 %d 0 %d 4096000 3 "
		 "18446744073709551615 0 0 0 0 0 %llu 0 0 0 0 0 0 17 0\n",
		 pid, comm, state, ppid, flags, threads, start, pending);
	fake_tree_write(&tree, path, text);
}

START_TEST(names_cannot_fake_fields)
{
	static const char *const names[] = {"sh", "a) R 1 (b", ") Z 1", "x\n9 (y",
					    "",	  "((((",      "))))"};
	struct proc_stat stat;

	for (size_t i = 0; i < FAKE_TREE_LEN(names); i++) {
		put_stat("7/stat", 7, names[i], 'S', 42, 0x400100, 3, 123456, 0);
		ck_assert_int_eq(proc_stat_read(tree.fd, 7, &stat), 0);
		ck_assert_str_eq(stat.comm, names[i]);
		ck_assert_int_eq(stat.pid, 7);
		ck_assert_int_eq(stat.state, 'S');
		ck_assert_int_eq(stat.ppid, 42);
		ck_assert_uint_eq(stat.flags, 0x400100);
		ck_assert_uint_eq(stat.threads, 3);
		ck_assert_uint_eq(stat.start_ticks, 123456);
		ck_assert_uint_eq(stat.rss_bytes, 3 * (uint64_t)sysconf(_SC_PAGESIZE));
		ck_assert(!stat.kill_pending);
	}
}
END_TEST

START_TEST(mutilated_stat_is_an_error)
{
	static const char *const texts[] = {
	    "",	  "7",		 "7 (sh", "7 (sh)", "7 (sh) ", "7 (sh) S", "7 (sh) S 1 2 3",
	    ")(", "7 (sh) S 1 x"};
	struct proc_stat stat;

	for (size_t i = 0; i < FAKE_TREE_LEN(texts); i++) {
		fake_tree_write(&tree, "7/stat", texts[i]);
		ck_assert_int_eq(proc_stat_read(tree.fd, 7, &stat), -EINVAL);
	}
	ck_assert_int_eq(proc_stat_read(tree.fd, 8, &stat), -ESRCH);
}
END_TEST

START_TEST(the_umask_is_read)
{
	mode_t mask = 0;

	fake_tree_write(&tree, "7/status", "Name:\tUmask:\t0077\nUmask:\t0027\nState:\tS\n");
	ck_assert_int_eq(proc_umask_read(tree.fd, 7, &mask), 0);
	ck_assert_uint_eq(mask, 027);
	ck_assert_int_eq(proc_umask_read(tree.fd, 8, &mask), -ESRCH);
	fake_tree_write(&tree, "7/status", "Name:\tsh\nState:\tS\n");
	ck_assert_int_eq(proc_umask_read(tree.fd, 7, &mask), -ENODATA);
	fake_tree_write(&tree, "7/status", "Name:\tsh\nUmask:\t7777\n");
	ck_assert_int_eq(proc_umask_read(tree.fd, 7, &mask), -EINVAL);
	ck_assert_uint_eq(mask, 027);
}
END_TEST

START_TEST(scores_are_read_and_written)
{
	char text[32];
	int score;

	fake_tree_write(&tree, "7/oom_score_adj", "-998\n");
	ck_assert_int_eq(proc_score_read(tree.fd, 7, &score), 0);
	ck_assert_int_eq(score, -998);
	ck_assert_int_eq(proc_score_write(tree.fd, 7, 5), 0);
	ck_assert_str_eq(fake_tree_read(&tree, "7/oom_score_adj", text, sizeof(text)), "5");
	ck_assert_int_eq(proc_score_read(tree.fd, 8, &score), -ESRCH);
	ck_assert_int_eq(proc_score_write(tree.fd, 8, 5), -ESRCH);
	fake_tree_write(&tree, "7/oom_score_adj", "5000\n");
	ck_assert_int_eq(proc_score_read(tree.fd, 7, &score), -EINVAL);
}
END_TEST

START_TEST(dying_is_told_from_running)
{
	put_stat("7/stat", 7, "a", 'R', 1, 0, 1, 1, 0);
	ck_assert(!proc_dying(tree.fd, 7));
	put_stat("7/stat", 7, "a", 'D', 1, 0, 1, 1, 1 << (SIGKILL - 1));
	ck_assert(proc_dying(tree.fd, 7));
	put_stat("7/stat", 7, "a", 'D', 1, 0, 1, 1, 1 << (SIGTERM - 1));
	ck_assert(!proc_dying(tree.fd, 7));
	put_stat("7/stat", 7, "a", 'R', 1, 0x4, 1, 1, 0);
	ck_assert(proc_dying(tree.fd, 7));
	/* The main thread has ended by itself, another one works on. */
	put_stat("7/stat", 7, "a", 'Z', 1, 0x4, 2, 1, 0);
	put_stat("7/task/7/stat", 7, "a", 'Z', 1, 0x4, 2, 1, 0);
	put_stat("7/task/8/stat", 8, "a", 'S', 1, 0, 2, 1, 0);
	ck_assert(!proc_dying(tree.fd, 7));
	put_stat("7/task/8/stat", 8, "a", 'S', 1, 0, 2, 1, 1 << (SIGKILL - 1));
	ck_assert(proc_dying(tree.fd, 7));
	ck_assert(proc_dying(tree.fd, 9));
}
END_TEST

static int note_child(pid_t child, void *context)
{
	char *list = context;

	sprintf(list + strlen(list), "%d,", child);
	return 0;
}

static const char *children(int procfd, pid_t pid)
{
	static char list[4096];

	list[0] = '\0';
	ck_assert_int_ge(proc_children(procfd, pid, note_child, list), 0);
	return list;
}

START_TEST(threads_of_a_process)
{
	char list[64] = "";

	for (int i = 0; i < 2; i++)
		fake_tree_dir(&tree, i ? "7/task/9" : "7/task/7");
	ck_assert_int_eq(proc_threads(tree.fd, 7, note_child, list), 0);
	ck_assert_uint_eq(strlen(list), strlen("7,9,"));
	ck_assert_ptr_nonnull(strstr(list, "9,"));
	ck_assert_int_eq(proc_threads(tree.fd, 8, note_child, list), -ENOENT);
}
END_TEST

START_TEST(children_of_all_threads)
{
	char many[2048] = "";

	put_stat("7/stat", 7, "a", 'S', 1, 0, 1, 1, 0);
	put_stat("21/stat", 21, "c", 'Z', 7, 0, 1, 20, 0);
	put_stat("22/stat", 22, "d", 'S', 21, 0, 1, 10, 0);
	fake_tree_dir(&tree, "7/task/7");
	/* No such list on this kernel: all processes are looked through. */
	ck_assert_str_eq(children(tree.fd, 7), "21,");
	fake_tree_write(&tree, "7/task/7/children", "21 ");
	ck_assert_str_eq(children(tree.fd, 7), "21,");
	fake_tree_write(&tree, "7/task/7/children", "");
	ck_assert_str_eq(children(tree.fd, 7), "");
	/* Longer than one piece, so that an id lies across the seam. */
	for (int i = 1000; i < 1200; i++)
		sprintf(many + strlen(many), "%d ", i);
	fake_tree_write(&tree, "7/task/7/children", many);
	ck_assert_uint_eq(strlen(children(tree.fd, 7)), strlen(many));
	ck_assert_ptr_nonnull(strstr(children(tree.fd, 7), "1102,1103,"));
}
END_TEST

START_TEST(small_files)
{
	char text[64];
	uid_t outer;

	proc_wchan(tree.fd, 7, text, sizeof(text));
	ck_assert_str_eq(text, "");
	fake_tree_write(&tree, "7/wchan", "mem_cgroup_oom_synchronize");
	proc_wchan(tree.fd, 7, text, 11);
	ck_assert_str_eq(text, "mem_cgroup");
	fake_tree_write(&tree, "self/uid_map", "         0          0 4294967295\n");
	fake_tree_write(&tree, "self/gid_map", "         0          0 4294967295\n");
	ck_assert(proc_in_initial_userns(tree.fd));
	fake_tree_write(&tree, "self/uid_map", " 0 1000 1\n 1 100000 65536\n");
	ck_assert(!proc_in_initial_userns(tree.fd));
	ck_assert_int_eq(proc_outer_uid(tree.fd, 0, &outer), 0);
	ck_assert_uint_eq(outer, 1000);
	ck_assert_int_eq(proc_outer_uid(tree.fd, 2, &outer), 0);
	ck_assert_uint_eq(outer, 100001);
	ck_assert_int_eq(proc_outer_uid(tree.fd, 65537, &outer), -ENOENT);
	fake_tree_write(&tree, "sys/kernel/random/boot_id",
			"0f6c3a90-6e1a-43e4-b372-2603a3cc2941\n");
	ck_assert_int_eq(proc_boot_id(tree.fd, text), 0);
	ck_assert_str_eq(text, "0f6c3a90-6e1a-43e4-b372-2603a3cc2941");
	fake_tree_write(&tree, "sys/kernel/random/boot_id", "0f6c\n");
	ck_assert_int_eq(proc_boot_id(tree.fd, text), -EINVAL);
}
END_TEST

/* A process that waits for `go` to be closed, then does `end`. Reaped by its own parent only. */
static pid_t start_child(int go[static 2], void (*end)(void))
{
	pid_t pid;

	ck_assert_int_eq(pipe(go), 0);
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		char byte;

		close(go[1]);
		while (read(go[0], &byte, 1) < 0)
			;
		end();
		_exit(99);
	}
	close(go[0]);
	return pid;
}

static void end_three(void)
{
	_exit(3);
}

static void end_kill(void)
{
	kill(getpid(), SIGKILL);
}

START_TEST(real_processes_with_strange_names)
{
	cleanup_close int proc = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cleanup_close int pidfd = -1;
	struct proc_stat stat;
	int go[2];
	pid_t pid;

	ck_assert_int_eq(prctl(PR_SET_NAME, "a) Z 1\n2 (b"), 0);
	pid = start_child(go, end_three);
	ck_assert_int_eq(proc_stat_read(proc, pid, &stat), 0);
	ck_assert_str_eq(stat.comm, "a) Z 1\n2 (b");
	ck_assert_int_eq(stat.ppid, getpid());
	ck_assert_int_eq(atoi(children(proc, getpid())), pid);
	ck_assert(!proc_dying(proc, pid));
	ck_assert_int_eq(pidfd_open_exact(proc, pid, stat.start_ticks + 1), -ESRCH);
	pidfd = pidfd_open_exact(proc, pid, stat.start_ticks);
	ck_assert_int_ge(pidfd, 0);
	ck_assert(!pidfd_exited(pidfd));
	ck_assert_int_eq(pidfd_signal(pidfd, SIGKILL), 0);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
	ck_assert(pidfd_exited(pidfd));
	ck_assert(proc_dying(proc, pid));
	ck_assert_int_eq(pidfd_signal(pidfd, SIGKILL), -ESRCH);
	close(go[1]);
}
END_TEST

/*
 * Lets a grandchild end, reaped by its own parent, and returns what its pidfd tells here before
 * and after that. The middle process tells its child's number through a pipe.
 */
static int status_of_a_stranger(void (*end)(void), int *before, int *wait_status)
{
	cleanup_close int pidfd = -1;
	int tell[2], reap[2], go[2], r;
	struct pollfd poll_fd;
	pid_t middle, pid;
	char byte;

	ck_assert_int_eq(pipe(tell), 0);
	ck_assert_int_eq(pipe(reap), 0);
	middle = fork();
	ck_assert_int_ge(middle, 0);
	if (middle == 0) {
		close(reap[1]);
		pid = start_child(go, end);
		/* The pidfd is opened while the child lives: it goes on once this pipe closes. */
		if (write(tell[1], &pid, sizeof(pid)) != sizeof(pid) ||
		    read(reap[0], &byte, 1) != 1)
			_exit(1);
		close(go[1]);
		if (read(reap[0], &byte, 1) != 1)
			_exit(1);
		_exit(waitpid(pid, NULL, 0) == pid ? 0 : 1);
	}
	ck_assert_int_eq(read(tell[0], &pid, sizeof(pid)), sizeof(pid));
	pidfd = pidfd_open_pid(pid);
	ck_assert_int_ge(pidfd, 0);
	ck_assert_int_eq(write(reap[1], "g", 1), 1);
	poll_fd = (struct pollfd){.fd = pidfd, .events = POLLIN};
	ck_assert_int_eq(poll(&poll_fd, 1, -1), 1);
	*before = pidfd_exit_status(pidfd, wait_status);
	ck_assert_int_eq(write(reap[1], "r", 1), 1);
	ck_assert_int_eq(waitpid(middle, &r, 0), middle);
	ck_assert_int_eq(r, 0);
	return pidfd_exit_status(pidfd, wait_status);
}

static bool kernel_is_at_least(int major_wanted, int minor_wanted)
{
	int have_major = 0, have_minor = 0;
	struct utsname name;

	uname(&name);
	sscanf(name.release, "%d.%d", &have_major, &have_minor);
	return have_major > major_wanted ||
	       (have_major == major_wanted && have_minor >= minor_wanted);
}

START_TEST(exit_status_of_a_process_that_is_no_child)
{
	int before, status = -1;
	int r = status_of_a_stranger(end_three, &before, &status);

	if (!kernel_is_at_least(6, 15)) {
		ck_assert_msg(r == -ENOTTY || r == -EINVAL || r == -ENODATA, "%d", r);
		return;
	}
	ck_assert_int_eq(before, -ENODATA);
	ck_assert_int_eq(r, 0);
	ck_assert(WIFEXITED(status));
	ck_assert_int_eq(WEXITSTATUS(status), 3);
	ck_assert_int_eq(status_of_a_stranger(end_kill, &before, &status), 0);
	ck_assert(WIFSIGNALED(status));
	ck_assert_int_eq(WTERMSIG(status), SIGKILL);
}
END_TEST

START_TEST(a_copy_of_a_foreign_fd)
{
	cleanup_close int pidfd = pidfd_open_pid(getpid());
	cleanup_close int copy = -1;
	int ends[2];
	char byte;

	ck_assert_int_eq(pipe(ends), 0);
	copy = pidfd_copy_fd(pidfd, ends[1]);
	ck_assert_int_ge(copy, 0);
	ck_assert_int_eq(fcntl(copy, F_GETFD), FD_CLOEXEC);
	ck_assert_int_eq(write(copy, "x", 1), 1);
	ck_assert_int_eq(read(ends[0], &byte, 1), 1);
	ck_assert_int_eq(pidfd_copy_fd(pidfd, 9999), -EBADF);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("proc");
	TCase *fake = tcase_create("fake"), *real = tcase_create("real");

	tcase_add_checked_fixture(fake, make_tree, remove_tree);
	tcase_add_test(fake, names_cannot_fake_fields);
	tcase_add_test(fake, mutilated_stat_is_an_error);
	tcase_add_test(fake, the_umask_is_read);
	tcase_add_test(fake, scores_are_read_and_written);
	tcase_add_test(fake, dying_is_told_from_running);
	tcase_add_test(fake, threads_of_a_process);
	tcase_add_test(fake, children_of_all_threads);
	tcase_add_test(fake, small_files);
	tcase_add_test(real, real_processes_with_strange_names);
	tcase_add_test(real, exit_status_of_a_process_that_is_no_child);
	tcase_add_test(real, a_copy_of_a_foreign_fd);
	suite_add_tcase(suite, fake);
	suite_add_tcase(suite, real);
	return unit_run(suite);
}
