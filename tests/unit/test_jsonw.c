/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "json.h"
#include "jsonw.h"
#include "unit.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static char buf[4096];
static struct jsonw w;

static void setup(void)
{
	memset(buf, '#', sizeof(buf));
	ck_assert_int_eq(jsonw_init(&w, buf, sizeof(buf), false), 0);
}

static void teardown(void)
{
	jsonw_close(&w);
}

static void write_sample(void)
{
	jsonw_object(&w);
	jsonw_kv_string(&w, "s", "a\"b\\c\n");
	jsonw_kv_int(&w, "i", INT64_MIN);
	jsonw_kv_uint(&w, "u", UINT64_MAX);
	jsonw_kv_bool(&w, "b", true);
	jsonw_kv_string(&w, "none", NULL);
	jsonw_key(&w, "list");
	jsonw_array(&w);
	jsonw_double(&w, 0.1);
	jsonw_double(&w, NAN);
	jsonw_double(&w, -1e300);
	jsonw_object(&w);
	jsonw_object_end(&w);
	jsonw_array_end(&w);
	jsonw_object_end(&w);
}

static const char sample[] = "{\"s\":\"a\\\"b\\\\c\\n\",\"i\":-9223372036854775808,"
			     "\"u\":18446744073709551615,\"b\":true,\"none\":null,"
			     "\"list\":[0.1,null,-1e+300,{}]}\n";

START_TEST(documents_follow_each_other)
{
	int round;

	for (round = 0; round < 3; round++) {
		jsonw_start(&w);
		write_sample();
		ck_assert_int_eq(jsonw_finish(&w), strlen(sample));
		ck_assert_str_eq(buf, sample);
	}
}
END_TEST

START_TEST(a_document_left_open_does_not_reach_the_next)
{
	jsonw_object(&w);
	jsonw_key(&w, "a");
	jsonw_array(&w);
	jsonw_int(&w, 1);
	ck_assert_int_eq(jsonw_finish(&w), -EINVAL);
	ck_assert_str_eq(buf, "");
	jsonw_start(&w);
	write_sample();
	ck_assert_int_eq(jsonw_finish(&w), strlen(sample));
	ck_assert_str_eq(buf, sample);
}
END_TEST

START_TEST(pretty_ends_with_one_newline)
{
	struct jsonw pretty;
	char text[128];

	ck_assert_int_eq(jsonw_init(&pretty, text, sizeof(text), true), 0);
	jsonw_object(&pretty);
	jsonw_key(&pretty, "a");
	jsonw_array(&pretty);
	jsonw_int(&pretty, 1);
	jsonw_array_end(&pretty);
	jsonw_object_end(&pretty);
	ck_assert_int_eq(jsonw_finish(&pretty), strlen(text));
	ck_assert_str_eq(text, "{\n  \"a\": [\n    1\n  ]\n}\n");
	jsonw_close(&pretty);
}
END_TEST

