/* SPDX-License-Identifier: Apache-2.0 */
/* What a confined process can no longer do. Each test is a process of its own, by Check. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/capability.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "confine.h"
#include "unit.h"

/* Runs `body` confined, in a child: Check itself needs more system calls. 0: all held. */
static int confined(int (*body)(void))
{
	pid_t child = fork();
	int status;

	ck_assert_int_ge(child, 0);
	if (child == 0)
		_exit(confine_system_calls() < 0 ? 99 : body());
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 100;
}

/* The number of the first call that was not refused, or 0. */
static int refused(const int *results, const int *errors, int len)
{
	for (int i = 0; i < len; i++)
		if (results[i] != -1 || errors[i] != EPERM)
			return i + 1;
	return 0;
}

static int start_programs(void)
{
	char name[] = "true";
	char *const argv[] = {name, NULL};
	int results[2], errors[2];

	results[0] = execve("/bin/true", argv, NULL);
	errors[0] = errno;
	results[1] = (int)fork();
	errors[1] = errno;
	return refused(results, errors, 2);
}

START_TEST(no_new_program_can_be_started)
{
	ck_assert_int_eq(confined(start_programs), 0);
}
END_TEST

static int reach_out(void)
{
	int results[4], errors[4];

	results[0] = socket(AF_INET, SOCK_STREAM, 0);
	errors[0] = errno;
	results[1] = (int)ptrace(PTRACE_ATTACH, 1, NULL, NULL);
	errors[1] = errno;
	results[2] = kill(getpid(), 0);
	errors[2] = errno;
	results[3] = (int)syscall(SYS_tgkill, getpid(), getpid(), 0);
	errors[3] = errno;
	return refused(results, errors, 4);
}

START_TEST(no_socket_no_ptrace_no_kill_by_pid)
{
	ck_assert_int_eq(confined(reach_out), 0);
}
END_TEST

static int read_something(void)
{
	char byte;
	int fd = open("/proc/self/stat", O_RDONLY | O_CLOEXEC);

	return fd < 0 || read(fd, &byte, 1) != 1;
}

START_TEST(reading_still_works)
{
	ck_assert_int_eq(confined(read_something), 0);
}
END_TEST

static int wait_a_little(void)
{
	const struct timespec little = {.tv_nsec = 1};

	return nanosleep(&little, NULL) < 0 || sched_yield() < 0;
}

START_TEST(waiting_still_works)
{
	ck_assert_int_eq(confined(wait_a_little), 0);
}
END_TEST

static cap_flag_value_t permitted(cap_value_t which)
{
	cap_t caps = cap_get_proc();
	cap_flag_value_t value = CAP_CLEAR;

	cap_get_flag(caps, which, CAP_PERMITTED, &value);
	cap_free(caps);
	return value;
}

START_TEST(only_the_needed_capabilities_stay)
{
	struct confine_needs needs = {0};

	if (geteuid() != 0) {
		unit_missing("root");
		return;
	}
	ck_assert_int_eq(confine_capabilities(&needs), 0);
	ck_assert_int_eq(permitted(CAP_KILL), CAP_SET);
	ck_assert_int_eq(permitted(CAP_SYS_ADMIN), CAP_CLEAR);
	ck_assert_int_eq(permitted(CAP_DAC_OVERRIDE), CAP_CLEAR);
	ck_assert_int_eq(permitted(CAP_SETPCAP), CAP_CLEAR);
	ck_assert_int_eq(cap_get_bound(CAP_SYS_ADMIN), 0);
}
END_TEST

START_TEST(scores_need_more)
{
	struct confine_needs needs = {.scores = true};

	if (geteuid() != 0) {
		unit_missing("root");
		return;
	}
	ck_assert_int_eq(confine_capabilities(&needs), 0);
	ck_assert_int_eq(permitted(CAP_DAC_OVERRIDE), CAP_SET);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("confine");
	TCase *calls = tcase_create("system calls");
	TCase *caps = tcase_create("capabilities");

	tcase_add_test(calls, no_new_program_can_be_started);
	tcase_add_test(calls, no_socket_no_ptrace_no_kill_by_pid);
	tcase_add_test(calls, reading_still_works);
	tcase_add_test(calls, waiting_still_works);
	suite_add_tcase(suite, calls);
	tcase_add_test(caps, only_the_needed_capabilities_stay);
	tcase_add_test(caps, scores_need_more);
	suite_add_tcase(suite, caps);
	return unit_run(suite);
}
