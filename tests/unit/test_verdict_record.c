/* SPDX-License-Identifier: Apache-2.0 */
/* From records to facts, and from facts to the answers that come before all figures. */
#include <stdio.h>
#include <string.h>

#include "unit.h"
#include "verdict_answers.h"
#include "verdict_record.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define MIB(n) ((uint64_t)(n) << 20)
#define SIZE(n)                                                                                    \
	{                                                                                          \
		true, MIB(n)                                                                       \
	}

/* Parses with ' for ". Both are to be freed. */
static struct json *read_record(const char *text, struct verdict_record *out)
{
	const struct json_limits limits = {"test", 65536, 16, false, false, false};
	char quoted[4096];
	struct json *json = NULL;

	snprintf(quoted, sizeof(quoted), "%s", text);
	for (char *c = quoted; *c; c++)
		*c = *c == '\'' ? '"' : *c;
	ck_assert_int_eq(json_parse(quoted, strlen(quoted), &limits, &json, NULL), 0);
	ck_assert_int_eq(verdict_record_read(json, out), 0);
	return json;
}

START_TEST(what_is_missing_is_unknown)
{
	static const char *const texts[] = {
	    "{}",
	    "{'processes': null, 'memory': null, 'limits': null, 'host': null, 'timeline': null}",
	    "{'processes': [1], 'memory': 'x', 'limits': {'a': 1}, 'victims': {}, 'kind': 7}",
	    "{'memory': {'usage': -1, 'limit': 1.5, 'anon': '7', 'swapUsage': 3}}",
	};
	struct verdict_record record;
	struct verdicts verdicts;

	for (size_t i = 0; i < COUNT(texts); i++) {
		struct json *json = read_record(texts[i], &record);
		const struct verdict_facts *facts = &record.facts;

		ck_assert(!facts->memory.usage.known && !facts->own_limit.known &&
			  !facts->memory.anon.known && !facts->memory.swap_usage.known &&
			  !facts->kills.known && facts->processes_len == 0 &&
			  facts->whose == WHOSE_UNKNOWN && facts->killer_off == FACT_UNKNOWN &&
			  facts->init_alive == FACT_UNKNOWN);
		verdicts_find(facts, &verdicts);
		ck_assert_uint_eq(verdicts.len, 0);
		verdict_record_free(&record);
		json_free(json);
	}
}
END_TEST

START_TEST(odd_items_of_lists_do_no_harm)
{
	struct verdict_record record;
	struct json *json = read_record(
	    "{'processes': {'list': [7, {}, {'pid': 99999999999, 'oomScoreAdj': 5000}], 'more': 0},"
	    " 'victims': [null, {'pid': -1}], 'timeline': ['x'], 'details': [{}], 'left': [[]],"
	    " 'limits': [1, {'hit': true}]}",
	    &record);

	ck_assert_uint_eq(record.facts.processes_len, 3);
	for (size_t i = 0; i < 3; i++) {
		ck_assert_int_eq(record.facts.processes[i].pid, 0);
		ck_assert_str_eq(record.facts.processes[i].comm, "?");
		ck_assert(!record.facts.processes[i].has_score);
	}
	ck_assert_int_eq(record.facts.whose, WHOSE_ANCESTOR);
	verdict_record_free(&record);
	json_free(json);
}
END_TEST

START_TEST(a_victim_that_is_gone_has_the_score_of_the_kernels_line)
{
	struct verdict_record record;
	struct json *json = read_record(
	    "{'victims': [{'pid': 7, 'comm': 'w'}, {'pid': 8, 'comm': 'x'}, {'pid': 9}],"
	    " 'kernelReport': [3, 'Killed process 77 (y) oom_score_adj:1',"
	    "  'Memory cgroup out of memory: Killed process 7 ( oom_score_adj:9) UID:0 "
	    "oom_score_adj:900', 'Killed process 8 (x) UID:0 oom_score_adj:5000'],"
	    " 'processes': {'more': 4294967295}}",
	    &record);

	ck_assert(record.facts.victims[0].has_score);
	ck_assert_int_eq(record.facts.victims[0].oom_score_adj, 900);
	ck_assert(!record.facts.victims[1].has_score);
	ck_assert(!record.facts.victims[2].has_score);
	ck_assert(!record.facts.processes_more.known);
	verdict_record_free(&record);
	json_free(json);
}
END_TEST

