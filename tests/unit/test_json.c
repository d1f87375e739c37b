/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "json.h"
#include "unit.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct json_limits strict = {.source = "t.json", .max_bytes = 65536, .max_depth = 4};
static const struct json_limits liberal = {.source = "c.json",
					   .max_bytes = 65536,
					   .max_depth = 4,
					   .trailing_data = true,
					   .invalid_utf8 = true,
					   .comments = true};

static struct json *parse(const char *text)
{
	struct error err = {0};
	struct json *json = NULL;
	int r = json_parse(text, strlen(text), &strict, &json, &err);

	ck_assert_msg(r == 0, "%s: %s", text, err.message);
	return json;
}

START_TEST(values_and_their_lines)
{
	cleanup_json struct json *json =
	    parse("\n{ \"a\" :\n\n [ true, null,\n1.50 ],\n\"b\":\"x\\n\\u00e9\"\n}\n");
	const struct json *a = json_get(json, "a");

	ck_assert_uint_eq(json->line, 2);
	ck_assert_uint_eq(json->object.members[0].line, 2);
	ck_assert_uint_eq(a->line, 4);
	ck_assert_uint_eq(a->array.len, 3);
	ck_assert(a->array.items[0]->boolean);
	ck_assert_int_eq(a->array.items[1]->type, JSON_NULL);
	ck_assert_str_eq(a->array.items[2]->text, "1.50");
	ck_assert_uint_eq(a->array.items[2]->line, 5);
	ck_assert_str_eq(json_get_string(json, "b"), "x\n\xc3\xa9");
	ck_assert_uint_eq(json_get(json, "b")->line, 6);
	ck_assert_str_eq(a->source, "t.json");
}
END_TEST

START_TEST(a_number_alone_ends_with_the_text)
{
	cleanup_json struct json *json = parse("\n\n12");

	ck_assert_str_eq(json->text, "12");
	ck_assert_uint_eq(json->line, 3);
}
END_TEST

START_TEST(the_last_of_two_equal_keys_counts)
{
	cleanup_json struct json *json =
	    parse("{\"a\":1,\"a\":{\"b\":\"x\"},\"c\":[{\"d\":1,\"d\":2}],\"ab\":2}");

	ck_assert_int_eq(json_get(json, "a")->type, JSON_OBJECT);
	ck_assert_str_eq(json_path(json, "a.b")->text, "x");
	ck_assert_str_eq(json_path(json, "ab")->text, "2");
	ck_assert_ptr_null(json_path(json, "a.b.c"));
	ck_assert_ptr_null(json_path(json, "c.d"));
	ck_assert_ptr_null(json_get(NULL, "a"));
	ck_assert_ptr_null(json_get_typed(json, "a", JSON_STRING));
}
END_TEST

static void note_path(void *context, const char *path, const struct json_member *m)
{
	char *all = context;

	snprintf(all + strlen(all), 4096 - strlen(all), "%s:%u ", path, m->line);
}

START_TEST(duplicates_are_named_with_their_path)
{
	cleanup_json struct json *json = parse("{\"a\":1,\n\"b\":{\"x\":[0,{\"y\":1,\"y\":2}]},\n"
					       "\"a\":2,\n\"a\":{\"z\":1,\"z\":1}}");
	char all[4096] = "";

	ck_assert_uint_eq(json_duplicates(json, note_path, all), 4);
	ck_assert_str_eq(all, "a:1 a:3 b.x[1].y:2 a.z:4 ");
	ck_assert_uint_eq(json_duplicates(json, NULL, NULL), 4);
}
END_TEST

START_TEST(a_long_path_is_cut)
{
	char text[2200], key[1001], all[4096] = "";
	cleanup_json struct json *json = NULL;

	memset(key, 'k', 1000);
	key[1000] = '\0';
	snprintf(text, sizeof(text), "{\"%s\":{\"a\":{\"b\":1,\"b\":2}}}", key);
	json = parse(text);
	ck_assert_uint_eq(json_duplicates(json, note_path, all), 1);
	ck_assert_uint_eq(strlen(all), 511 + strlen(":1 "));
}
END_TEST

