/* SPDX-License-Identifier: Apache-2.0 */
/* Lines in records: JSON in all its shapes, journalctl's export and verbose forms, escapes. */
#include <stdio.h>

#include "oomlog_collect.h"
#include "unit.h"

#define LEN(array) (sizeof(array) / sizeof((array)[0]))

static struct collected all;

static const char *const sample[] = {
    "a b invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=8",
    "CPU: 6 PID: 70 Comm: a b Not tainted 6.1.0-13-amd64 #1 Debian 6.1.55-1",
    "Call Trace:",
    "memory: usage 5kB, limit 6kB, failcnt 7",
    "Memory cgroup stats for /a/b:",
    "[  pid  ]   uid  tgid total_vm      rss pgtables_bytes swapents oom_score_adj name",
    "[     70]   107    70     6000      200        4        0             8 a b",
    "oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=c,mems_allowed=0,oom_memcg=/a/b,"
    "task_memcg=/a/b,task=a b,pid=70,uid=107",
    "Memory cgroup out of memory: Killed process 70 (a b) total-vm:24000kB, anon-rss:1kB, "
    "file-rss:2kB, shmem-rss:3kB, UID:107 pgtables:4kB oom_score_adj:8",
};

/* What stands in front of each line and behind it, and before and after them all. */
static const struct {
	const char *front, *behind, *first, *last;
} forms[] = {
    {"{\"log\":\"[   10.000001] ",
     "\\n\",\"stream\":\"stdout\",\"time\":\"2024-01-02T03:04:05Z\"}\n", "", ""},
    {"{\"log\":\"", "\\n\",\"stream\":\"stdout\"}\n", "", ""},
    {"{\"MESSAGE\":\"", "\",\"_TRANSPORT\":\"kernel\"}\n", "", ""},
    {"{ \"_TRANSPORT\" : \"kernel\", \"PRIORITY\" : \"4\", \"MESSAGE\" : \"",
     "\", \"_SOURCE_MONOTONIC_TIMESTAMP\" : \"10000001\" }\n", "", ""},
    {"{\"a\":{\"b\":[1,{\"c\":null}]},\"message\":\"", "\",\"log\":\"no\"}\n", "", ""},
    {"{\"jsonPayload\":{\"MESSAGE\":\"", "\",\"SYSLOG_IDENTIFIER\":\"kernel\"}}\n", "", ""},
    {"{\"msg\":\" [   10.000001] ", "\",\"host\":\"h\"}\n", "", ""},
    /* cut off behind the message */
    {"{\"MESSAGE\":\"", "\",\"_TRANS\n", "", ""},
    /* one array, one object, one string */
    {"{\"MESSAGE\":\"", "\",\"_TRANSPORT\":\"kernel\"},", "[", "{}]\n"},
    {"", "\\n", "{\"log\":\"", "\"}\n"},
    /* spread over lines */
    {"{\n\t\"_TRANSPORT\" : \"kernel\",\n\t\"MESSAGE\" : \"", "\",\n\t\"PRIORITY\" : \"4\"\n}\n",
     "", ""},
    {"{\n\t\"MESSAGE\" : \"", "\",\n\t\"_TRANSPORT\" : \"kernel\"\n},\n", "[\n", "]\n"},
    /* journalctl -o export, verbose */
    {"__CURSOR=x\n_TRANSPORT=kernel\nMESSAGE=", "\n_HOSTNAME=h\n\n", "", ""},
    {"MESSAGE=", "\n_TRANSPORT=kernel\nUNKNOWN=[  pid  ]\n\n", "", ""},
    {"Thu 2017-12-07 00:13:22.1 CET [s=ab;i=1;b=cd;m=1]\n    _TRANSPORT=kernel\n    MESSAGE=",
     "\n    PRIORITY=4\n", "", ""},
    /* a control character's number */
    {"", "#012", "Dec  7 00:13:22 host kernel: ", "\n"},
    {"", "\\x0a", "6,1,10000001,-;", "\n"},
};

static size_t make(char *text, size_t cap, size_t form)
{
	size_t len = (size_t)snprintf(text, cap, "%s", forms[form].first);

	for (size_t i = 0; i < LEN(sample); i++)
		len += (size_t)snprintf(text + len, cap - len, "%s%s%s", forms[form].front,
					sample[i], forms[form].behind);
	return len + (size_t)snprintf(text + len, cap - len, "%s", forms[form].last);
}

