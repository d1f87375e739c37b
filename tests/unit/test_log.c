/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "log.h"
#include "unit.h"

#define FILLED_MAX 100000

static char dir[64], journal[96], syslog_path[96], received[8192], pid[16];
static int sender = -1;

static void setup(void)
{
	strcpy(dir, "/tmp/oomguard-log-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(journal, sizeof(journal), "%s/journal", dir);
	snprintf(syslog_path, sizeof(syslog_path), "%s/log", dir);
	snprintf(pid, sizeof(pid), "%d", getpid());
	sender = log_socket();
	ck_assert_int_ge(sender, 0);
}

static void teardown(void)
{
	close(sender);
	unlink(journal);
	unlink(syslog_path);
	rmdir(dir);
}

static int listen_at(const char *path)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	ck_assert_int_ge(fd, 0);
	strcpy(at.sun_path, path);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	return fd;
}

static const char *receive(int fd)
{
	ssize_t len = recv(fd, received, sizeof(received) - 1, MSG_DONTWAIT);

	ck_assert_msg(len >= 0, "nothing was received: %s", strerror(errno));
	received[len] = '\0';
	return received;
}

static int send_one(const char *id, const char *message, const char *json)
{
	const struct log_message m = {.priority = 4,
				      .identifier = "oomguard-shim",
				      .id = id,
				      .message = message,
				      .json = json};

	return log_send_to(sender, journal, syslog_path, &m);
}

static const char *journal_record(const char *rest)
{
	static char text[4096];

	snprintf(
	    text, sizeof(text),
	    "PRIORITY=4\nSYSLOG_FACILITY=3\nSYSLOG_PID=%s\nSYSLOG_IDENTIFIER=oomguard-shim\n%s",
	    pid, rest);
	return text;
}

static const char *syslog_record(const char *rest)
{
	static char text[4096];

	snprintf(text, sizeof(text), "<28>oomguard-shim[%s]: %s", pid, rest);
	return text;
}

START_TEST(the_socket_is_not_inherited_and_never_blocks)
{
	ck_assert_int_eq(fcntl(sender, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
	ck_assert_int_eq(fcntl(sender, F_GETFL) & O_NONBLOCK, O_NONBLOCK);
}
END_TEST

START_TEST(the_journal_gets_fields)
{
	int fd = listen_at(journal);

	ck_assert_int_eq(send_one("web-1", "killed 3", "{\"event\":\"kill\"}\n"), 0);
	ck_assert_str_eq(receive(fd), journal_record("MESSAGE=killed 3\nOOMGUARD_CONTAINER=web-1\n"
						     "OOMGUARD_EVENT={\"event\":\"kill\"}\n"));
	ck_assert_int_eq(send_one("", "armed", NULL), 0);
	ck_assert_str_eq(receive(fd), journal_record("MESSAGE=armed\n"));
	close(fd);
}
END_TEST

START_TEST(the_journal_is_preferred)
{
	int fd = listen_at(journal), other = listen_at(syslog_path);

	ck_assert_int_eq(send_one("a", "b", NULL), 0);
	receive(fd);
	ck_assert_int_lt(recv(other, received, sizeof(received), MSG_DONTWAIT), 0);
	close(fd);
	close(other);
}
END_TEST

START_TEST(hostile_text_makes_no_field_of_its_own)
{
	int fd = listen_at(journal);

	ck_assert_int_eq(send_one("a\nPRIORITY=0", "b\nMESSAGE=c\x1b[2J\xff", "{}\nX=1\n"), 0);
	ck_assert_str_eq(receive(fd), journal_record("MESSAGE=b\\x0AMESSAGE=c\\x1B[2J\\xFF\n"
						     "OOMGUARD_CONTAINER=a\\x0APRIORITY=0\n"
						     "OOMGUARD_EVENT={}\n"));
	close(fd);
}
END_TEST

START_TEST(syslog_gets_a_line_where_there_is_no_journal)
{
	int fd = listen_at(syslog_path);

	ck_assert_int_eq(send_one("web-1", "killed\n3", "{}"), 0);
	ck_assert_str_eq(receive(fd), syslog_record("web-1: killed\\x0A3"));
	ck_assert_int_eq(send_one("", "armed", NULL), 0);
	ck_assert_str_eq(receive(fd), syslog_record("armed"));
	close(fd);
}
END_TEST

START_TEST(syslog_gets_a_line_where_the_journal_is_gone)
{
	int fd = listen_at(syslog_path);

	close(listen_at(journal));
	ck_assert_int_eq(send_one("web-1", "killed", NULL), 0);
	ck_assert_str_eq(receive(fd), syslog_record("web-1: killed"));
	close(fd);
}
END_TEST

START_TEST(a_daemon_that_came_back_is_found)
{
	int fd = listen_at(journal);

	ck_assert_int_eq(send_one("a", "one", NULL), 0);
	close(fd);
	ck_assert_int_eq(send_one("a", "two", NULL), -ENOENT);
	unlink(journal);
	fd = listen_at(journal);
	ck_assert_int_eq(send_one("a", "three", NULL), 0);
	ck_assert_str_eq(receive(fd), journal_record("MESSAGE=three\nOOMGUARD_CONTAINER=a\n"));
	close(fd);
}
END_TEST

START_TEST(nobody_listens)
{
	ck_assert_int_eq(send_one("a", "b", NULL), -ENOENT);
	close(listen_at(syslog_path));
	ck_assert_int_eq(send_one("a", "b", NULL), -ECONNREFUSED);
}
END_TEST

START_TEST(a_full_queue_loses_the_message)
{
	int fd = listen_at(journal), r = 0, sent;

	for (sent = 0; sent < FILLED_MAX && r == 0; sent++)
		r = send_one("a", "b", NULL);
	ck_assert_int_eq(r, -EAGAIN);
	close(fd);
}
END_TEST

START_TEST(long_text_is_cut)
{
	char text[4096];
	int fd = listen_at(syslog_path);

	memset(text, '\x01', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	ck_assert_int_eq(send_one(text, text, NULL), 0);
	ck_assert_uint_le(strlen(receive(fd)), 1024);
	ck_assert_ptr_nonnull(strstr(received, "\xe2\x80\xa6: \\x01"));
	close(fd);
}
END_TEST

START_TEST(a_path_too_long_for_a_socket_is_refused)
{
	const struct log_message m = {.identifier = "x", .id = "", .message = ""};
	char path[200];

	memset(path, 'x', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	ck_assert_int_eq(log_send_to(sender, path, syslog_path, &m), -ENAMETOOLONG);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("log");
	TCase *tests = tcase_create("log");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, the_socket_is_not_inherited_and_never_blocks);
	tcase_add_test(tests, the_journal_gets_fields);
	tcase_add_test(tests, the_journal_is_preferred);
	tcase_add_test(tests, hostile_text_makes_no_field_of_its_own);
	tcase_add_test(tests, syslog_gets_a_line_where_there_is_no_journal);
	tcase_add_test(tests, syslog_gets_a_line_where_the_journal_is_gone);
	tcase_add_test(tests, a_daemon_that_came_back_is_found);
	tcase_add_test(tests, nobody_listens);
	tcase_add_test(tests, a_full_queue_loses_the_message);
	tcase_add_test(tests, long_text_is_cut);
	tcase_add_test(tests, a_path_too_long_for_a_socket_is_refused);
	suite_add_tcase(suite, tests);
	return unit_run(suite);
}