static const struct {
	const char *text;
	int code;
	const char *message; /* begins so */
} wrong[] = {
    {"", EINVAL, "t.json:1: parse error: premature EOF"},
    {"{\"a\":\n1,}", EINVAL, "t.json:2: parse error: invalid object key"},
    {"[1,\n\n nul]", EINVAL, "t.json:3: lexical error: invalid string in json text., near ' nul]'"},
    {"{} x", EINVAL, "t.json:1: parse error: trailing garbage"},
    {"[\"\xff\"]", EINVAL, "t.json:1: lexical error: invalid bytes in UTF8 string"},
    {"[\"a\\u0000b\"]", EINVAL, "t.json:1: a string holds a NUL"},
    {"{\"\\u0000b\":1}", EINVAL, "t.json:1: a string holds a NUL"},
    {"[\n/**/1]", EINVAL, "t.json:2: lexical error: probable comment"},
    {"[\"\x1b[31m\"]", EINVAL, "t.json:1: lexical error: invalid character inside string."},
    {"\n[[[[[1]]]]]", E2BIG, "t.json:2: nested too deeply"},
    {"-", EINVAL, "t.json:1: lexical error: malformed number"},
};

START_TEST(what_is_wrong_is_said_with_its_line)
{
	struct json *json = (struct json *)&strict;
	struct error err = {0};
	int r = json_parse(wrong[_i].text, strlen(wrong[_i].text), &strict, &json, &err);

	ck_assert_int_eq(r, -wrong[_i].code);
	ck_assert_int_eq(err.code, wrong[_i].code);
	ck_assert_ptr_null(json);
	ck_assert_msg(strncmp(err.message, wrong[_i].message, strlen(wrong[_i].message)) == 0, "%s",
		      err.message);
	ck_assert_ptr_null(strchr(err.message, '\x1b'));
}
END_TEST

START_TEST(limits_are_exact)
{
	struct json_limits limits = {.source = "t.json", .max_bytes = 8, .max_depth = 4};
	struct json *json;

	ck_assert_int_eq(json_parse("[[[[]]]]", 8, &limits, &json, NULL), 0);
	json_free(json);
	limits.max_bytes = 7;
	ck_assert_int_eq(json_parse("[[[[]]]]", 8, &limits, &json, NULL), -E2BIG);
	limits = (struct json_limits){.source = "t.json", .max_bytes = 8, .max_depth = 3};
	ck_assert_int_eq(json_parse("[[[[]]]]", 8, &limits, &json, NULL), -E2BIG);
}
END_TEST

START_TEST(a_liberal_parse_takes_what_runtimes_take)
{
	static const char text[] =
	    "{\"a\":\"\xff\",/* x\n*/\n\"b\\u0000c\":\"d\\u0000e\"} } garbage";
	cleanup_json struct json *json = NULL;
	struct error err = {0};
	int r = json_parse(text, sizeof(text) - 1, &liberal, &json, &err);

	ck_assert_msg(r == 0, "%s", err.message);
	ck_assert_str_eq(json_get_string(json, "a"), "\xff");
	ck_assert_str_eq(json_get_string(json, "b"), "d");
	ck_assert_uint_eq(json_get(json, "b")->line, 3);
}
END_TEST

static const struct {
	const char *text;
	int r;
	int64_t value;
} numbers[] = {
    {"0", 0, 0},
    {"-0", 0, 0},
    {"5.0", 0, 5},
    {"1e3", 0, 1000},
    {"1.5E+1", 0, 15},
    {"1500e-2", 0, 15},
    {"-12.30e1", 0, -123},
    {"0e99999999999999999999", 0, 0},
    {"0.000", 0, 0},
    {"9223372036854775807", 0, INT64_MAX},
    {"-9223372036854775808", 0, INT64_MIN},
    {"9223372036854775808", -ERANGE, 0},
    {"-9223372036854775809", -ERANGE, 0},
    {"1e19", -ERANGE, 0},
    {"1e99999999999999999999", -ERANGE, 0},
    {"18446744073709551616", -ERANGE, 0},
    {"5.5", -EINVAL, 0},
    {"1e-1", -EINVAL, 0},
    {"1e-99999999999999999999", -EINVAL, 0},
    {"0.1e0", -EINVAL, 0},
    {"\"5\"", -EINVAL, 0},
    {"null", -EINVAL, 0},
};

