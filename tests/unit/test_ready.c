/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ready.h"
#include "unit.h"

/* Far longer than needed: no test waits for it. */
#define PATIENCE_MS 60000

static struct error err;

/* What the hook makes of these words on the pipe, which is closed behind them. */
static int told(const char *words, size_t len)
{
	int fds[2], r;

	ck_assert_int_eq(pipe(fds), 0);
	ck_assert_int_eq(write(fds[1], words, len), (ssize_t)len);
	close(fds[1]);
	r = ready_wait(fds[0], PATIENCE_MS, &err);
	close(fds[0]);
	return r;
}

START_TEST(test_armed)
{
	ck_assert_int_eq(told("r", 1), 0);
}
END_TEST

START_TEST(test_armed_and_open)
{
	int fds[2];

	ck_assert_int_eq(pipe(fds), 0);
	ck_assert_int_eq(write(fds[1], "r", 1), 1);
	/* The shim closes its end later: nobody waits for that. */
	ck_assert_int_eq(ready_wait(fds[0], PATIENCE_MS, &err), 0);
	close(fds[0]);
	close(fds[1]);
}
END_TEST

START_TEST(test_reason)
{
	ck_assert_int_eq(told("eno cgroup of that name\n", 24), -EPIPE);
	ck_assert_str_eq(err.message, "the shim could not be armed: no cgroup of that name");
}
END_TEST

START_TEST(test_reason_in_pieces)
{
	int fds[2], status;
	pid_t pid;

	ck_assert_int_eq(pipe(fds), 0);
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		const char *text = "eone by one\n";

		while (*text)
			if (write(fds[1], text++, 1) != 1)
				_exit(1);
		_exit(0);
	}
	close(fds[1]);
	ck_assert_int_eq(ready_wait(fds[0], PATIENCE_MS, &err), -EPIPE);
	ck_assert_ptr_nonnull(strstr(err.message, ": one by one"));
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	close(fds[0]);
}
END_TEST

START_TEST(test_no_reason)
{
	static const char *const words[] = {"", "e", "e\n", "\n", "x", "what is this"};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		ck_assert_int_eq(told(words[i], strlen(words[i])), -EPIPE);
		ck_assert_ptr_nonnull(strstr(err.message, "gave no reason"));
	}
}
END_TEST

START_TEST(test_reason_is_bounded)
{
	char words[4096];

	memset(words, 'e', sizeof(words));
	ck_assert_int_eq(told(words, sizeof(words)), -EPIPE);
	ck_assert_uint_gt(strlen(err.message), 500);
	ck_assert_uint_lt(strlen(err.message), 600);
}
END_TEST

START_TEST(test_late)
{
	int fds[2];

	ck_assert_int_eq(pipe(fds), 0);
	ck_assert_int_eq(ready_wait(fds[0], 1, &err), -ETIMEDOUT);
	close(fds[0]);
	close(fds[1]);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("ready");
	TCase *tc = tcase_create("ready");

	tcase_add_test(tc, test_armed);
	tcase_add_test(tc, test_armed_and_open);
	tcase_add_test(tc, test_reason);
	tcase_add_test(tc, test_reason_in_pieces);
	tcase_add_test(tc, test_no_reason);
	tcase_add_test(tc, test_reason_is_bounded);
	tcase_add_test(tc, test_late);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
