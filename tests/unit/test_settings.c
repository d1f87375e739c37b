/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>

#include "fake_tree.h"
#include "settings.h"
#include "unit.h"

#define MIB (1024ULL * 1024)
#define LEN(array) (sizeof(array) / sizeof((array)[0]))

/* A profile that leaves everything alone. */
static struct profile leave(void)
{
	struct profile profile = {.settings = {.swappiness = -1}};

	return profile;
}

/* A container with a limit of 64 MiB and swap accounting on an idle machine. */
static struct settings_facts facts_v1(void)
{
	return (struct settings_facts){.version = CGROUP_V1,
				       .has_oom_control = true,
				       .has_swap = true,
				       .limit = 64 * MIB,
				       .memsw_limit = MEMCG_NO_LIMIT,
				       .usage = MIB,
				       .has_swappiness = true,
				       .swappiness = 60,
				       .has_score = true,
				       .page_size = 4096};
}

static struct settings_facts facts_v2(void)
{
	return (struct settings_facts){.version = CGROUP_V2,
				       .has_oom_group = true,
				       .has_swap = true,
				       .limit = 64 * MIB,
				       .swap_max = MEMCG_NO_LIMIT,
				       .usage = MIB,
				       .has_score = true,
				       .page_size = 4096};
}

static const struct setting_result *result_of(const struct settings_results *results,
					      const char *key)
{
	for (size_t i = 0; i < results->len; i++)
		if (strcmp(results->item[i].key, key) == 0)
			return &results->item[i];
	ck_abort_msg("no result for %s", key);
	return NULL;
}

/* The plan has this one result; when it is to be written, this one write. */
static void expect_one(const struct profile *profile, const struct settings_facts *facts,
		       const char *file, const char *old_value, const char *value)
{
	struct settings_plan plan;

	settings_plan(profile, facts, &plan);
	ck_assert_uint_eq(plan.results.len, 1);
	ck_assert_str_eq(plan.results.item[0].file, file);
	if (!value) {
		ck_assert_uint_eq(plan.writes_len, 0);
		ck_assert_int_eq(plan.results.item[0].outcome, SETTING_REFUSED);
		ck_assert_str_ne(plan.results.item[0].reason, "");
		return;
	}
	ck_assert_str_eq(plan.results.item[0].old_value, old_value);
	if (strcmp(old_value, value) == 0) {
		ck_assert_uint_eq(plan.writes_len, 0);
		ck_assert_int_eq(plan.results.item[0].outcome, SETTING_UNCHANGED);
		return;
	}
	ck_assert_uint_eq(plan.writes_len, 1);
	ck_assert_str_eq(plan.write[0].file, file);
	ck_assert_str_eq(plan.write[0].value, value);
	ck_assert_str_eq(plan.write[0].old_value, old_value);
}

START_TEST(nothing_wanted_nothing_done)
{
	struct settings_facts facts = facts_v1();
	struct profile profile = leave();
	struct settings_plan plan;

	settings_plan(&profile, &facts, &plan);
	ck_assert_uint_eq(plan.writes_len, 0);
	ck_assert_uint_eq(plan.results.len, 0);
	ck_assert(!settings_scores_wanted(&profile));
}
END_TEST

START_TEST(oom_killer_and_group)
{
	struct settings_facts v1 = facts_v1(), v2 = facts_v2();
	struct profile profile = leave();

	profile.settings.oom_killer = SWITCH_ON;
	expect_one(&profile, &v1, "memory.oom_control", "0", "0");
	v1.oom_kill_disabled = true;
	expect_one(&profile, &v1, "memory.oom_control", "1", "0");
	v1.has_oom_control = false;
	expect_one(&profile, &v1, "memory.oom_control", NULL, NULL);
	expect_one(&profile, &v2, "", "on", "on");
	profile = leave();
	profile.settings.oom_group = SWITCH_ON;
	expect_one(&profile, &v2, "memory.oom.group", "0", "1");
	v2.oom_group = true;
	expect_one(&profile, &v2, "memory.oom.group", "1", "1");
	profile.settings.oom_group = SWITCH_OFF;
	expect_one(&profile, &v2, "memory.oom.group", "1", "0");
	v2.has_oom_group = false;
	expect_one(&profile, &v2, "memory.oom.group", NULL, NULL);
	expect_one(&profile, &v1, "memory.oom.group", NULL, NULL);
}
END_TEST