START_TEST(whole_numbers_are_exact)
{
	cleanup_json struct json *json = parse(numbers[_i].text);
	int64_t value = 0;

	ck_assert_int_eq(json_int64(json, &value), numbers[_i].r);
	ck_assert_int_eq(value, numbers[_i].value);
}
END_TEST

START_TEST(unsigned_numbers_are_exact)
{
	cleanup_json struct json *json = parse("[18446744073709551615, 18446744073709551616, -1]");
	uint64_t value = 0;

	ck_assert_int_eq(json_uint64(json->array.items[0], &value), 0);
	ck_assert_uint_eq(value, UINT64_MAX);
	ck_assert_int_eq(json_uint64(json->array.items[1], &value), -ERANGE);
	ck_assert_int_eq(json_uint64(json->array.items[2], &value), -ERANGE);
	ck_assert_int_eq(json_uint64(NULL, &value), -EINVAL);
}
END_TEST

/* Two trees are the same document, the order of members aside. */
static bool same(const struct json *a, const struct json *b)
{
	size_t i;

	if (a->type != b->type)
		return false;
	if (a->type == JSON_BOOL)
		return a->boolean == b->boolean;
	if (a->type == JSON_NUMBER || a->type == JSON_STRING)
		return strcmp(a->text, b->text) == 0;
	if (a->type == JSON_ARRAY) {
		for (i = 0; i < a->array.len && i < b->array.len; i++)
			if (!same(a->array.items[i], b->array.items[i]))
				return false;
		return a->array.len == b->array.len;
	}
	if (a->type == JSON_OBJECT) {
		for (i = 0; i < a->object.len; i++) {
			const struct json *other = json_get(b, a->object.members[i].key);

			if (!other || !same(a->object.members[i].value, other))
				return false;
		}
		return a->object.len == b->object.len;
	}
	return true;
}

/* All of RFC 7396's appendix A, then our own. */
static const char *const merges[][3] = {
    {"{\"a\":\"b\"}", "{\"a\":\"c\"}", "{\"a\":\"c\"}"},
    {"{\"a\":\"b\"}", "{\"b\":\"c\"}", "{\"a\":\"b\",\"b\":\"c\"}"},
    {"{\"a\":\"b\"}", "{\"a\":null}", "{}"},
    {"{\"a\":\"b\",\"b\":\"c\"}", "{\"a\":null}", "{\"b\":\"c\"}"},
    {"{\"a\":[\"b\"]}", "{\"a\":\"c\"}", "{\"a\":\"c\"}"},
    {"{\"a\":\"c\"}", "{\"a\":[\"b\"]}", "{\"a\":[\"b\"]}"},
    {"{\"a\":{\"b\":\"c\"}}", "{\"a\":{\"b\":\"d\",\"c\":null}}", "{\"a\":{\"b\":\"d\"}}"},
    {"{\"a\":[{\"b\":\"c\"}]}", "{\"a\":[1]}", "{\"a\":[1]}"},
    {"[\"a\",\"b\"]", "[\"c\",\"d\"]", "[\"c\",\"d\"]"},
    {"{\"a\":\"b\"}", "[\"c\"]", "[\"c\"]"},
    {"{\"a\":\"foo\"}", "null", "null"},
    {"{\"a\":\"foo\"}", "\"bar\"", "\"bar\""},
    {"{\"e\":null}", "{\"a\":1}", "{\"e\":null,\"a\":1}"},
    {"[1,2]", "{\"a\":\"b\",\"c\":null}", "{\"a\":\"b\"}"},
    {"{}", "{\"a\":{\"bb\":{\"ccc\":null}}}", "{\"a\":{\"bb\":{}}}"},
    /* The example of section 3. */
    {"{\"title\":\"Goodbye!\",\"author\":{\"givenName\":\"John\",\"familyName\":\"Doe\"},"
     "\"tags\":[\"example\",\"sample\"],\"content\":\"This will be unchanged\"}",
     "{\"title\":\"Hello!\",\"phoneNumber\":\"+01-123-456-7890\","
     "\"author\":{\"familyName\":null},\"tags\":[\"example\"]}",
     "{\"title\":\"Hello!\",\"author\":{\"givenName\":\"John\"},\"tags\":[\"example\"],"
     "\"content\":\"This will be unchanged\",\"phoneNumber\":\"+01-123-456-7890\"}"},
    /* Equal keys: the last one of the patch counts, the others leave no trace. */
    {"{}", "{\"a\":{\"b\":1},\"a\":{\"c\":2}}", "{\"a\":{\"c\":2}}"},
    {"{\"a\":1}", "{\"a\":null,\"a\":2}", "{\"a\":2}"},
    {"{\"a\":1}", "{\"a\":2,\"a\":null}", "{}"},
    {"{\"a\":1,\"a\":2}", "{\"a\":null}", "{}"},
    {"{\"a\":[1,null]}", "{\"b\":[null,{\"c\":null}]}",
     "{\"a\":[1,null],\"b\":[null,{\"c\":null}]}"},
};

