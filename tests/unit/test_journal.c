/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "journal.h"
#include "json.h"
#include "tempdir.h"
#include "unit.h"

static char dir[64];
static int fd;
static struct journal journal;
static char text[JOURNAL_MAX_BYTES * 2];

/* Without the socket of the log: a test writes nothing to the machine's log. */
static void open_journal(struct journal *j)
{
	journal_open(j, fd, "web");
	close(j->socket);
	j->socket = -1;
}

static void setup(void)
{
	tempdir_make(dir);
	fd = tempdir_open(dir);
	open_journal(&journal);
}

static void teardown(void)
{
	journal_close(&journal);
	close(fd);
	tempdir_remove(dir);
}

static struct json *parse_line(const char *line, size_t len)
{
	const struct json_limits limits = {
	    .source = "line", .max_bytes = JOURNAL_LINE_MAX, .max_depth = 8};
	struct json *json = NULL;
	struct error err = {0};

	ck_assert_msg(json_parse(line, len, &limits, &json, &err) == 0, "%s", err.message);
	return json;
}

/* Each line is JSON; returns how many there are. */
static unsigned check_lines(const char *file)
{
	size_t len = tempdir_read(fd, file, text, sizeof(text));
	unsigned lines = 0;

	ck_assert(len == 0 || text[len - 1] == '\n');
	for (char *line = text, *end; (end = strchr(line, '\n')); line = end + 1) {
		json_free(parse_line(line, (size_t)(end - line)));
		lines++;
	}
	return lines;
}

static off_t events_size(void)
{
	struct stat st;

	ck_assert_int_eq(fstatat(fd, STATE_EVENTS, &st, 0), 0);
	return st.st_size;
}

START_TEST(test_event)
{
	struct jsonw *w = journal_begin(&journal, JOURNAL_WARNING, "oom", "killed %s", "\"x\"\n");
	struct json *json;

	jsonw_kv_uint(w, "kills", 3);
	ck_assert_int_eq(journal_end(&journal), 0);
	json = parse_line(text, tempdir_read(fd, STATE_EVENTS, text, sizeof(text)));
	ck_assert_str_eq(json_get_string(json, "message"), "killed \"x\"\n");
	ck_assert_str_eq(json_get_string(json, "event"), "oom");
	ck_assert_str_eq(json_get_string(json, "level"), "warning");
	ck_assert_str_eq(json_get_string(json, "id"), "web");
	ck_assert_ptr_nonnull(json_get(json, "kills"));
	ck_assert_ptr_nonnull(json_get(json, "monotonicMs"));
	json_free(json);
	ck_assert_int_eq(journal_event(&journal, JOURNAL_INFO, "left", "gone"), 0);
	ck_assert_uint_eq(check_lines(STATE_EVENTS), 2);
}
END_TEST

START_TEST(test_too_long_line_is_cut)
{
	struct jsonw *w = journal_begin(&journal, JOURNAL_INFO, "problem", "long");
	struct json *json;

	memset(text, 'x', JOURNAL_LINE_MAX);
	text[JOURNAL_LINE_MAX] = '\0';
	jsonw_kv_string(w, "reason", text);
	ck_assert_int_eq(journal_end(&journal), 0);
	json = parse_line(text, tempdir_read(fd, STATE_EVENTS, text, sizeof(text)));
	ck_assert_ptr_null(json_get(json, "reason"));
	ck_assert_str_eq(json_get_string(json, "message"), "long");
	ck_assert_ptr_nonnull(json_get(json, "cut"));
	json_free(json);
}
END_TEST

START_TEST(test_worst_message_fits)
{
	char worst[JOURNAL_MESSAGE_MAX * 2];
	struct journal other;

	memset(worst, 1, sizeof(worst) - 1);
	worst[sizeof(worst) - 1] = '\0';
	journal_open(&other, fd, "web");
	close(other.socket);
	other.socket = -1;
	ck_assert_int_eq(journal_event(&other, JOURNAL_INFO, "problem", "%s", worst), 0);
	ck_assert_uint_eq(check_lines(STATE_EVENTS), 1);
	journal_close(&other);
}
END_TEST

