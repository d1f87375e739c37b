/* SPDX-License-Identifier: Apache-2.0 */
/* Reports in lines that something broke, and reports whose lines are mixed. */
#include <stdio.h>

#include "oomlog_collect.h"
#include "unit.h"

#define LEN(array) (sizeof(array) / sizeof((array)[0]))

static struct collected all;

/* One cgroup's report, before and since 5.0, in lines that a mail or a terminal broke. */
static const char *const wrapped[] = {
    /* mail, at blanks */
    "[  10.000001] java invoked oom-killer: gfp_mask=0xd0, order=0,\n"
    "oom_score_adj=-3\n"
    "[  10.000002] Task in /a/b killed as a result of limit of\n/a\n"
    "[  10.000003] memory: usage 5kB, limit 6kB,\nfailcnt 7\n"
    "[  10.000004] [ pid ]   uid  tgid total_vm      rss nr_ptes swapents\noom_score_adj name\n"
    "[  10.000005] [   12]     7    12     6000      200      12        0\n            -3 java\n"
    "[  10.000006] Memory cgroup out of memory: Kill process 12 (java)\nscore 9 or sacrifice "
    "child\n"
    "[  10.000007] Killed process 12 (java) total-vm:24000kB,\nanon-rss:1kB, file-rss:2kB\n",
    /* terminal, anywhere */
    "[  10.000001] java invoked oom-killer: gfp_mask=0xd0, order=0, oom_sco\nre_adj=-3\n"
    "[  10.000002] Task in /a/b killed as a resu\nlt of limit of /a\n"
    "[  10.000003] memory: usage 5kB, limit 6k\nB, failcnt 7\n"
    "[  10.000004] [ pid ]   uid  tgid total_vm      rss nr_ptes swape\nnts oom_score_adj name\n"
    "[  10.000005] [   12]     7    12     6000      2\n00      12        0            -3 java\n"
    "[  10.000006] Memory cgroup out of memory: Kill process 12 (ja\nva) score 9 or sacr\nifice "
    "child\n"
    "[  10.000007] Killed process 12 (java) total-vm:24000kB, anon-r\nss:1kB, file-rss:2kB\n",
    /* quoted-printable */
    "[  10.000001] java invoked oom-killer: gfp_mask=0xd0, order=0, oom_sco=\nre_adj=-3\n"
    "[  10.000002] Task in /a/b killed as a result of limit of =\n/a\n"
    "[  10.000003] memory: usage 5kB, limit 6kB, failcnt 7\n"
    "[  10.000004] [ pid ]   uid  tgid total_vm      rss nr_ptes swape=\nnts oom_score_adj name\n"
    "[  10.000005] [   12]     7    12     6000      200      12        0            -3 java\n"
    "[  10.000006] Memory cgroup out of memory: Kill process 12 (java) score 9 or sacrif=\nice "
    "child\n"
    "[  10.000007] Killed process 12 (java) total-vm:24000kB, anon-rss:1kB, file-rss:2kB\n",
    /* no stamps */
    "java invoked oom-killer: gfp_mask=0xd0, order=0,\noom_score_adj=-3\n"
    "Task in /a/b killed as a result of\nlimit of /a\n"
    "memory: usage 5kB, limit 6kB,\nfailcnt 7\n"
    "[ pid ]   uid  tgid total_vm      rss nr_ptes swapents\noom_score_adj name\n"
    "[   12]     7    12     6000      200      12        0\n            -3 java\n"
    "Memory cgroup out of memory: Kill process 12 (java)\nscore 9 or sacrifice child\n"
    "Killed process 12 (java) total-vm:24000kB,\nanon-rss:1kB, file-rss:2kB\n",
    /* in front of the words that tell what line it is */
    "[  10.000001] java invoked\noom-killer: gfp_mask=0xd0, order=0, oom_score_adj=-3\n"
    "[  10.000002] Task in /a/b killed as a result of limit of /a\n"
    "[  10.000003] memory: usage 5kB, limit 6kB, failcnt 7\n"
    "[  10.000004] [ pid ]   uid  tgid total_vm      rss nr_ptes swapents oom_score_adj name\n"
    "[  10.000005] [   12]     7    12     6000      200      12        0            -3 java\n"
    "[  10.000006] Memory cgroup out of memory:\nKill process 12 (java) score 9 or sacrifice "
    "child\n"
    "[  10.000007] Killed process 12\n(java) total-vm:24000kB, anon-rss:1kB, file-rss:2kB\n",
    "[  10.000001] java invoked oom-killer:\ngfp_mask=0xd0, order=0, oom_score_adj=-3\n"
    "[  10.000002] Task in /a/b killed as a result of limit of /a\n"
    "[  10.000003] memory: usage 5kB, limit 6kB, failcnt 7\n"
    "[  10.000004] [ pid ]   uid  tgid total_vm      rss nr_ptes swapents oom_score_adj name\n"
    "[  10.000005] [   12]     7    12     6000      200      12        0            -3 java\n"
    "[  10.000006] Memory cgroup out of memory: Kill\nprocess 12 (java) score 9 or sacrifice "
    "child\n"
    "[  10.000007] Killed\nprocess 12 (java) total-vm:24000kB, anon-rss:1kB, file-rss:2kB\n",
    /* by the kernel itself, each part with a stamp */
    "[  10.000001] java invoked oom-killer: gfp_mask=0xd0, order=0, oom_score_adj=-3\n"
    "[  10.000002] Task in /a/b\n[  10.000002] killed as a result of limit of \n"
    "[  10.000002] /a\n\n"
    "[  10.000003] memory: usage 5kB, limit 6kB, failcnt 7\n"
    "[  10.000004] [ pid ]   uid  tgid total_vm      rss nr_ptes swapents oom_score_adj name\n"
    "[  10.000005] [   12]     7    12     6000      200      12        0            -3 java\n"
    "[  10.000006] Memory cgroup out of memory: Kill process 12 (java) score 9 or sacrifice "
    "child\n"
    "[  10.000007] Killed process 12 (java) total-vm:24000kB, anon-rss:1kB, file-rss:2kB\n",
    /* a mail that quotes */
    "> [  10.000001] java invoked oom-killer: gfp_mask=0xd0, order=0,\n> oom_score_adj=-3\n"
    "> [  10.000002] Task in /a/b killed as a result of limit of\n> /a\n"
    "> [  10.000003] memory: usage 5kB, limit 6kB,\n> failcnt 7\n"
    "> [  10.000004] [ pid ]   uid  tgid total_vm      rss nr_ptes swapents\n> oom_score_adj name\n"
    "> [  10.000005] [   12]     7    12     6000      200      12        0\n>             -3 "
    "java\n"
    "> [  10.000006] Memory cgroup out of memory: Kill process 12 (java)\n> score 9 or sacrifice "
    "child\n"
    "> [  10.000007] Killed process 12 (java) total-vm:24000kB,\n> anon-rss:1kB, file-rss:2kB\n",
};