static const struct {
	const char *text;
	const char *written;
} hostile[] = {
    {"caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x90\xb3", "caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x90\xb3"},
    {"\xff\xfe", "\xef\xbf\xbd\xef\xbf\xbd"},
    {"a\xc3", "a\xef\xbf\xbd"},
    {"\xc3\"", "\xef\xbf\xbd\\\""},
    {"\xe2\x82\n", "\xef\xbf\xbd\xef\xbf\xbd\\n"},
    {"\xc0\xaf", "\xef\xbf\xbd\xef\xbf\xbd"},
    {"\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
    {"\xf4\x90\x80\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
    {"\x1b[31m", "\\u001B[31m"},
    {"\x7f\xc2\x9b", "\\u007f\\u009b"},
    {"\xc2\xa0", "\xc2\xa0"},
    {"\x01\t\r\b\f/", "\\u0001\\t\\r\\b\\f/"},
};

START_TEST(hostile_text_is_made_harmless)
{
	cleanup_json struct json *json = NULL;
	const struct json_limits limits = {.source = "t", .max_bytes = 4096, .max_depth = 2};
	char expected[256];
	int len;

	jsonw_object(&w);
	jsonw_kv_string(&w, hostile[_i].text, hostile[_i].text);
	jsonw_object_end(&w);
	len = jsonw_finish(&w);
	snprintf(expected, sizeof(expected), "{\"%s\":\"%s\"}\n", hostile[_i].written,
		 hostile[_i].written);
	ck_assert_str_eq(buf, expected);
	ck_assert_int_eq(json_parse(buf, len, &limits, &json, NULL), 0);
}
END_TEST

START_TEST(a_full_buffer_is_told_and_never_overrun)
{
	char small[sizeof(sample) + 8];
	size_t cap;
	int r;

	jsonw_close(&w);
	for (cap = 0; cap <= sizeof(sample); cap++) {
		memset(small, '#', sizeof(small));
		ck_assert_int_eq(jsonw_init(&w, small, cap, false), 0);
		write_sample();
		r = jsonw_finish(&w);
		ck_assert_int_eq(r, cap < sizeof(sample) ? -ENOBUFS : (int)strlen(sample));
		ck_assert_int_eq(small[cap], '#');
		jsonw_close(&w);
	}
}
END_TEST

/* Each letter is a call: what stands in the row must be refused, and nothing after heals it. */
static const char *const misuse[] = {
    "",			     /* nothing at all */
    "{",		     /* left open */
    "{1}",		     /* a value where a key must stand */
    "{k}",		     /* a key without value */
    "{kk",		     /* two keys */
    "k",		     /* a key outside */
    "[k]",		     /* a key in an array */
    "{]",		     /* closed as another thing */
    "[}",  "}",	  "]", "11", /* two values */
    "{}1", "[]}",
};

static void call(char letter)
{
	switch (letter) {
	case '{':
		jsonw_object(&w);
		break;
	case '}':
		jsonw_object_end(&w);
		break;
	case '[':
		jsonw_array(&w);
		break;
	case ']':
		jsonw_array_end(&w);
		break;
	case 'k':
		jsonw_key(&w, "k");
		break;
	default:
		jsonw_int(&w, 1);
	}
}

START_TEST(misuse_is_refused_and_the_error_sticks)
{
	const char *at;

	for (at = misuse[_i]; *at; at++)
		call(*at);
	ck_assert_int_eq(jsonw_finish(&w), -EINVAL);
	call('{');
	call('}');
	ck_assert_int_eq(jsonw_finish(&w), -EINVAL);
	ck_assert_str_eq(buf, "");
}
END_TEST

START_TEST(depth_is_bounded)
{
	int depth;

	for (depth = 0; depth < JSONW_MAX_DEPTH; depth++)
		call(depth % 2 ? '[' : '{'), call(depth % 2 ? '1' : 'k');
	for (depth = JSONW_MAX_DEPTH; depth < 200; depth++)
		call('[');
	ck_assert_int_eq(jsonw_finish(&w), -EINVAL);
	jsonw_start(&w);
	for (depth = 0; depth < JSONW_MAX_DEPTH; depth++)
		call('[');
	for (depth = 0; depth < JSONW_MAX_DEPTH; depth++)
		call(']');
	ck_assert_int_eq(jsonw_finish(&w), 2 * JSONW_MAX_DEPTH + 1);
}
END_TEST

START_TEST(a_tree_comes_out_as_it_went_in)
{
	static const char text[] = "{\"a\":[1.50,1e3,\"x\",true,null,{}],\"a\":{\"b\":[]}}\n";
	const struct json_limits limits = {.source = "t", .max_bytes = 4096, .max_depth = 8};
	cleanup_json struct json *json = NULL;

	ck_assert_int_eq(json_parse(text, strlen(text), &limits, &json, NULL), 0);
	jsonw_tree(&w, json);
	ck_assert_int_eq(jsonw_finish(&w), strlen(text));
	ck_assert_str_eq(buf, text);
}
END_TEST

static const struct {
	double value;
	const char *written;
} doubles[] = {
    {0, "0\n"},	       {0.1, "0.1\n"},	 {1.0 / 3, "0.33333333333333331\n"},
    {1e22, "1e+22\n"}, {-2.5, "-2.5\n"}, {HUGE_VAL, "null\n"},
};

START_TEST(doubles_come_back_the_same)
{
	jsonw_double(&w, doubles[_i].value);
	ck_assert_int_gt(jsonw_finish(&w), 0);
	ck_assert_str_eq(buf, doubles[_i].written);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("jsonw");
	TCase *tests = tcase_create("jsonw");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, documents_follow_each_other);
	tcase_add_test(tests, a_document_left_open_does_not_reach_the_next);
	tcase_add_test(tests, pretty_ends_with_one_newline);
	tcase_add_loop_test(tests, hostile_text_is_made_harmless, 0, COUNT(hostile));
	tcase_add_test(tests, a_full_buffer_is_told_and_never_overrun);
	tcase_add_loop_test(tests, misuse_is_refused_and_the_error_sticks, 0, COUNT(misuse));
	tcase_add_test(tests, depth_is_bounded);
	tcase_add_test(tests, a_tree_comes_out_as_it_went_in);
	tcase_add_loop_test(tests, doubles_come_back_the_same, 0, COUNT(doubles));
	suite_add_tcase(suite, tests);
	return unit_run(suite);
}
