/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "json_edit.h"
#include "unit.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct json_limits limits = {.source = "c.json",
					  .max_bytes = 1024 * 1024,
					  .max_depth = 8,
					  .trailing_data = true,
					  .invalid_utf8 = true,
					  .comments = true};

static struct json *parse(const char *text)
{
	struct error err = {0};
	struct json *json = NULL;

	ck_assert_msg(json_parse(text, strlen(text), &limits, &json, &err) == 0, "%s: %s", text,
		      err.message);
	return json;
}

/* Every value is where the tree says it is. */
static void check_places(const char *text, const struct json *json)
{
	size_t len = json->to - json->from;
	cleanup_json struct json *again = NULL;
	struct error err = {0};

	ck_assert_msg(json_parse(text + json->from, len, &limits, &again, &err) == 0, "'%.*s': %s",
		      (int)len, text + json->from, err.message);
	ck_assert_msg(json_equal(again, json), "'%.*s'", (int)len, text + json->from);
	ck_assert_uint_eq(again->from, 0);
	ck_assert_uint_eq(again->to, len);
	for (size_t i = 0; json->type == JSON_ARRAY && i < json->array.len; i++)
		check_places(text, json->array.items[i]);
	for (size_t i = 0; json->type == JSON_OBJECT && i < json->object.len; i++) {
		ck_assert_int_eq(text[json->object.members[i].from], '"');
		check_places(text, json->object.members[i].value);
	}
}

START_TEST(every_value_is_where_the_tree_says)
{
	static const char text[] =
	    " /* a */ { \"a\" : [ 1.50e3 , -0,\ttrue,false ,null ] , // b, c: [\n"
	    " \"k\\\"\\u0041,:\" /* : */ : /* , */ \"v\\\\\\\",:[\" ,\"\xff\": {\f},\n"
	    "\"o\":{\"x\":[[],{}, \"\"],\"y\" :18446744073709551615}\v} trailing } ]";
	cleanup_json struct json *json = parse(text);

	ck_assert_uint_eq(json->from, 9);
	ck_assert_str_eq(text + json->to, " trailing } ]");
	check_places(text, json);
	ck_assert_str_eq(json->object.members[1].key, "k\"A,:");
	ck_assert_int_eq(strncmp(text + json->object.members[1].from, "\"k\\\"\\u0041", 9), 0);
}
END_TEST

static const struct {
	const char *text, *patch, *result;
} merges[] = {
    {"{}", "{\"a\":1}", "{\"a\":1}"},
    {"{ }", "{\"a\":1,\"b\":2}", "{\"a\":1,\"b\":2 }"},
    {"{/**/}", "{\"a\":1}", "{\"a\":1/**/}"},
    {"{\"b\":2}", "{\"a\":1}", "{\"b\":2,\"a\":1}"},
    {"{\"b\": 2, \"c\": 3}x", "{\"a\":1}", "{\"b\": 2, \"c\": 3, \"a\": 1}x"},
    {"{\n\t\"b\": 2 // two\n}\n", "{\"a\":[1, 2]}", "{\n\t\"b\": 2,\n\t\"a\": [1, 2] // two\n}\n"},
    /* What is the same is left as it is written. */
    {"{\"a\":1.0,\"b\":\"\\u0041\",\"c\":1e2}", "{\"a\":1,\"b\":\"A\",\"c\":100}",
     "{\"a\":1.0,\"b\":\"\\u0041\",\"c\":1e2}"},
    {"{\"a\": {\"x\" :1 , \"z\":9007199254740993.10 } }", "{\"a\":{\"x\":2,\"y\":{}}}",
     "{\"a\": {\"x\" :2 , \"z\":9007199254740993.10, \"y\": {} } }"},
    {"{\"a\":null}", "{\"a\":{\"x\":2}}", "{\"a\":{\"x\":2}}"},
    {"{\"a\":[1]}", "{\"a\":[2]}", "{\"a\":[2]}"},
    {"{\"a\":{\"b\":{}}}", "{\"a\":{\"b\":{\"c\":1,\"d\":2},\"e\":3},\"f\":4}",
     "{\"a\":{\"b\":{\"c\":1,\"d\":2},\"e\":3},\"f\":4}"},
    /* Readers differ in which one of two they take. */
    {"{\"a\":{\"x\":1},\"a\":{\"y\":1},\"a\":null}", "{\"a\":{\"x\":2}}",
     "{\"a\":{\"x\":2},\"a\":{\"y\":1,\"x\":2},\"a\":{\"x\":2}}"},
    /* Another name to runc, whatever the tree makes of it. */
    {"{\"a\\u0000b\":1}", "{\"a\":2}", "{\"a\\u0000b\":1,\"a\":2}"},
    {"{\"x\":1}", "{\"q\\\"\\n\":2}", "{\"x\":1,\"q\\\"\\n\":2}"},
};