START_TEST(a_limit_only_where_there_is_none)
{
	struct settings_facts facts = facts_v1();
	struct profile profile = leave();
	struct settings_plan plan;

	profile.settings.limit = (struct limit_spec){LIMIT_DEFAULT, 128 * MIB + 17};
	expect_one(&profile, &facts, "memory.limit_in_bytes", "67108864", "67108864");
	facts.limit = MEMCG_NO_LIMIT;
	expect_one(&profile, &facts, "memory.limit_in_bytes", "max", "134217728");
	facts.usage = 129 * MIB;
	expect_one(&profile, &facts, "memory.limit_in_bytes", NULL, NULL);
	facts = facts_v2();
	facts.limit = MEMCG_NO_LIMIT;
	expect_one(&profile, &facts, "memory.max", "max", "134217728");
	settings_plan(&profile, &facts, &plan);
	ck_assert(!plan.results.require_limit_failed);
	profile.settings.limit = (struct limit_spec){LIMIT_REQUIRE, 0};
	expect_one(&profile, &facts, "memory.max", NULL, NULL);
	settings_plan(&profile, &facts, &plan);
	ck_assert(plan.results.require_limit_failed);
	facts.limit = MIB;
	expect_one(&profile, &facts, "memory.max", "1048576", "1048576");
	settings_plan(&profile, &facts, &plan);
	ck_assert(!plan.results.require_limit_failed);
}
END_TEST

START_TEST(swap_is_what_goes_beyond_the_limit)
{
	const char *const v1_file = "memory.memsw.limit_in_bytes", *const v2_file =
								       "memory.swap.max";
	struct settings_facts v1 = facts_v1(), v2 = facts_v2();
	struct profile profile = leave();

	profile.settings.swap = (struct size_spec){.kind = SIZE_BYTES, .bytes = 32 * MIB};
	expect_one(&profile, &v1, v1_file, "max", "100663296");
	expect_one(&profile, &v2, v2_file, "max", "33554432");
	v1.memsw_limit = 96 * MIB;
	expect_one(&profile, &v1, v1_file, "100663296", "100663296");
	profile.settings.swap = (struct size_spec){.kind = SIZE_PERCENT, .millipercent = 25000};
	expect_one(&profile, &v1, v1_file, "100663296", "83886080");
	expect_one(&profile, &v2, v2_file, "max", "16777216");
	v1.limit = v2.limit = MEMCG_NO_LIMIT;
	expect_one(&profile, &v1, v1_file, NULL, NULL);
	expect_one(&profile, &v2, v2_file, NULL, NULL);
	profile.settings.swap = (struct size_spec){.kind = SIZE_BYTES, .bytes = 0};
	expect_one(&profile, &v1, v1_file, NULL, NULL);
	expect_one(&profile, &v2, v2_file, "max", "0");
	v1.limit = v2.limit = (uint64_t)INT64_MAX - 10;
	profile.settings.swap = (struct size_spec){.kind = SIZE_BYTES, .bytes = 4096};
	expect_one(&profile, &v1, v1_file, NULL, NULL);
	profile.settings.swap = (struct size_spec){.kind = SIZE_PERCENT, .millipercent = 1000000};
	expect_one(&profile, &v2, v2_file, NULL, NULL);
	v1 = facts_v1();
	v1.has_swap = v2.has_swap = false;
	expect_one(&profile, &v1, v1_file, NULL, NULL);
	expect_one(&profile, &v2, v2_file, NULL, NULL);
}
END_TEST

