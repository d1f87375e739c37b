/* SPDX-License-Identifier: Apache-2.0 */
/* What is made of the rules' answers: their order, their words, and no harm by hostile numbers. */
#include <string.h>

#include "unit.h"
#include "verdict_demand.h"
#include "verdict_facts.h"

START_TEST(nothing_known_says_nothing)
{
	static struct verdicts verdicts;
	const struct verdict_facts facts = {0};

	verdicts_find(&facts, &verdicts);
	ck_assert_uint_eq(verdicts.len, 0);
}
END_TEST

START_TEST(causes_lead_and_the_surest_first)
{
	static struct verdicts verdicts;
	const struct verdict_facts facts =
	    OWN(.whose = WHOSE_ANCESTOR, .since_armed_ms = NUMBER(900), .init_alive = FACT_YES,
		MEMORY(.shmem = SIZE(22)), .restarts_used = NUMBER(3),
		PROCESSES(PROCESS(2, "java", SIZE(44))), .processes_more = NUMBER(5));
	const char *const order[] = {"ancestor-limit", "tmpfs", "one-process-too-large",
				     "restart-loop", "child-killed-init-alive"};

	verdicts_find(&facts, &verdicts);
	ck_assert_uint_eq(verdicts.len, COUNT(order));
	for (size_t i = 0; i < COUNT(order); i++)
		ck_assert_str_eq(verdicts.items[i].name, order[i]);
}
END_TEST

START_TEST(growth_tells_its_rate)
{
	struct verdict_sample line[10];
	const struct verdict_facts facts = OWN(.timeline = line, .timeline_len = COUNT(line));
	struct growth growth;

	for (unsigned i = 0; i < COUNT(line); i++)
		line[i] = (struct verdict_sample){.age_ms = (9 - i) * 2000, .anon = SIZED(6 * i)};
	ck_assert(growth_of(&facts, &growth));
	ck_assert_uint_eq(growth.per_second, MIB(3));
	ck_assert_uint_ge(growth.fit_percent, 99);
	ck_assert_uint_eq(growth.span_ms, 18000);
	ck_assert_uint_eq(growth.last, MIB(54));
}
END_TEST

static const struct {
	struct verdict_figure figure;
	const char *text;
} texts[] = {
    {{"largest process", UNIT_BYTES, 3 << 20, "java, pid 7"},
     "largest process: 3 MiB (java, pid 7)"},
    {{"limit", UNIT_BYTES, 1 << 20, ""}, "limit: 1 MiB"},
    {{"growth", UNIT_BYTES_PER_SECOND, 1536, ""}, "growth: 1.5 KiB/s"},
    {{"share", UNIT_PERCENT, 97, ""}, "share: 97 %"},
    {{"seen for", UNIT_MS, 90000, ""}, "seen for: 1.5 min"},
    {{"not reaped", UNIT_COUNT, 12, "zombies"}, "not reaped: 12 zombies"},
    {{"killed", UNIT_COUNT, 1, "processes"}, "killed: 1 process"},
    {{"restarted", UNIT_COUNT, 1, "times"}, "restarted: 1 time"},
    {{"its score", UNIT_SCORE, (uint64_t)-998, ""}, "its score: oom_score_adj -998"},
    {{"parent", UNIT_WORD, 0, "sh, pid 1"}, "parent: sh, pid 1"},
};

START_TEST(figures_carry_their_unit)
{
	char text[256], cut[8];

	ck_assert_str_eq(verdict_figure_text(&texts[_i].figure, text, sizeof(text)),
			 texts[_i].text);
	verdict_figure_text(&texts[_i].figure, cut, sizeof(cut));
	ck_assert_uint_eq(strlen(cut), 7);
}
END_TEST

START_TEST(verdicts_are_written)
{
	static struct verdicts verdicts;
	const struct verdict_facts facts =
	    OWN(PROCESSES(PROCESS(2, "ja\033\"va", SIZE(60))), WHOLE);
	static struct jsonw w;
	char buf[4096];

	verdicts_find(&facts, &verdicts);
	ck_assert_int_eq(jsonw_init(&w, buf, sizeof(buf), false), 0);
	jsonw_start(&w);
	jsonw_object(&w);
	verdicts_write(&w, "verdicts", &verdicts);
	jsonw_object_end(&w);
	ck_assert_int_gt(jsonw_finish(&w), 0);
	jsonw_close(&w);
	ck_assert_ptr_nonnull(strstr(buf, "{\"verdicts\":[{\"name\":\"one-process-too-large\""));
	ck_assert_ptr_nonnull(strstr(buf, "\"confidence\":\"likely\""));
	ck_assert_ptr_nonnull(strstr(buf, "{\"what\":\"largest process\",\"value\":62914560,"
					  "\"unit\":\"bytes\",\"of\":\"ja\\u001B\\\"va, pid 2\","));
}
END_TEST

#define HUGE NUMBER(UINT64_MAX - 1)

START_TEST(hostile_numbers_do_no_harm)
{
	static struct verdicts verdicts;

	const struct verdict_sample samples[6] = {
	    {.age_ms = UINT64_MAX, .anon = HUGE}, {.age_ms = 5, .anon = NUMBER(0)},
	    {.age_ms = 4, .anon = HUGE},	  {.age_ms = 3, .anon = NUMBER(0)},
	    {.age_ms = 2, .anon = HUGE},	  {.age_ms = 1, .anon = HUGE},
	};
	const struct verdict_facts facts =
	    OWN(PROCESSES({.pid = 1, .comm = "", .anon = HUGE, .shmem = HUGE, .swap = HUGE},
			  {.pid = 1, .comm = "", .anon = HUGE}),
		.processes_more = NUMBER(UINT64_MAX), .limit = NUMBER(1), .own_limit = NUMBER(0),
		.kills = HUGE, .timeline = samples, .timeline_len = 6, ZOMBIES(UINT64_MAX),
		.left_shmem = HUGE, .left_file = HUGE, .host_swap_total = NUMBER(1),
		.host_swap_free = HUGE, MEMORY(.shmem = HUGE, .kernel = HUGE, .sock = HUGE));

	verdicts_find(&facts, &verdicts);
	ck_assert_uint_gt(verdicts.len, 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("verdict_words");
	TCase *tests = tcase_create("verdict_words");

	tcase_add_test(tests, nothing_known_says_nothing);
	tcase_add_test(tests, causes_lead_and_the_surest_first);
	tcase_add_test(tests, growth_tells_its_rate);
	tcase_add_loop_test(tests, figures_carry_their_unit, 0, COUNT(texts));
	tcase_add_test(tests, verdicts_are_written);
	tcase_add_test(tests, hostile_numbers_do_no_harm);
	suite_add_tcase(suite, tests);
	return unit_run(suite);
}