START_TEST(merge_patch_does_as_the_rfc_says)
{
	cleanup_json struct json *target = parse(merges[_i][0]);
	cleanup_json struct json *patch = parse(merges[_i][1]);
	cleanup_json struct json *before = json_copy(patch);
	cleanup_json struct json *expected = parse(merges[_i][2]);

	ck_assert_int_eq(json_merge_patch(&target, patch), 0);
	ck_assert(same(target, expected));
	ck_assert(same(expected, target));
	ck_assert(same(patch, before) || json_duplicates(before, NULL, NULL));
}
END_TEST

START_TEST(merge_starts_from_nothing)
{
	cleanup_json struct json *patch = parse("{\"a\":{\"b\":null,\"c\":1}}");
	cleanup_json struct json *expected = parse("{\"a\":{\"c\":1}}");
	cleanup_json struct json *target = NULL;

	ck_assert_int_eq(json_merge_patch(&target, patch), 0);
	ck_assert(same(target, expected));
}
END_TEST

START_TEST(merged_values_remember_their_file)
{
	static const char text[] = "{\n\n\"a\":{\"y\":2},\"n\":5}";
	cleanup_json struct json *target = parse("{\"a\":{\"x\":1},\n\"n\":4}");
	cleanup_json struct json *patch = NULL;

	ck_assert_int_eq(json_parse(text, strlen(text), &liberal, &patch, NULL), 0);
	ck_assert_int_eq(json_merge_patch(&target, patch), 0);
	ck_assert_str_eq(json_path(target, "a.x")->source, "t.json");
	ck_assert_str_eq(json_path(target, "a.y")->source, "c.json");
	ck_assert_uint_eq(json_path(target, "a.y")->line, 3);
	ck_assert_str_eq(json_path(target, "a")->source, "t.json");
	ck_assert_uint_eq(target->object.members[0].line, 1);
	ck_assert_uint_eq(target->object.members[1].line, 3);
}
END_TEST

START_TEST(a_copy_stands_alone)
{
	static const char text[] = "{\"a\":[1,\"x\",true,null,{}],\"b\":{\"c\":-1.5e3}}";
	struct json *json = parse(text);
	cleanup_json struct json *copy = json_copy(json);
	cleanup_json struct json *again = parse(text);

	json_free(json);
	ck_assert(same(copy, again));
	ck_assert_str_eq(copy->source, "t.json");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("json");
	TCase *tests = tcase_create("json");

	tcase_add_test(tests, values_and_their_lines);
	tcase_add_test(tests, a_number_alone_ends_with_the_text);
	tcase_add_test(tests, the_last_of_two_equal_keys_counts);
	tcase_add_test(tests, duplicates_are_named_with_their_path);
	tcase_add_test(tests, a_long_path_is_cut);
	tcase_add_loop_test(tests, what_is_wrong_is_said_with_its_line, 0, COUNT(wrong));
	tcase_add_test(tests, limits_are_exact);
	tcase_add_test(tests, a_liberal_parse_takes_what_runtimes_take);
	tcase_add_loop_test(tests, whole_numbers_are_exact, 0, COUNT(numbers));
	tcase_add_test(tests, unsigned_numbers_are_exact);
	tcase_add_loop_test(tests, merge_patch_does_as_the_rfc_says, 0, COUNT(merges));
	tcase_add_test(tests, merge_starts_from_nothing);
	tcase_add_test(tests, merged_values_remember_their_file);
	tcase_add_test(tests, a_copy_stands_alone);
	suite_add_tcase(suite, tests);
	return unit_run(suite);
}