/* Takes the writes as a v1 kernel does: limit ≤ memsw at every step, else EINVAL. */
static void expect_order_is_taken(const struct settings_plan *plan, struct settings_facts facts)
{
	for (size_t i = 0; i < plan->writes_len; i++) {
		const struct settings_write *write = &plan->write[i];
		uint64_t value = strtoull(write->value, NULL, 10);

		if (strcmp(write->file, "memory.limit_in_bytes") == 0)
			facts.limit = value;
		else if (strcmp(write->file, "memory.memsw.limit_in_bytes") == 0)
			facts.memsw_limit = value;
		ck_assert_msg(facts.limit <= facts.memsw_limit, "%s = %s comes too early",
			      write->file, write->value);
	}
}

START_TEST(v1_limit_stays_below_memsw_at_every_step)
{
	static const uint64_t limits[] = {MEMCG_NO_LIMIT, 8 * MIB, 64 * MIB};
	static const uint64_t beyond[] = {0, MIB, 100 * MIB};
	struct settings_facts facts = facts_v1();
	struct profile profile = leave();
	struct settings_plan plan;

	profile.settings.limit = (struct limit_spec){LIMIT_DEFAULT, 16 * MIB};
	for (size_t i = 0; i < LEN(limits) * LEN(beyond) * (LEN(beyond) + 1); i++) {
		size_t swap_now = i / LEN(limits) / LEN(beyond);

		facts.limit = limits[i % LEN(limits)];
		facts.memsw_limit = facts.limit == MEMCG_NO_LIMIT || swap_now == LEN(beyond)
					? MEMCG_NO_LIMIT
					: facts.limit + beyond[swap_now];
		profile.settings.swap = (struct size_spec){
		    .kind = SIZE_BYTES, .bytes = beyond[i / LEN(limits) % LEN(beyond)]};
		settings_plan(&profile, &facts, &plan);
		expect_order_is_taken(&plan, facts);
	}
}
END_TEST

START_TEST(swappiness_is_of_v1_only)
{
	struct settings_facts v1 = facts_v1(), v2 = facts_v2();
	struct profile profile = leave();

	profile.settings.swappiness = 0;
	expect_one(&profile, &v1, "memory.swappiness", "60", "0");
	expect_one(&profile, &v2, "memory.swappiness", NULL, NULL);
	profile.settings.swappiness = 60;
	expect_one(&profile, &v1, "memory.swappiness", "60", "60");
	v1.has_swappiness = false;
	expect_one(&profile, &v1, "memory.swappiness", NULL, NULL);
}
END_TEST

START_TEST(scores_at_creation)
{
	struct settings_facts facts = facts_v1();
	struct profile profile = leave();
	struct settings_plan plan;
	int base = 7;

	facts.init_score = -20;
	profile.settings.score_workload = (struct score_spec){SCORE_RELATIVE, 120};
	settings_plan(&profile, &facts, &plan);
	ck_assert_uint_eq(plan.writes_len, 1);
	ck_assert_str_eq(plan.write[0].value, "100");
	/* The init was to be left: it gets its own value back later. */
	ck_assert_int_eq(result_of(&plan.results, SETTING_SCORE_INIT)->outcome, SETTING_LATER);
	ck_assert(settings_score_base(&plan.results, &base));
	ck_assert_int_eq(base, -20);
	profile = leave();
	profile.settings.score_init = (struct score_spec){SCORE_ABSOLUTE, -500};
	profile.settings.score_rules.len = 1;
	settings_plan(&profile, &facts, &plan);
	ck_assert_uint_eq(plan.writes_len, 0);
	ck_assert_int_eq(result_of(&plan.results, SETTING_SCORE_INIT)->outcome, SETTING_LATER);
	ck_assert_int_eq(result_of(&plan.results, SETTING_SCORE_RULES)->outcome, SETTING_LATER);
	ck_assert(settings_score_base(&plan.results, &base));
	ck_assert_int_eq(base, -20);
	facts.has_score = false;
	settings_plan(&profile, &facts, &plan);
	ck_assert_int_eq(plan.results.item[0].outcome, SETTING_REFUSED);
	ck_assert(!settings_score_base(&plan.results, &base));
}
END_TEST

