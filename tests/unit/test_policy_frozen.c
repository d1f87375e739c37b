/* SPDX-License-Identifier: Apache-2.0 */
/* The policy as the plan holds it: written once, and read again as it was. */
#include <errno.h>
#include <signal.h>

#include "jsonw.h"
#include "policy_scene.h"

static struct json *freeze(const struct effective_policy *policy, char *buf, size_t cap)
{
	struct json_limits limits = {.source = "plan", .max_bytes = cap, .max_depth = 16};
	struct json *tree;
	struct jsonw w;
	int len;

	ck_assert_int_eq(jsonw_init(&w, buf, cap, true), 0);
	jsonw_start(&w);
	jsonw_object(&w);
	effective_policy_freeze(policy, &w);
	jsonw_object_end(&w);
	len = jsonw_finish(&w);
	ck_assert_int_gt(len, 0);
	jsonw_close(&w);
	ck_assert_int_eq(json_parse(buf, (size_t)len, &limits, &tree, NULL), 0);
	return tree;
}

START_TEST(freezing_keeps_everything)
{
	struct scene *scene = scene_new("{\"oomguard.io/restart-max\": \"99\","
					" \"oomguard.io/disable\": \"true\","
					" \"oomguard.io/kill-signal\": \"SIGRTMIN+3\"}");
	struct effective_policy *again = calloc(1, sizeof(*again));
	struct effective_policy *out;
	struct error err = {0};
	char *buf = malloc(65536);
	struct json *tree;

	ck_assert(again && buf);
	scene->id.namespace = (char *)"prod-eu";
	scene->id.container = (char *)"php";
	out = scene_solve(scene);
	tree = freeze(out, buf, 65536);
	ck_assert_msg(effective_policy_read(tree, again, &err) == 0, "%s", err.message);
	ck_assert_mem_eq(&again->profile.settings.score_rules, &out->profile.settings.score_rules,
			 sizeof(out->profile.settings.score_rules));
	ck_assert_str_eq(again->profile.victims.prefer.ere[1], "\"x");
	ck_assert_uint_eq(again->profile.on_stall.pressure_share, 12500);
	ck_assert_int_eq(again->profile.on_near_limit.actions.action[1].signal, SIGRTMIN + 3);
	ck_assert_uint_eq(again->profile.on_near_limit.at, 0);
	ck_assert_str_eq(again->profile.on_near_limit.process, "^java");
	ck_assert_int_eq(again->profile.settings.keep, 0);
	for (size_t i = 0; i < policy_keys_len; i++) {
		ck_assert_mem_eq((char *)&again->profile + policy_keys[i].offset,
				 (char *)&out->profile + policy_keys[i].offset,
				 policy_key_size(&policy_keys[i]));
		ck_assert_int_eq(again->from[i].kind, out->from[i].kind);
		ck_assert_str_eq(again->from[i].where, out->from[i].where);
	}
	ck_assert_mem_eq(&again->host, &out->host, sizeof(out->host));
	ck_assert_str_eq(again->profile_name, "worker");
	ck_assert_int_eq(again->profile_from.kind, ORIGIN_RULE);
	ck_assert(again->disabled);
	ck_assert_uint_eq(again->refused_len, 1);
	ck_assert_str_eq(again->refused[0].value, "99");
	json_free(tree);
	free(again);
	free(buf);
	scene_free(scene);
}
END_TEST

START_TEST(the_builtin_values_can_be_frozen)
{
	struct scene *scene = scene_new(NULL);
	struct effective_policy *again = calloc(1, sizeof(*again));
	char *buf = malloc(65536);
	struct error err = {0};
	struct json *tree;

	ck_assert(again && buf);
	policy_document_free(&scene->doc);
	tree = freeze(scene_solve(scene), buf, 65536);
	ck_assert_msg(effective_policy_read(tree, again, &err) == 0, "%s", err.message);
	for (size_t i = 0; i < policy_keys_len; i++)
		ck_assert_mem_eq((char *)&again->profile + policy_keys[i].offset,
				 (char *)&profile_builtin + policy_keys[i].offset,
				 policy_key_size(&policy_keys[i]));
	json_free(tree);
	free(again);
	free(buf);
	scene_free(scene);
}
END_TEST

START_TEST(a_frozen_policy_that_lacks_a_key_is_refused)
{
	struct scene *scene = scene_new(NULL);
	struct effective_policy *again = calloc(1, sizeof(*again));
	char *buf = malloc(65536);
	struct error err = {0};
	struct json *tree, *keys;

	ck_assert(again && buf);
	tree = freeze(scene_solve(scene), buf, 65536);
	keys = json_get(tree, "values");
	strcpy(keys->object.members[3].key, "x");
	ck_assert_int_eq(effective_policy_read(tree, again, &err), -EINVAL);
	ck_assert_ptr_nonnull(strstr(err.message, "settings.oomScoreAdj.workload is missing"));
	json_free(tree);
	free(again);
	free(buf);
	scene_free(scene);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("policy_frozen");
	TCase *tests = tcase_create("policy_frozen");

	tcase_add_test(tests, freezing_keeps_everything);
	tcase_add_test(tests, the_builtin_values_can_be_frozen);
	tcase_add_test(tests, a_frozen_policy_that_lacks_a_key_is_refused);
	suite_add_tcase(suite, tests);
	return unit_run(suite);
}
