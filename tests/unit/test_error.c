/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>

#include "error.h"
#include "unit.h"

START_TEST(set_appends_the_reason)
{
	struct error err = {0};

	ck_assert_int_eq(error_set(&err, ENOENT, "open %s", "/x"), -ENOENT);
	ck_assert_int_eq(err.code, ENOENT);
	ck_assert_str_eq(err.message, "open /x: No such file or directory");
	ck_assert_str_eq(err.hint, "");
}
END_TEST

START_TEST(wrap_puts_the_occasion_in_front)
{
	struct error err = {0};
	char text[1024];
	int r = error_say(&err, EINVAL, "line 3: found 5");

	r = error_wrap(&err, r, "policy %s", "p.json");
	r = error_hint(&err, r, "run %s", "oomguard policy check");
	ck_assert_int_eq(r, -EINVAL);
	ck_assert_str_eq(error_text(&err, text, sizeof(text)),
			 "policy p.json: line 3: found 5 (run oomguard policy check)");
}
END_TEST

START_TEST(null_carries_only_the_number)
{
	ck_assert_int_eq(error_set(NULL, EIO, "x"), -EIO);
	ck_assert_int_eq(error_wrap(NULL, -EIO, "y"), -EIO);
}
END_TEST

START_TEST(long_text_is_cut_not_overrun)
{
	struct error err = {0};
	char big[4096];

	memset(big, 'a', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	error_set(&err, EIO, "%s", big);
	error_wrap(&err, -EIO, "%s", big);
	ck_assert_uint_eq(strlen(err.message), sizeof(err.message) - 1);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("error");
	TCase *tests = tcase_create("error");

	tcase_add_test(tests, set_appends_the_reason);
	tcase_add_test(tests, wrap_puts_the_occasion_in_front);
	tcase_add_test(tests, null_carries_only_the_number);
	tcase_add_test(tests, long_text_is_cut_not_overrun);
	suite_add_tcase(suite, tests);
	return unit_run(suite);
}