START_TEST(a_score_of_the_managers_is_raised)
{
	static const struct {
		bool named;
		int config, init, own;
		const char *why;
	} rows[] = {
	    {false, 0, -1000, 0, "exempt like its manager"},
	    {false, 0, -999, 0, "as dockerd and containerd protect themselves"},
	    {false, 0, -998, 0, "as their shims do"},
	    {false, 0, -997, -997, "may be meant"},
	    {false, 0, -500, -500, "may be meant"},
	    {false, 0, 300, 300, "inherited, and no protection"},
	    {true, -1000, -1000, -1000, "config.json says so"},
	    {true, -999, -1000, -999, "below what config.json says"},
	    {true, 0, -500, 0, "below what config.json says"},
	    {true, 0, 200, 200, "a runtime without rights cannot go lower"},
	    {true, 0, 0, 0, "as it should be"},
	};
	const struct profile profile = leave();
	struct settings_facts facts = facts_v2();
	struct settings_plan plan;
	char text[16];

	for (size_t i = 0; i < LEN(rows); i++) {
		facts.has_config_score = rows[i].named;
		facts.config_score = rows[i].config;
		facts.init_score = rows[i].init;
		settings_plan(&profile, &facts, &plan);
		if (rows[i].own == rows[i].init) {
			ck_assert_msg(plan.results.len == 0, "%s", rows[i].why);
			continue;
		}
		ck_assert_msg(plan.writes_len == 1, "%s", rows[i].why);
		ck_assert_str_eq(plan.write[0].key, SETTING_SCORE_INHERITED);
		ck_assert_ptr_nonnull(strstr(plan.write[0].note, "inherited from its manager"));
		snprintf(text, sizeof(text), "%d", rows[i].own);
		ck_assert_str_eq(plan.write[0].value, text);
	}
}
END_TEST

START_TEST(an_inherited_score_is_no_base)
{
	struct settings_facts facts = facts_v1();
	struct profile profile = leave();
	struct settings_plan plan;
	int base = 7;

	facts.init_score = -1000;
	profile.settings.score_workload = (struct score_spec){SCORE_RELATIVE, 100};
	profile.settings.score_init = (struct score_spec){SCORE_ABSOLUTE, -500};
	settings_plan(&profile, &facts, &plan);
	ck_assert_uint_eq(plan.writes_len, 2);
	ck_assert_str_eq(plan.write[0].value, "0");
	ck_assert_str_eq(plan.write[1].value, "100");
	ck_assert_ptr_null(plan.write[1].note);
	ck_assert(settings_score_base(&plan.results, &base));
	ck_assert_int_eq(base, 0);
	facts.has_score = false;
	settings_plan(&profile, &facts, &plan);
	ck_assert_uint_eq(plan.writes_len, 0);
}
END_TEST

static struct profile scored(struct score_spec init, struct score_spec workload)
{
	struct profile profile = leave();

	profile.settings.score_init = init;
	profile.settings.score_workload = workload;
	profile.settings.score_rules.len = 2;
	strcpy(profile.settings.score_rules.rule[0].name, "^php-fpm");
	profile.settings.score_rules.rule[0].value = (struct score_spec){SCORE_ABSOLUTE, 800};
	strcpy(profile.settings.score_rules.rule[1].name, "^(redis|php-fpm7)$");
	profile.settings.score_rules.rule[1].value = (struct score_spec){SCORE_RELATIVE, -2000};
	return profile;
}

#define NO_SCORE 12345