START_TEST(broken_lines)
{
	const struct oomlog_report *report = collect_one(&all, wrapped[_i]);

	ck_assert_int_eq(report->invoker_oom_score_adj, -3);
	ck_assert_str_eq(report->task_cgroup, "/a/b");
	ck_assert_str_eq(report->oom_cgroup, "/a");
	ck_assert_uint_eq(report->memory.failcnt, 7);
	ck_assert_uint_eq(report->tasks, 1);
	ck_assert_uint_eq(report->top[0].rss_pages, 200);
	ck_assert_str_eq(report->top[0].name, "java");
	ck_assert_str_eq(report->chosen_comm, "java");
	ck_assert_int_eq(report->chosen_score, 9);
	ck_assert_uint_eq(report->victims[0].file_rss_kb, 2);
}
END_TEST

/* Mail breaks at blanks: a header's and a row's figures are never joined without one. */
START_TEST(a_row_broken_between_figures)
{
	static const char *const headers[] = {
	    "[ 10.000001] [  pid  ]   uid  tgid total_vm      rss pgtables_bytes\n"
	    "swapents oom_score_adj name\n",
	    "",
	};
	char text[1024];

	snprintf(text, sizeof(text),
		 "%s[ 10.000002] [1036087]     0 1036073  6258739  3543942\n37814272        0    "
		 "         0 oom02\n"
		 "[ 10.000003] Out of memory: Kill process 1036087 (oom02) score 9 or\nsacrifice "
		 "child\n",
		 headers[_i]);
	collect_one(&all, text);
	ck_assert_uint_eq(all.reports[0].tasks, 1);
	ck_assert_uint_eq(all.reports[0].top[0].rss_pages, 3543942);
	ck_assert_str_eq(all.reports[0].top[0].name, "oom02");
}
END_TEST

