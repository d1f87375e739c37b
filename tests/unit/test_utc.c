/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>
#include <time.h>

#include "unit.h"
#include "utc.h"

START_TEST(test_known_times)
{
	static const struct {
		uint64_t ms;
		const char *text, *name;
	} times[] = {
	    {0, "1970-01-01T00:00:00.000Z", "19700101T000000.000Z"},
	    {951782399999, "2000-02-28T23:59:59.999Z", "20000228T235959.999Z"},
	    {951782400000, "2000-02-29T00:00:00.000Z", "20000229T000000.000Z"},
	    {4107542400000, "2100-03-01T00:00:00.000Z", "21000301T000000.000Z"},
	    {1795305912123, "2026-11-22T00:05:12.123Z", "20261122T000512.123Z"},
	    {253402300799999, "9999-12-31T23:59:59.999Z", "99991231T235959.999Z"},
	};
	char text[UTC_TEXT_MAX];

	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
		ck_assert_str_eq(utc_text(times[i].ms, text), times[i].text);
		ck_assert_str_eq(utc_name(times[i].ms, text), times[i].name);
	}
}
END_TEST

START_TEST(test_agrees_with_libc)
{
	char ours[UTC_TEXT_MAX], theirs[UTC_TEXT_MAX];

	for (uint64_t s = 0; s < UINT64_C(8000000000); s += 86399 * 7) {
		time_t seconds = (time_t)s;
		struct tm utc;

		gmtime_r(&seconds, &utc);
		strftime(theirs, sizeof(theirs), "%Y-%m-%dT%H:%M:%S.000Z", &utc);
		ck_assert_str_eq(utc_text(s * 1000, ours), theirs);
	}
}
END_TEST

START_TEST(test_nonsense_is_bounded)
{
	char text[UTC_TEXT_MAX];

	ck_assert_uint_lt(strlen(utc_text(UINT64_MAX, text)), UTC_TEXT_MAX);
}
END_TEST

START_TEST(test_what_was_written_is_read)
{
	const uint64_t times[] = {0, 951782399999, 951782400000, 1795305912123, 253402300799999};
	char text[UTC_TEXT_MAX];
	uint64_t back;

	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
		ck_assert_int_eq(utc_parse(utc_text(times[i], text), &back), 0);
		ck_assert_uint_eq(back, times[i]);
	}
}
END_TEST

START_TEST(test_other_forms_are_refused)
{
	static const char *const texts[] = {
	    "",
	    "2026-11-22",
	    "2026-11-22T00:05:12.123",
	    "2026-11-22T00:05:12.123+",
	    "2026-13-22T00:05:12.123Z",
	    "2026-00-22T00:05:12.123Z",
	    "2026-11-32T00:05:12.123Z",
	    "2026-11-22T24:05:12.123Z",
	    "2026-11-22T00:60:12.123Z",
	    "1969-12-31T23:59:59.999Z",
	    "2026-11-22T00:05:12.12xZ",
	    "2026-11-22T00:05:12.123ZZ",
	    "-026-11-22T00:05:12.123Z",
	};
	uint64_t back = 7;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		ck_assert_msg(utc_parse(texts[i], &back) == -EINVAL, "%s", texts[i]);
	ck_assert_uint_eq(back, 7);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("utc");
	TCase *tc = tcase_create("utc");

	tcase_add_test(tc, test_known_times);
	tcase_add_test(tc, test_agrees_with_libc);
	tcase_add_test(tc, test_nonsense_is_bounded);
	tcase_add_test(tc, test_what_was_written_is_read);
	tcase_add_test(tc, test_other_forms_are_refused);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