START_TEST(which_score_a_process_gets)
{
	const struct score_spec none = {SCORE_LEAVE, 0}, minus = {SCORE_ABSOLUTE, -1000},
				plus = {SCORE_RELATIVE, 100};
	const struct {
		struct score_spec init, workload;
		bool is_init;
		const char *comm;
		int wanted;
	} rows[] = {
	    {none, none, false, "sh", NO_SCORE},   {none, none, true, "sh", NO_SCORE},
	    {none, none, false, "php-fpm7", 800},  {none, none, true, "redis", -999},
	    {minus, none, true, "redis", -1000},   {minus, none, false, "sh", NO_SCORE},
	    {none, plus, false, "sh", 130},	   {none, plus, true, "sh", 30},
	    {plus, minus, true, "sh", 130},	   {plus, minus, false, "sh", -1000},
	    {plus, minus, false, "redis2", -1000}, {plus, minus, false, "redis\n", -1000},
	};

	for (size_t i = 0; i < LEN(rows); i++) {
		struct profile profile = scored(rows[i].init, rows[i].workload);
		struct score_matcher matcher;
		int wanted = NO_SCORE;

		ck_assert_int_eq(score_matcher_init(&matcher, &profile, 30, NULL), 0);
		settings_score_wanted(&matcher, rows[i].is_init,
				      settings_score_rule(&matcher, rows[i].comm), &wanted);
		ck_assert_msg(wanted == rows[i].wanted, "row %zu: %d, not %d", i, wanted,
			      rows[i].wanted);
		score_matcher_free(&matcher);
	}
}
END_TEST

START_TEST(a_broken_expression_is_named)
{
	struct profile profile = scored((struct score_spec){0}, (struct score_spec){0});
	struct score_matcher matcher;
	struct error err = {0};

	strcpy(profile.settings.score_rules.rule[1].name, "a(b");
	ck_assert_int_eq(score_matcher_init(&matcher, &profile, 0, &err), -EINVAL);
	ck_assert_ptr_nonnull(strstr(err.message, "a(b"));
}
END_TEST

START_TEST(results_survive_json)
{
	struct settings_results results = {.len = 2}, copy;
	struct json_limits limits = {.source = "t", .max_bytes = 65536, .max_depth = 8};
	cleanup_json struct json *json = NULL;
	struct error err = {0};
	struct jsonw w;
	char text[4096];

	results.item[0] = (struct setting_result){
	    SETTING_SWAP, "memory.swap.max", SETTING_FAILED, "max", "max", "EBUSY \x01\""};
	results.item[1] = (struct setting_result){
	    SETTING_SCORE_INIT, "oom_score_adj", SETTING_LATER, "-5", "-5", ""};
	ck_assert_int_eq(jsonw_init(&w, text, sizeof(text), false), 0);
	jsonw_start(&w);
	settings_results_write(&results, &w);
	ck_assert_int_gt(jsonw_finish(&w), 0);
	jsonw_close(&w);
	ck_assert_int_eq(json_parse(text, strlen(text), &limits, &json, &err), 0);
	ck_assert_msg(settings_results_read(json, &copy, &err) == 0, "%s", err.message);
	ck_assert_uint_eq(copy.len, 2);
	for (size_t i = 0; i < 2; i++) {
		ck_assert_str_eq(copy.item[i].key, results.item[i].key);
		ck_assert_str_eq(copy.item[i].file, results.item[i].file);
		ck_assert_int_eq(copy.item[i].outcome, results.item[i].outcome);
		ck_assert_str_eq(copy.item[i].old_value, results.item[i].old_value);
		ck_assert_str_eq(copy.item[i].new_value, results.item[i].new_value);
		ck_assert_str_eq(copy.item[i].reason, results.item[i].reason);
	}
	ck_assert_int_eq(settings_results_read(NULL, &copy, &err), -EINVAL);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("settings");
	TCase *tests = tcase_create("plan");

	tcase_add_test(tests, nothing_wanted_nothing_done);
	tcase_add_test(tests, oom_killer_and_group);
	tcase_add_test(tests, a_limit_only_where_there_is_none);
	tcase_add_test(tests, swap_is_what_goes_beyond_the_limit);
	tcase_add_test(tests, v1_limit_stays_below_memsw_at_every_step);
	tcase_add_test(tests, swappiness_is_of_v1_only);
	tcase_add_test(tests, scores_at_creation);
	tcase_add_test(tests, a_score_of_the_managers_is_raised);
	tcase_add_test(tests, an_inherited_score_is_no_base);
	tcase_add_test(tests, which_score_a_process_gets);
	tcase_add_test(tests, a_broken_expression_is_named);
	tcase_add_test(tests, results_survive_json);
	suite_add_tcase(suite, tests);
	return unit_run(suite);
}