/* A header with a column that no kernel is known to have is read as it stands. */
START_TEST(a_header_of_a_kernel_to_come)
{
	const struct oomlog_report *report = collect_one(
	    &all, "[ 10.000001] [  pid  ]   uid  tgid total_vm      rss future_bytes swapents "
		  "oom_score_adj name\n"
		  "[ 10.000002] [      7]     0     7     5000      100     4096        0       "
		  "     -5 a b\n"
		  "[ 10.000003] Out of memory: Kill process 7 (a b) score 9 or sacrifice child\n");

	ck_assert_uint_eq(report->top[0].rss_pages, 100);
	ck_assert_str_eq(report->top[0].name, "a b");
	ck_assert_int_eq(report->top[0].oom_score_adj, -5);
}
END_TEST

/* The name ends what the oldest kernels say; of the newer ones the rest is on the next line. */
static const struct {
	const char *text;
	bool has_sizes, has_score;
} after_names[] = {
    {"[ 10.000001] Memory cgroup out of memory: Killed process 7 (tail)\ntotal-vm:3kB, "
     "anon-rss:2kB,\nfile-rss:1kB, shmem-rss:0kB, UID:0 pgtables:60kB oom_score_adj:-3\n",
     true, true},
    /* the console cut its end off besides */
    {"[ 10.000001] Memory cgroup out of memory: Killed process 7 (tail)\ntotal-vm:3kB, "
     "anon-rss:2kB, file-rss:1kB, shmem-rss:0kB,\nUID:00\n\nThis is what we saw.\n",
     true, false},
    {"[ 10.000001] Killed process 7 (tail)\ndocker0: port 2 entered disabled state\n", false,
     false},
    {"Killed process 7 (tail)\nCall Trace:\ntotal-vm:3kB, anon-rss:2kB, file-rss:1kB\n", false,
     false},
};

START_TEST(sizes_on_the_next_line)
{
	const struct oomlog_report *report = collect_one(&all, after_names[_i].text);

	ck_assert_uint_eq(report->victims_len, 1);
	ck_assert_str_eq(report->victims[0].comm, "tail");
	ck_assert_int_eq(report->victims[0].has_total_vm, after_names[_i].has_sizes);
	ck_assert_int_eq(report->victims[0].has_score, after_names[_i].has_score);
	if (!after_names[_i].has_sizes)
		return;
	ck_assert_uint_eq(report->victims[0].anon_rss_kb, 2);
	ck_assert_uint_eq(report->victims[0].file_rss_kb, 1);
}
END_TEST

START_TEST(a_summary_broken_into_many_lines)
{
	const struct oomlog_report *report = collect_one(
	    &all,
	    "[  10.000001] oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=cri-co\n"
	    "ntainerd-9192.scope,mems_allowed=0,oom_memcg=/kubepods.slice,task_memcg=/kubepod\n"
	    "s.slice/kubepods-besteffort.slice,task=ba\nsh,pid=77\n88,uid=10\n"
	    "[  10.000002] Memory cgroup out of memory: Killed process 7788 (bash) total-vm:3kB, "
	    "anon\n"
	    "-rss:2kB, file-rss:1kB, shmem-rss:0kB, UID:10 pgtables:1kB oom_sc\nore_adj:1000\n");

	ck_assert_str_eq(report->cpuset, "cri-containerd-9192.scope");
	ck_assert_str_eq(report->oom_cgroup, "/kubepods.slice");
	ck_assert_str_eq(report->task_cgroup, "/kubepods.slice/kubepods-besteffort.slice");
	ck_assert_uint_eq(report->victims_len, 1);
	ck_assert_int_eq(report->victims[0].oom_score_adj, 1000);
}
END_TEST