START_TEST(a_whole_record_is_read)
{
	struct verdict_record record;
	struct json *json = read_record(
	    "{'kind': 'oom', 'slot': 'process', 'basis': 'kmsg', 'time': "
	    "'2026-11-25T10:00:01.500Z',"
	    " 'armed': {'time': '2026-11-25T10:00:00.000Z'}, 'kills': 2, 'limitCgroup': '/web',"
	    " 'memory': {'usage': 100, 'limit': null, 'swapAccounted': true, 'swapUsage': 5,"
	    "            'swapLimit': null, 'anon': 60},"
	    " 'limits': [{'cgroup': '/web', 'limit': 100, 'hit': true, 'high': null}],"
	    " 'settings': {'oomKiller': 'off'}, 'restarts': {'used': 3, 'max': 3, 'withinMs': "
	    "60000},"
	    " 'result': 'gave-up', 'reason': 'a restart is useless: 9 MiB outlived it',"
	    " 'removedCharge': {'shmem': 9, 'file': 1}, 'pressure': {'full': {'avg10': 12.7}},"
	    " 'victims': [{'pid': 5, 'comm': 'w', 'rss': 40, 'init': false}],"
	    " 'processes': {'more': 4, 'list': [{'pid': 5, 'comm': 'w', 'oomScoreAdj': 500,"
	    "   'rssAnon': 30, 'rssShmem': 2, 'swap': null, 'init': false, 'state': 'D',"
	    "   'wchan': 'io'}], 'zombies': [{'ppid': 1, 'comm': 'sh', 'count': 9}]},"
	    " 'left': [{'pid': 6, 'comm': 'x', 'state': 'D', 'wchan': 'nfs'}]}",
	    &record);
	const struct verdict_facts *facts = &record.facts;

	ck_assert_int_eq(facts->whose, WHOSE_OWN);
	ck_assert_uint_eq(facts->limit.n, 100);
	ck_assert_uint_eq(facts->own_limit.n, FIGURE_NO_LIMIT);
	ck_assert_uint_eq(facts->swap_limit.n, FIGURE_NO_LIMIT);
	ck_assert_uint_eq(facts->high.n, FIGURE_NO_LIMIT);
	ck_assert_uint_eq(facts->since_armed_ms.n, 1500);
	ck_assert_int_eq(facts->killer_off, FACT_YES);
	ck_assert_int_eq(facts->init_alive, FACT_YES);
	ck_assert_int_eq(facts->gave_up, FACT_YES);
	ck_assert_int_eq(facts->restart_useless, FACT_YES);
	ck_assert_uint_eq(facts->left_shmem.n, 9);
	ck_assert_uint_eq(facts->pressure_full_percent.n, 12);
	ck_assert_uint_eq(verdict_footprint(&facts->processes[0]).n, 32);
	ck_assert_int_eq(facts->victims[0].oom_score_adj, 500);
	ck_assert_uint_eq(facts->zombies[0].count, 9);
	ck_assert_str_eq(facts->unkilled[0].wchan, "nfs");
	verdict_record_free(&record);
	json_free(json);
}
END_TEST