static void apply(const struct json_edit *edit, const char *expected)
{
	char *text = NULL;
	size_t len;

	ck_assert_int_eq(json_edit_apply(edit, &text, &len), 0);
	ck_assert_str_eq(text, expected);
	ck_assert_uint_eq(len, strlen(expected));
	free(text);
}

START_TEST(a_patch_is_merged_into_the_text)
{
	const char *text = merges[_i].text;
	cleanup_json struct json *json = parse(text);
	cleanup_json struct json *patch = parse(merges[_i].patch);
	struct json_edit edit;

	json_edit_init(&edit, text, strlen(text));
	ck_assert_int_eq(json_edit_merge(&edit, json, patch, merges[_i].patch, "", NULL), 0);
	apply(&edit, merges[_i].result);
	json_edit_free(&edit);
}
END_TEST

#define MANY 40000

/* The place of each is a new one: no change may look at all that were made before. */
START_TEST(many_empty_objects_take_no_time)
{
	static char text[MANY * 7 + 2] = "{";
	cleanup_json struct json *json = NULL;
	struct json_edit edit;
	char *out = NULL;
	size_t len;

	for (size_t i = 0; i < MANY; i++)
		memcpy(text + 1 + i * 7, "\"h\":{},", 7);
	text[MANY * 7] = '}';
	json = parse(text);
	json_edit_init(&edit, text, strlen(text));
	alarm(20);
	for (size_t i = 0; i < MANY; i++) {
		json_edit_add_member(&edit, json->object.members[i].value, "a", "1");
		json_edit_add_member(&edit, json->object.members[i].value, "b", "2");
	}
	ck_assert_int_eq(json_edit_apply(&edit, &out, &len), 0);
	alarm(0);
	ck_assert_uint_eq(len, strlen(text) + MANY * strlen("\"a\":1,\"b\":2"));
	ck_assert_int_eq(strncmp(out, "{\"h\":{\"a\":1,\"b\":2},\"h\":", 23), 0);
	free(out);
	json_edit_free(&edit);
}
END_TEST

START_TEST(an_object_does_not_take_the_place_of_another_value)
{
	const char *text = "{\"a\":{\n\"b\": 5}}", *patch_text = "{\"a\":{\"b\":{\"c\":1}}}";
	cleanup_json struct json *json = parse(text), *patch = parse(patch_text);
	struct json_edit edit;
	struct error err = {0};

	json_edit_init(&edit, text, strlen(text));
	ck_assert_int_eq(json_edit_merge(&edit, json, patch, patch_text, "", &err), -EINVAL);
	ck_assert_str_eq(err.message, "c.json:2: a.b: found a number, allowed an object");
	json_edit_free(&edit);
}
END_TEST

START_TEST(lists_are_changed_in_place)
{
	const char *text = "{\"a\":[ ],\"b\":[1,\n 2],\"c\":[1, 2, 3],\"d\":[ 7]}";
	cleanup_json struct json *json = parse(text);
	const struct json *c = json_get(json, "c");
	struct json_edit edit;

	json_edit_init(&edit, text, strlen(text));
	json_edit_add_item(&edit, json_get(json, "a"), "8");
	json_edit_add_item(&edit, json_get(json, "a"), "9");
	json_edit_add_item(&edit, json_get(json, "b"), "3");
	json_edit_replace_items(&edit, c->array.items[0], c->array.items[1], "\"x\"");
	json_edit_insert_before(&edit, json_get(json, "d")->array.items[0], "6");
	json_edit_add_member(&edit, json, "e", "0");
	apply(&edit, "{\"a\":[8,9 ],\"b\":[1,\n 2,\n 3],\"c\":[\"x\", 3],\"d\":[ 6, 7],\"e\":0}");
	json_edit_free(&edit);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("json_edit");
	TCase *tcase = tcase_create("all");

	tcase_add_test(tcase, every_value_is_where_the_tree_says);
	tcase_add_loop_test(tcase, a_patch_is_merged_into_the_text, 0, COUNT(merges));
	tcase_add_test(tcase, many_empty_objects_take_no_time);
	tcase_add_test(tcase, an_object_does_not_take_the_place_of_another_value);
	tcase_add_test(tcase, lists_are_changed_in_place);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
