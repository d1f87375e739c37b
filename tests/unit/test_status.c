/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>

#include "state.h"
#include "status.h"
#include "tempdir.h"
#include "unit.h"

static char dir[64];
static int fd;
static struct error err;

static void setup(void)
{
	tempdir_make(dir);
	fd = tempdir_open(dir);
}

static void teardown(void)
{
	close(fd);
	tempdir_remove(dir);
}

static struct shim_status sample(void)
{
	return (struct shim_status){
	    .phase = SHIM_BACKOFF,
	    .shim_pid = 12,
	    .shim_start_ticks = 34,
	    .init_pid = 56,
	    .init_start_ticks = UINT64_MAX,
	    .late = true,
	    .seen = {.known = true, .oom_kill = 3, .oom_group_kill = 4, .oom = 5, .max = 6},
	    .oom_kills = 7,
	    .incidents = 8,
	    .lost_incidents = 9,
	    .restarts = 10,
	    .backoff_ends_ms = 11,
	    .init_score_set = true,
	    .scores = SCORES_FORK_EVENTS,
	    .last_event = "killed \"leak\"\n",
	    .confinement = "no seccomp",
	};
}

START_TEST(test_round_trip)
{
	struct shim_status in = sample(), out;

	ck_assert_int_eq(status_read(fd, &out, &err), -ENOENT);
	for (int phase = SHIM_ARMING; phase <= SHIM_LEFT; phase++) {
		in.phase = (enum shim_phase)phase;
		ck_assert_int_eq(status_write(fd, &in), 0);
		ck_assert_int_eq(status_read(fd, &out, &err), 0);
		ck_assert_int_eq(out.phase, in.phase);
	}
	for (int way = SCORES_NOT_WANTED; way <= SCORES_NEAR_LIMIT; way++) {
		in.scores = (enum score_way)way;
		ck_assert_int_eq(status_write(fd, &in), 0);
		ck_assert_int_eq(status_read(fd, &out, &err), 0);
		ck_assert_int_eq(out.scores, in.scores);
	}
	ck_assert_int_eq(out.shim_pid, 12);
	ck_assert_uint_eq(out.shim_start_ticks, 34);
	ck_assert_int_eq(out.init_pid, 56);
	ck_assert_uint_eq(out.init_start_ticks, UINT64_MAX);
	ck_assert(out.late && out.init_score_set);
	ck_assert(out.seen.known);
	ck_assert_uint_eq(out.seen.oom_kill, 3);
	ck_assert_uint_eq(out.seen.oom_group_kill, 4);
	ck_assert_uint_eq(out.seen.oom, 5);
	ck_assert_uint_eq(out.seen.max, 6);
	ck_assert_uint_eq(out.oom_kills, 7);
	ck_assert_uint_eq(out.incidents, 8);
	ck_assert_uint_eq(out.lost_incidents, 9);
	ck_assert_uint_eq(out.restarts, 10);
	ck_assert_uint_eq(out.backoff_ends_ms, 11);
	ck_assert_str_eq(out.last_event, in.last_event);
	ck_assert_str_eq(out.confinement, in.confinement);
}
END_TEST

START_TEST(test_counters_not_known)
{
	struct shim_status in = sample(), out;

	in.seen.known = false;
	ck_assert_int_eq(status_write(fd, &in), 0);
	ck_assert_int_eq(status_read(fd, &out, &err), 0);
	ck_assert(!out.seen.known);
	ck_assert_uint_eq(out.seen.oom_kill, 0);
}
END_TEST

START_TEST(test_longest_texts_fit)
{
	struct shim_status in = sample(), out;

	/* Each byte takes six in JSON. */
	memset(in.last_event, 1, sizeof(in.last_event) - 1);
	in.last_event[sizeof(in.last_event) - 1] = '\0';
	memcpy(in.confinement, in.last_event, sizeof(in.confinement));
	ck_assert_int_eq(status_write(fd, &in), 0);
	ck_assert_int_eq(status_read(fd, &out, &err), 0);
	ck_assert_str_eq(out.last_event, in.last_event);
}
END_TEST

/* Whatever is in the file, it is an answer or an error. */
START_TEST(test_mutilated)
{
	struct shim_status in = sample(), out;
	char text[4096], broken[4096];
	size_t len;

	ck_assert_int_eq(status_write(fd, &in), 0);
	len = tempdir_read(fd, STATE_STATUS, text, sizeof(text));
	for (size_t i = 0; i < len; i++) {
		memcpy(broken, text, len + 1);
		broken[i] = '\0';
		tempdir_write(fd, STATE_STATUS, broken);
		/* Only the newline at the end may be missing. */
		ck_assert_int_eq(status_read(fd, &out, &err) < 0, i + 1 < len);
		memcpy(broken, text, len + 1);
		broken[i] ^= 1;
		tempdir_write(fd, STATE_STATUS, broken);
		status_read(fd, &out, &err);
	}
}
END_TEST

START_TEST(test_wrong_members)
{
	static const char *const wrong[][2] = {
	    {"\"phase\": \"backoff\"", "\"phase\": \"dancing\""},
	    {"\"pid\": 12", "\"pid\": -1"},
	    {"\"pid\": 12", "\"pid\": 1e30"},
	    {"\"late\": true", "\"late\": 1"},
	    {"\"restarts\": 10", "\"restarts\": 99999999999"},
	    {"\"oomKill\": 3", "\"oomKill\": -3"},
	    {"\"seen\": ", "\"scene\": "},
	    {"\"scores\": \"fork", "\"scores\": \"spoon"},
	    {"\"lastEvent\": ", "\"lastEvents\": "},
	};
	struct shim_status in = sample(), out;
	char text[4096], broken[8192];

	ck_assert_int_eq(status_write(fd, &in), 0);
	tempdir_read(fd, STATE_STATUS, text, sizeof(text));
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		const char *at = strstr(text, wrong[i][0]);

		ck_assert_ptr_nonnull(at);
		snprintf(broken, sizeof(broken), "%.*s%s%s", (int)(at - text), text, wrong[i][1],
			 at + strlen(wrong[i][0]));
		tempdir_write(fd, STATE_STATUS, broken);
		ck_assert_int_eq(status_read(fd, &out, &err), -EINVAL);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("status");
	TCase *tc = tcase_create("status");

	tcase_add_checked_fixture(tc, setup, teardown);
	/* Each byte is a file written and renamed. */
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, test_round_trip);
	tcase_add_test(tc, test_counters_not_known);
	tcase_add_test(tc, test_longest_texts_fit);
	tcase_add_test(tc, test_mutilated);
	tcase_add_test(tc, test_wrong_members);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