static const struct {
	const char *record;
	enum verdict_whose whose;
} whose[] = {
    {"{'kind': 'oom', 'slot': 'init', 'basis': 'counters'}", WHOSE_OWN},
    {"{'kind': 'oom', 'slot': 'process', 'basis': 'nothing'}", WHOSE_UNKNOWN},
    {"{'kind': 'oom', 'slot': 'ancestor'}", WHOSE_ANCESTOR},
    {"{'kind': 'oom', 'slot': 'global', 'limits': [{'hit': true}]}", WHOSE_HOST},
    {"{'kind': 'oom', 'slot': 'global', 'kernelReport': ['x', 'oom-kill:constraint="
     "CONSTRAINT_CPUSET,nodemask=(null),cpuset=c,mems_allowed=1,global_oom,task_memcg=/c,task=w,"
     "pid=5,uid=0', 'Out of memory: Killed process 5 (w)']}",
     WHOSE_NODES},
    {"{'kind': 'oom', 'slot': 'global', 'kernelReport': ['oom-kill:constraint=CONSTRAINT_NONE,"
     "nodemask=(null),cpuset=c,mems_allowed=0-1,global_oom,task_memcg=/c,task=w,pid=5,uid=0']}",
     WHOSE_HOST},
    /* What a process is called tells nothing. */
    {"{'kind': 'oom', 'slot': 'global', 'kernelReport': ['[ 5] 0 5 1 1 0 0 0 "
     "oom-kill:constraint=CONSTRAINT_CPUSET,']}",
     WHOSE_HOST},
    {"{'kind': 'oom', 'slot': 'unknown', 'limits': [{}, {'hit': true}]}", WHOSE_ANCESTOR},
    {"{'kind': 'stall', 'stall': 'oom-killer-off'}", WHOSE_OWN},
    {"{'kind': 'stall', 'stall': 'ancestor'}", WHOSE_ANCESTOR},
    {"{'kind': 'stall', 'stall': 'pressure'}", WHOSE_UNKNOWN},
    {"{'kind': 'near-limit'}", WHOSE_OWN},
};

START_TEST(whose_limit_it_was)
{
	struct verdict_record record;
	struct json *json = read_record(whose[_i].record, &record);

	ck_assert_msg(record.facts.whose == whose[_i].whose, "%s: %d", whose[_i].record,
		      record.facts.whose);
	verdict_record_free(&record);
	json_free(json);
}
END_TEST

static const struct verdict_process workers[] = {
    {.pid = 1, .comm = "init", .anon = SIZE(8), .init = FACT_YES, .has_score = true},
    {.pid = 2, .comm = "a", .anon = SIZE(20), .has_score = true},
    {.pid = 3, .comm = "b", .anon = SIZE(30), .has_score = true, .oom_score_adj = -1000},
    {.pid = 4, .comm = "z", .anon = SIZE(60), .state = 'Z'},
};
static const struct verdict_process large_init[] = {
    {.pid = 1, .comm = "init", .anon = SIZE(50), .init = FACT_YES, .has_score = true},
    {.pid = 2, .comm = "a", .anon = SIZE(2), .has_score = true},
};
static const struct verdict_process sharing[] = {
    {.pid = 5, .comm = "s", .anon = SIZE(1), .shmem = SIZE(39)},
};
static const struct verdict_victim victims[] = {{.pid = 2, .comm = "a", .rss = SIZE(21)}};
static const struct verdict_zombies zombies[] = {{7, "sh", 900}};