static void check_sample(void)
{
	const struct oomlog_report *report = &all.reports[0];

	ck_assert_uint_eq(all.len, 1);
	ck_assert_str_eq(report->invoker_comm, "a b");
	ck_assert_int_eq(report->invoker_pid, 70);
	ck_assert_str_eq(report->kernel, "6.1.0-13-amd64");
	ck_assert_uint_eq(report->memory.failcnt, 7);
	ck_assert_uint_eq(report->tasks, 1);
	ck_assert_str_eq(report->top[0].name, "a b");
	ck_assert_str_eq(report->oom_cgroup, "/a/b");
	ck_assert_uint_eq(report->victims_len, 1);
	ck_assert_int_eq(report->victims[0].oom_score_adj, 8);
	ck_assert(report->complete);
}

START_TEST(forms_of_records)
{
	static char text[16384];
	size_t len = make(text, sizeof(text), (size_t)_i);

	collect(&all, text, len, SIZE_MAX);
	check_sample();
	collect(&all, text, len, 7);
	check_sample();
}
END_TEST

/* The reader looks for words only: fields above a message still tell whose it is. */
START_TEST(far_into_a_log)
{
	static char text[256 * 1024];
	size_t len = 0, lines = 0;

	for (; lines < 1000; lines++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, "noise %zu\n", lines);
	make(text + len, sizeof(text) - len, (size_t)_i);
	collect_text(&all, text);
	check_sample();
	ck_assert_uint_gt(all.reports[0].line, lines);
	ck_assert_uint_le(all.reports[0].line, lines + 4);
}
END_TEST

/* Messages of other senders, and what is no message. */
static const char *const strangers[] = {
    "{\"MESSAGE\":\"Killed process 1 (init)\",\"_TRANSPORT\":\"stdout\"}\n",
    "{\"_TRANSPORT\":\"syslog\",\"MESSAGE\":\"Killed process 1 (init)\"}\n",
    "{\"MESSAGE\":\"Killed process 1 (init)\",\"SYSLOG_IDENTIFIER\":\"app\"}\n",
    "{\"msg\":\"Killed process 1 (init)\"}\n",
    "{\"other\":\"Killed process 1 (init)\"}\n",
    "{\n\"MESSAGE\" : \"Killed process 1 (init)\",\n\"_TRANSPORT\" : \"stdout\"\n}\n",
    "__CURSOR=x\n_TRANSPORT=stdout\nMESSAGE=Killed process 1 (init)\n\n",
    "__CURSOR=x\nMESSAGE=Killed process 1 (init)\nSYSLOG_IDENTIFIER=app\n\n",
    "MESSAGE=Killed process 1 (init)\n_TRANSPORT=journal\n__CURSOR=y\n",
};

START_TEST(other_senders)
{
	collect_text(&all, strangers[_i]);
	ck_assert_uint_eq(all.len, 0);
}
END_TEST

START_TEST(messages_in_other_shapes)
{
	/* numbers of its bytes, as journald writes what it finds unprintable */
	collect_one(&all, "{\"MESSAGE\":[75,105,108,108,101,100,32,112,114,111,99,101,115,115,32,"
			  "55,32,40,120,41],\"_TRANSPORT\":\"kernel\"}\n");
	ck_assert_int_eq(all.reports[0].victims[0].pid, 7);
	ck_assert_int_eq(all.reports[0].prefix, OOMLOG_JSON);
	/* behind a date and a tag */
	collect_one(&all, "2020-01-01 00:00:00 +0000 kernel: {\"priority\":\"6\",\"message\":"
			  "\"Killed process 7 (x)\"}\n");
	ck_assert_int_eq(all.reports[0].victims[0].pid, 7);
	/* said twice, under two names */
	collect_one(&all,
		    "{\"log\":\"x invoked oom-killer: gfp_mask=0xd0, order=0, oom_adj=1\","
		    "\"message\":\"x invoked oom-killer: gfp_mask=0xd0, order=0, oom_adj=1\"}\n");
	/* the journal's clock parts reports */
	collect_text(&all,
		     "{\"MESSAGE\":\"x invoked oom-killer: gfp_mask=0xd0, order=0, oom_adj=1\","
		     "\"_SOURCE_MONOTONIC_TIMESTAMP\":\"10000000\"}\n"
		     "{\"MESSAGE\":\"Out of memory: Kill process 7 (x) score 0 or sacrifice "
		     "child\",\"_SOURCE_MONOTONIC_TIMESTAMP\":\"99000000\"}\n");
	ck_assert_uint_eq(all.len, 2);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("oomlog_record");
	TCase *tests = tcase_create("oomlog_record");

	tcase_set_timeout(tests, 120);
	tcase_add_loop_test(tests, forms_of_records, 0, LEN(forms));
	tcase_add_loop_test(tests, far_into_a_log, 0, LEN(forms));
	tcase_add_loop_test(tests, other_senders, 0, LEN(strangers));
	tcase_add_test(tests, messages_in_other_shapes);
	suite_add_tcase(suite, tests);
	return unit_run(suite);
}
