/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "escape.h"
#include "unit.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define REPLACED "\xef\xbf\xbd"
#define DOTS "\xe2\x80\xa6"

static const struct {
	const char *text;
	const char *shown;
} terminal[] = {
    {"", ""},
    {"plain text ~", "plain text ~"},
    {"caf\xc3\xa9 \xf0\x9f\x90\xb3", "caf\xc3\xa9 \xf0\x9f\x90\xb3"},
    {"\x1b[31mred\x07\n", "\\x1B[31mred\\x07\\x0A"},
    {"\x7f", "\\x7F"},
    {"\xc2\x9b"
     "2J",
     "\\u{009B}2J"},
    {"\x9b", "\\x9B"},
    {"a\\b", "a\\\\b"},
    {"\xe2\x80\xae", "\\u{202E}"},
    {"\xe2\x81\xa6\xe2\x80\x8f\xd8\x9c", "\\u{2066}\\u{200F}\\u{061C}"},
    {"\xe2\x80\xa8", "\\u{2028}"},
    {"\xc0\xaf", "\\xC0\\xAF"},
    {"\xe2\x82", "\\xE2\\x82"},
    {"\xed\xa0\x80", "\\xED\\xA0\\x80"},
    {"\xf4\x90\x80\x80", "\\xF4\\x90\\x80\\x80"},
    {"\xf4\x8f\xbf\xbf", "\xf4\x8f\xbf\xbf"},
};

START_TEST(a_terminal_is_safe)
{
	char buf[256];

	ck_assert_str_eq(escape_terminal(terminal[_i].text, buf, sizeof(buf)), terminal[_i].shown);
}
END_TEST

static const struct {
	const char *text;
	size_t cap;
	const char *shown;
} pages[] = {
    {"plain caf\xc3\xa9", 64, "plain caf\xc3\xa9"},
    {"<script>", 64, "&lt;script&gt;"},
    {"\"><img src='x'>", 64, "&quot;&gt;&lt;img src=&#39;x&#39;&gt;"},
    {"a&amp;b", 64, "a&amp;amp;b"},
    {"\x1b[31m\xe2\x80\xae", 64, "\\x1B[31m\\u{202E}"},
    {"\xff<", 64, "\\xFF&lt;"},
    {"ab<<<", 11, "ab&lt;" DOTS},
    {"<<<", 6, DOTS},
    {"<", 4, DOTS},
};

START_TEST(a_page_is_safe)
{
	char buf[64];

	ck_assert_str_eq(escape_html(pages[_i].text, buf, pages[_i].cap), pages[_i].shown);
}
END_TEST

static const struct {
	const char *text;
	size_t cap;
	const char *shown;
} cuts[] = {
    {"abcdef", 7, "abcdef"},
    {"abcdef", 6, "ab" DOTS},
    {"abcdef", 4, DOTS},
    {"abcdef", 3, "ab"},
    {"abcdef", 1, ""},
    {"\xc3\xa9\xc3\xa9\xc3\xa9", 6, "\xc3\xa9" DOTS},
    {"\xc3\xa9\xc3\xa9\xc3\xa9", 5, DOTS},
    {"a\x1b"
     "bcdef",
     9, "a\\x1B" DOTS},
    {"a\x1b"
     "bcdef",
     8, "a" DOTS},
};

START_TEST(a_cut_falls_between_characters)
{
	char buf[16];

	memset(buf, '#', sizeof(buf));
	ck_assert_str_eq(escape_terminal(cuts[_i].text, buf, cuts[_i].cap), cuts[_i].shown);
	ck_assert_int_eq(buf[cuts[_i].cap], '#');
	buf[0] = '#';
	escape_terminal(cuts[_i].text, buf, 0);
	ck_assert_int_eq(buf[0], '#');
}
END_TEST

START_TEST(columns_are_characters)
{
	ck_assert_uint_eq(escape_columns(""), 0);
	ck_assert_uint_eq(escape_columns("abc"), 3);
	ck_assert_uint_eq(escape_columns("\xc3\xa9\xf0\x9f\x90\xb3" DOTS), 3);
}
END_TEST

static const struct {
	const char *text;
	size_t len;
	size_t cap;
	const char *utf8;
} utf8[] = {
    {"caf\xc3\xa9", 5, 16, "caf\xc3\xa9"},
    {"a\xff"
     "b",
     3, 16, "a" REPLACED "b"},
    {"a\0b", 3, 16, "a" REPLACED "b"},
    {"caf\xc3\xa9", 4, 16, "caf" REPLACED},
    {"caf\xc3\xa9", 5, 5, "caf"},
    {"caf\xc3\xa9", 5, 6, "caf\xc3\xa9"},
    {"\xff", 1, 3, ""},
    {"", 0, 1, ""},
};

START_TEST(any_bytes_become_utf8)
{
	char buf[16];
	size_t len;

	memset(buf, '#', sizeof(buf));
	len = escape_utf8(utf8[_i].text, utf8[_i].len, buf, utf8[_i].cap);
	ck_assert_str_eq(buf, utf8[_i].utf8);
	ck_assert_uint_eq(len, strlen(buf));
	if (utf8[_i].cap < sizeof(buf))
		ck_assert_int_eq(buf[utf8[_i].cap], '#');
}
END_TEST

static const struct {
	const char *text;
	size_t max;
	const char *name;
} names[] = {
    {"web-1_A.b", 20, "web-1_A.b"},
    {"../../etc/passwd", 64, "_._.._etc_passwd"},
    {"..", 64, "_."},
    {".", 64, "_"},
    {"", 64, "_"},
    {"a b\n\xc3\xa9", 64, "a_b___"},
    {"abcdef", 3, "abc"},
};

START_TEST(a_file_name_is_one_component)
{
	char buf[32];

	ck_assert_str_eq(escape_file_name(names[_i].text, buf, sizeof(buf), names[_i].max),
			 names[_i].name);
	ck_assert_ptr_null(strchr(buf, '/'));
	memset(buf, '#', sizeof(buf));
	escape_file_name(names[_i].text, buf, 2, names[_i].max);
	ck_assert_uint_eq(strlen(buf), 1);
	ck_assert_int_eq(buf[2], '#');
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("escape");
	TCase *tests = tcase_create("escape");

	tcase_add_loop_test(tests, a_page_is_safe, 0, COUNT(pages));
	tcase_add_loop_test(tests, a_terminal_is_safe, 0, COUNT(terminal));
	tcase_add_loop_test(tests, a_cut_falls_between_characters, 0, COUNT(cuts));
	tcase_add_test(tests, columns_are_characters);
	tcase_add_loop_test(tests, any_bytes_become_utf8, 0, COUNT(utf8));
	tcase_add_loop_test(tests, a_file_name_is_one_component, 0, COUNT(names));
	suite_add_tcase(suite, tests);
	return unit_run(suite);
}