static const struct {
	const char *what;
	struct verdict_facts facts;
	const char *text;
} choices[] = {
    {"nothing is known", {.kills = {true, 1}}, "not known"},
    {"the largest that may be killed",
     {.processes = workers, .processes_len = 4},
     "a (pid 2, 20 MiB): the largest process"},
    {"and it was",
     {.processes = workers, .processes_len = 4, .victims = victims, .victims_len = 1},
     "a (pid 2, 21 MiB): the largest process, and it was"},
    {"only protected ones",
     {.processes = workers + 2, .processes_len = 1},
     "b (pid 3, 30 MiB): the largest process; oom_score_adj -1000 protects it"},
    {"the init alone",
     {.processes = workers, .processes_len = 1},
     "init (pid 1, 8 MiB): the init itself is the largest by far"},
    {"the init by far",
     {.processes = large_init, .processes_len = 2},
     "init (pid 1, 50 MiB): the init itself is the largest by far"},
    {"files in memory",
     {.processes = workers, .processes_len = 4, .limit = SIZE(64), .memory = {.shmem = SIZE(40)}},
     "nobody: files in memory and kernel memory stay when a process is killed"},
    {"shared memory that one has mapped",
     {.processes = sharing, .processes_len = 1, .limit = SIZE(64), .memory = {.shmem = SIZE(40)}},
     "s (pid 5, 40 MiB): the largest process"},
    {"all are small",
     {.processes = workers,
      .processes_len = 4,
      .victims = victims,
      .victims_len = 1,
      .limit = SIZE(8192)},
     "a (pid 2, 21 MiB): one of many small ones, of which none matters by itself, and it was"},
    {"a pile of zombies",
     {.processes = workers,
      .processes_len = 4,
      .zombie_stall = FACT_YES,
      .zombies = zombies,
      .zombies_len = 1},
     "sh (pid 7): the parent that does not reap: its end frees its zombies"},
};

START_TEST(who_should_have_been)
{
	struct verdict_choice choice;
	char text[256];

	verdict_choose(&choices[_i].facts, &choice);
	ck_assert_msg(!strcmp(verdict_choice_text(&choice, text, sizeof(text)), choices[_i].text),
		      "%s: %s", choices[_i].what, text);
}
END_TEST

static const struct {
	struct verdict_facts facts;
	const char *text;
} killed[] = {
    {{.kills = {true, 0}}, "nobody by the kernel"},
    {{.event = VERDICT_OF_OOM}, "not known"},
    {{.kills = {true, 1}}, "1 process, names not known"},
    {{.kills = {true, 3}}, "3 processes, names not known"},
    {{.kills = {true, 3}, .victims = victims, .victims_len = 1}, "a (pid 2, 21 MiB) and 2 more"},
    {{.victims = victims, .victims_len = 1}, "a (pid 2, 21 MiB)"},
};

START_TEST(who_was_killed)
{
	char text[256];

	ck_assert_str_eq(verdict_killed_text(&killed[_i].facts, text, sizeof(text)),
			 killed[_i].text);
}
END_TEST

static const struct {
	struct verdict_facts facts;
	const char *text;
} limits[] = {
    {{.limit = SIZE(64)}, "not known whose, 64 MiB"},
    {{.whose = WHOSE_OWN, .limit = SIZE(64), .hit_cgroup = "/web"},
     "the container's own, 64 MiB (/web)"},
    {{.whose = WHOSE_ANCESTOR, .hit_cgroup = "/pod"}, "one above the container (/pod)"},
    {{.whose = WHOSE_HOST, .limit = SIZE(1024), .hit_cgroup = "/web"},
     "none: the host was out of memory, 1 GiB"},
};

START_TEST(which_limit_was_hit)
{
	char text[256];

	ck_assert_str_eq(verdict_limit_text(&limits[_i].facts, text, sizeof(text)),
			 limits[_i].text);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("verdict_record");
	TCase *tests = tcase_create("verdict_record");

	tcase_add_test(tests, what_is_missing_is_unknown);
	tcase_add_test(tests, odd_items_of_lists_do_no_harm);
	tcase_add_test(tests, a_victim_that_is_gone_has_the_score_of_the_kernels_line);
	tcase_add_test(tests, a_whole_record_is_read);
	tcase_add_loop_test(tests, whose_limit_it_was, 0, COUNT(whose));
	tcase_add_loop_test(tests, who_should_have_been, 0, COUNT(choices));
	tcase_add_loop_test(tests, who_was_killed, 0, COUNT(killed));
	tcase_add_loop_test(tests, which_limit_was_hit, 0, COUNT(limits));
	suite_add_tcase(suite, tests);
	return unit_run(suite);
}