START_TEST(test_rotation)
{
	struct stat st;
	unsigned lines = 0;

	while (faccessat(fd, JOURNAL_ROTATED, F_OK, 0) < 0) {
		ck_assert_int_eq(journal_event(&journal, JOURNAL_INFO, "oom", "%0400d", 1), 0);
		ck_assert_uint_lt(++lines, 10000);
	}
	ck_assert_int_eq(fstatat(fd, JOURNAL_ROTATED, &st, 0), 0);
	ck_assert_int_le(st.st_size, JOURNAL_MAX_BYTES);
	ck_assert_uint_eq(check_lines(STATE_EVENTS), 1);
	ck_assert_uint_eq(check_lines(JOURNAL_ROTATED), lines - 1);
}
END_TEST

START_TEST(test_two_writers)
{
	struct journal other;

	open_journal(&other);
	/* A line's length depends on the digits of the clock: whether 2000 of them end at a
	 * rotation does too, so go on to where the file has room for the last two. */
	for (unsigned i = 0; i < 2000 || events_size() > JOURNAL_MAX_BYTES / 2; i++) {
		struct journal *writer = i % 3 ? &journal : &other;

		ck_assert_int_eq(journal_event(writer, JOURNAL_INFO, "oom", "%0400d", 1), 0);
	}
	/* Whoever rotated, both write the new file, and nobody rotated it away. */
	ck_assert_int_eq(journal_event(&other, JOURNAL_INFO, "left", "other"), 0);
	ck_assert_int_eq(journal_event(&journal, JOURNAL_INFO, "left", "journal"), 0);
	ck_assert_uint_gt(check_lines(STATE_EVENTS), 2);
	ck_assert_ptr_nonnull(strstr(text, "\"other\""));
	ck_assert_ptr_nonnull(strstr(text, "\"journal\""));
	ck_assert_uint_gt(check_lines(JOURNAL_ROTATED), 300);
	journal_close(&other);
}
END_TEST

START_TEST(test_torn_line)
{
	const struct rlimit unlimited = {RLIM_INFINITY, RLIM_INFINITY};
	struct rlimit small = {0, RLIM_INFINITY};
	struct stat st;
	size_t len;

	ck_assert_int_eq(journal_event(&journal, JOURNAL_INFO, "oom", "first"), 0);
	ck_assert_int_eq(fstatat(fd, STATE_EVENTS, &st, 0), 0);
	signal(SIGXFSZ, SIG_IGN);
	small.rlim_cur = (rlim_t)st.st_size + 10;
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &small), 0);
	ck_assert_int_eq(journal_event(&journal, JOURNAL_INFO, "oom", "torn"), -ENOSPC);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &unlimited), 0);
	ck_assert_int_eq(journal_event(&journal, JOURNAL_INFO, "oom", "third"), 0);
	/* The torn line spoils no other one. */
	len = tempdir_read(fd, STATE_EVENTS, text, sizeof(text));
	ck_assert_int_eq(text[len - 1], '\n');
	text[len - 1] = '\0';
	json_free(parse_line(strrchr(text, '\n') + 1, strlen(strrchr(text, '\n') + 1)));
	ck_assert_ptr_nonnull(strstr(strrchr(text, '\n'), "third"));
}
END_TEST

START_TEST(test_removed_journal_is_made_again)
{
	ck_assert_int_eq(unlinkat(fd, STATE_EVENTS, 0), 0);
	ck_assert_int_eq(journal_event(&journal, JOURNAL_INFO, "oom", "here"), 0);
	ck_assert_uint_eq(check_lines(STATE_EVENTS), 1);
}
END_TEST

START_TEST(test_symlink_is_not_followed)
{
	struct journal other;

	tempdir_write(fd, "target", "");
	ck_assert_int_eq(unlinkat(fd, STATE_EVENTS, 0), 0);
	ck_assert_int_eq(symlinkat("target", fd, STATE_EVENTS), 0);
	ck_assert_int_eq(journal_open(&other, fd, "web"), -ELOOP);
	close(other.socket);
	other.socket = -1;
	ck_assert_int_eq(journal_event(&other, JOURNAL_INFO, "oom", "x"), -ELOOP);
	ck_assert_uint_eq(tempdir_read(fd, "target", text, sizeof(text)), 0);
	journal_close(&other);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("journal");
	TCase *tc = tcase_create("journal");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, test_event);
	tcase_add_test(tc, test_too_long_line_is_cut);
	tcase_add_test(tc, test_worst_message_fits);
	tcase_add_test(tc, test_rotation);
	tcase_add_test(tc, test_two_writers);
	tcase_add_test(tc, test_torn_line);
	tcase_add_test(tc, test_removed_journal_is_made_again);
	tcase_add_test(tc, test_symlink_is_not_followed);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