/* Far from its beginning, and where the words stand on the second half. */
START_TEST(a_broken_head_far_into_a_log)
{
	static char text[64 * 1024];
	size_t len = 0;

	for (int i = 0; i < 300; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, "noise %d\n", i);
	snprintf(text + len, sizeof(text) - len,
		 "[  10.000001] java %s gfp_mask=0xd0, order=0, oom_score_adj=-3\n"
		 "[  10.000002] CPU: 1 PID: 5 Comm: java Not tainted 4.4.0 #1\n",
		 _i ? "invoked\noom-killer:" : "invoked oom-killer:\n");
	collect_one(&all, text);
	ck_assert_str_eq(all.reports[0].invoker_comm, "java");
	ck_assert_int_eq(all.reports[0].invoker_oom_score_adj, -3);
	ck_assert_int_eq(all.reports[0].invoker_pid, 5);
}
END_TEST

/* A whole report of 4.4 with %s where lines may have been left out. */
static const char with_gap[] =
    "[  10.000001] java invoked oom-killer: gfp_mask=0xd0, order=0, oom_score_adj=-3\n"
    "[  10.000002] CPU: 1 PID: 5 Comm: java Not tainted 4.4.0 #1\n"
    "[  10.000003] Call Trace:\n"
    "[  10.000004] Task in /a killed as a result of limit of /a\n"
    "%s"
    "[  10.000005] memory: usage 5kB, limit 6kB, failcnt 7\n"
    "[  10.000006] Memory cgroup stats for /a: cache:0KB\n"
    "[  10.000007] [ pid ]   uid  tgid total_vm      rss nr_ptes swapents oom_score_adj name\n"
    "[  10.000008] [   12]     7    12     6000      200      12        0            -3 java\n"
    "[  10.000009] Memory cgroup out of memory: Kill process 12 (java) score 9 or sacrifice "
    "child\n"
    "[  10.000010] Killed process 12 (java) total-vm:24000kB, anon-rss:1kB, file-rss:2kB\n";

static const struct {
	const char *line;
	bool gap;
} gaps[] = {
    {"", false},
    {"...\n", true},
    {"[...]\n", true},
    {"  <snip>\n", true},
    {"(...snipped...)\n", true},
    {"\u2026\n", true},
    {"--\n", true},
    {"-\n", false},
    {"[  10.000004] cut here\n", false},
    {"\n", false},
};

START_TEST(lines_somebody_left_out)
{
	char text[2048];

	snprintf(text, sizeof(text), with_gap, gaps[_i].line);
	collect_one(&all, text);
	ck_assert_int_eq(all.reports[0].complete, !gaps[_i].gap);
}
END_TEST

/* Two tasks report at the same time; printk says whose line each is. */
static const char mixed[] =
    "[  10.000001][  T100] a invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, "
    "oom_score_adj=0\n"
    "[  10.000002][  T200] b invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, "
    "oom_score_adj=0\n"
    "[  10.000003][  T100] CPU: 0 PID: 100 Comm: a Not tainted 5.4.0 #1\n"
    "[  10.000004][  T200] CPU: 1 PID: 200 Comm: b Not tainted 5.4.0 #1\n"
    "[  10.000005][  T200] Call Trace:\n"
    "[  10.000006][  T100] Call Trace:\n"
    "[  10.000007][  T200] memory: usage 20kB, limit 20kB, failcnt 2\n"
    "[  10.000008][  T100] memory: usage 10kB, limit 10kB, failcnt 1\n"
    "[  10.000009][  T100] Memory cgroup stats for /a:\n"
    "[  10.000010][  T200] Memory cgroup stats for /b:\n"
    "[  10.000011][  T200] oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=/,"
    "mems_allowed=0,oom_memcg=/b,task_memcg=/b,task=b,pid=200,uid=2\n"
    "[  10.000012][  T100] oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=/,"
    "mems_allowed=0,oom_memcg=/a,task_memcg=/a,task=a,pid=100,uid=1\n"
    "[  10.000013][  T200] Memory cgroup out of memory: Killed process 200 (b) total-vm:3kB, "
    "anon-rss:2kB, file-rss:1kB, shmem-rss:0kB, UID:2 pgtables:1kB oom_score_adj:0\n"
    "[  10.000014][  T100] Memory cgroup out of memory: Killed process 100 (a) total-vm:3kB, "
    "anon-rss:2kB, file-rss:1kB, shmem-rss:0kB, UID:1 pgtables:1kB oom_score_adj:0\n";

START_TEST(two_reports_mixed)
{
	collect_text(&all, mixed);
	ck_assert_uint_eq(all.len, 2);
	for (size_t i = 0; i < 2; i++) {
		const struct oomlog_report *report = &all.reports[i];

		ck_assert(report->complete);
		ck_assert_int_eq(report->invoker_pid, i ? 200 : 100);
		ck_assert_str_eq(report->oom_cgroup, i ? "/b" : "/a");
		ck_assert_uint_eq(report->memory.failcnt, i + 1);
		ck_assert_uint_eq(report->victims_len, 1);
		ck_assert_int_eq(report->victims[0].pid, i ? 200 : 100);
	}
}
END_TEST

/* The same without callers, as 3.10 prints it: names, paths and pids tell. */
START_TEST(two_reports_mixed_without_callers)
{
	collect_text(
	    &all,
	    "[  10.000001] a invoked oom-killer: gfp_mask=0xd0, order=0, oom_score_adj=0\n"
	    "[  10.000002] b invoked oom-killer: gfp_mask=0xd0, order=0, oom_score_adj=0\n"
	    "[  10.000003] a cpuset=ca mems_allowed=0\n"
	    "[  10.000004] CPU: 0 PID: 100 Comm: a Not tainted 3.10.0 #1\n"
	    "[  10.000005] b cpuset=cb mems_allowed=0\n"
	    "[  10.000006] CPU: 1 PID: 200 Comm: b Not tainted 3.10.0 #1\n"
	    "[  10.000007] Memory cgroup out of memory: Kill process 200 (b) score 9 or "
	    "sacrifice child\n"
	    "[  10.000008] Memory cgroup out of memory: Kill process 100 (a) score 9 or "
	    "sacrifice child\n"
	    "[  10.000009] Killed process 200 (b) total-vm:3kB, anon-rss:2kB, file-rss:1kB\n"
	    "[  10.000010] Killed process 100 (a) total-vm:3kB, anon-rss:2kB, file-rss:1kB\n");
	ck_assert_uint_eq(all.len, 2);
	for (size_t i = 0; i < 2; i++) {
		const struct oomlog_report *report = &all.reports[i];

		ck_assert_str_eq(report->cpuset, i ? "cb" : "ca");
		ck_assert_int_eq(report->invoker_pid, i ? 200 : 100);
		ck_assert_uint_eq(report->victims_len, 1);
		ck_assert_int_eq(report->victims[0].pid, report->chosen_pid);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("oomlog_torn");
	TCase *tests = tcase_create("oomlog_torn");

	tcase_set_timeout(tests, 120);
	tcase_add_loop_test(tests, broken_lines, 0, LEN(wrapped));
	tcase_add_loop_test(tests, a_row_broken_between_figures, 0, 2);
	tcase_add_test(tests, a_header_of_a_kernel_to_come);
	tcase_add_loop_test(tests, sizes_on_the_next_line, 0, LEN(after_names));
	tcase_add_test(tests, a_summary_broken_into_many_lines);
	tcase_add_loop_test(tests, a_broken_head_far_into_a_log, 0, 2);
	tcase_add_loop_test(tests, lines_somebody_left_out, 0, LEN(gaps));
	tcase_add_test(tests, two_reports_mixed);
	tcase_add_test(tests, two_reports_mixed_without_callers);
	suite_add_tcase(suite, tests);
	return unit_run(suite);
}
