/* SPDX-License-Identifier: Apache-2.0 */
/* Where reports begin and end: behind each prefix, far into a log, and in what is no report. */
#include <stdio.h>

#include "oomlog_collect.h"
#include "unit.h"

#define LEN(array) (sizeof(array) / sizeof((array)[0]))

static struct collected all;

/* What stands in front of each line; %d in it is the line's number. */
static const char *const prefixes[] = {
    "2020-01-01T00:00:00Z {job=\"systemd-journal\", unit=\"\"} ",
    "",
    "[  123.45678%d] ",
    "[  123.45678%d][ T4711] ",
    "[  123.45678%d] [  T4711] ",
    "[  123.45678%d][    C3] ",
    "<4>[  123.45678%d] ",
    "<4>",
    "[  123.45678%d <    0.000012>] ",
    "[Thu Dec  7 00:13:2%d 2017] ",
    "[Do Dez  7 00:13:2%d 2017] ",
    "[2017-12-07T00:13:2%d,123456+01:00] ",
    "[Nov25 10:19] ",
    "[  +0.00000%d] ",
    "kern  :warn  : [  123.45678%d] ",
    "kern  :err   : [Thu Dec  7 00:13:2%d 2017] ",
    "Dec  7 00:13:2%d host kernel: ",
    "Dec  7 00:13:2%d kernel: ",
    "Dec  7 00:13:2%d host kernel: [  123.456789] ",
    "Dez 17 00:13:2%d host kernel: ",
    "Dec 07 00:13:2%d.123456 host kernel: ",
    "Dec 07 00:13:2%d host kernel[0]: ",
    "Dec  7 2017 00:13:2%d host kernel: ",
    "2017-12-07T00:13:2%d.123+01:00 host kernel: ",
    "2017-12-07T00:13:2%d+0100 host kernel: ",
    "2017-12-07T00:13:2%dZ host kernel: [  123.456789] ",
    "2017-12-07 00:13:2%d host kernel: ",
    "2017-12-07T00:13:2%d.123456Z ",
    "[2017-12-07 00:13:2%d UTC] kernel: ",
    "[  123.45678%d] kernel: ",
    "kernel: ",
    "kernel:",
    "host kernel: [  123.45678%d] ",
    "6,1%d,123456789,-;",
    "6,1%d,123456789,-,caller=T4711;",
    "10.1.2.3: kern:    info: [2025-06-04T04:51:5%d.572293906Z]: ",
    "2023-12-04T10:49:3%d.122Z In(05) vcpu-5 - Guest: <4>[39290745.072205] ",
    "> ",
    "> > [  123.45678%d] ",
    ">> Dec  7 00:13:2%d host kernel: ",
    "/var/log/kern.log:Dec  7 00:13:2%d host kernel: ",
    "kern.log-20171207:Dec  7 00:13:2%d host kernel: [  123.456789] ",
    "1%d:[  123.456789] ",
    "console_1  | [  123.45678%d] ",
    "\t[  123.45678%d] ",
    "    ",
    "##[error]2017-12-07T00:13:2%d.1234567Z [  123.456789] ",
    "2017-12-07T00:13:2%d.1234567Z [  123.456789] ",
    "Dec  7 00:13:2%d 10.1.2.3 [  123.456789] ",
    "<4>Dec  7 00:13:2%d host kernel: ",
    "<4>1 2017-12-07T00:13:2%dZ host kernel - - - [  123.456789] ",
    "1 2017-12-07T00:13:2%d.123456+01:00 host kernel - - - ",
    "<4>1 2017-12-07T00:13:2%dZ host kernel 7 ID [a@1 b=\"c\"] ",
    "[  123.45%d] ",
    "[  123.45678%d] host kernel: ",
    "Thu 2017-12-07 00:13:2%d CET host kernel: ",
    "1512605602.12345%d host kernel: ",
    "2017 Dec  7 00:13:2%d host kernel: ",
    "12\u6708 07 00:13:2%d host kernel: ",
    "Thu Dec  7 00:13:2%d 2017 kern.warn kernel: ",
    "2017-12-07T00:13:2%d.123456789Z stdout F ",
    "2017-12-07T00:13:2%d.123456789Z stderr F <6>[  123.456789] ",
    "01-02 03:04:05.67%d     0     0 W         : ",
    "W/kernel  (    0): ",
    "<6>[  123.45678%d] c0  78 (kswapd0) ",
    "<6>[  123.45678%d] -(0)[78:kswapd0]",
    "<4>[  123.45678%d] [0:kswapd0:   78] ",
    "I1207 00:13:2%d.123456  1234 mem.cpp:661] ",
    "node1: ",
    "[node1] ",
    "- [  123.45678%d] ",
    "# ",
    "| [  123.45678%d] ",
    "\x1b[32m[  123.45678%d] \x1b[0m\x1b[33m",
    "&lt;4&gt;[  123.45678%d] ",
    "[\u00a0 123.45678%d]\u00a0",
    "Dec  7 00:13:2%d host kernel:#011",
};

static const char *const sample[] = {
    "CPU 11/KVM invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=830",
    "CPU: 60 PID: 70888 Comm: CPU 11/KVM Not tainted 5.3.18-150300.59.101-default #1 SLE15-SP3",
    "Call Trace:",
    " dump_stack+0x6d/0x8b",
    "memory: usage 67579904kB, limit 67579904kB, failcnt 67391",
    "Memory cgroup stats for /a/b:",
    "[  pid  ]   uid  tgid total_vm      rss pgtables_bytes swapents oom_score_adj name",
    "[  70870]   107 70870 18302464 16718510 135278592        0           830 qemu: system x",
    "oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=c,mems_allowed=0-3,oom_memcg=/a/b,"
    "task_memcg=/a/b,task=qemu: system x,pid=70870,uid=107",
    "Memory cgroup out of memory: Killed process 70870 (qemu: system x) total-vm:73209856kB, "
    "anon-rss:66852088kB, file-rss:21948kB, shmem-rss:4kB",
};

static void check_sample(const struct oomlog_report *report, const char *where)
{
	ck_assert_msg(all.len == 1, "%zu reports behind \"%s\"", all.len, where);
	ck_assert_msg(!strcmp(report->invoker_comm, "CPU 11/KVM"), "\"%s\" behind \"%s\"",
		      report->invoker_comm, where);
	ck_assert_msg(report->complete, "incomplete behind \"%s\"", where);
	ck_assert_int_eq(report->constraint, OOMLOG_MEMCG);
	ck_assert_int_eq(report->basis, OOMLOG_EXPLICIT);
	ck_assert_int_eq(report->invoker_pid, 70888);
	ck_assert_int_eq(report->invoker_oom_score_adj, 830);
	ck_assert_str_eq(report->kernel, "5.3.18-150300.59.101-default");
	ck_assert_str_eq(report->gfp_mask, "0xcc0(GFP_KERNEL)");
	ck_assert_str_eq(report->cpuset, "c");
	ck_assert_str_eq(report->oom_cgroup, "/a/b");
	ck_assert_uint_eq(report->memory.failcnt, 67391);
	ck_assert_uint_eq(report->tasks, 1);
	ck_assert_uint_eq(report->top[0].rss_pages, 16718510);
	ck_assert_uint_eq(report->page_kb, 4);
	ck_assert_uint_eq(report->victims_len, 1);
	ck_assert_str_eq(report->victims[0].comm, "qemu: system x");
	ck_assert_uint_eq(report->victims[0].uid, 107);
	ck_assert_int_eq(report->victims[0].oom_score_adj, 830);
}

START_TEST(whatever_stands_in_front)
{
	char text[8192];
	size_t len = 0;

	for (size_t i = 0; i < LEN(sample); i++) {
		const char *number = strstr(prefixes[_i], "%d");

		if (number)
			len += (size_t)snprintf(text + len, sizeof(text) - len, "%.*s%zu%s%s\n",
						(int)(number - prefixes[_i]), prefixes[_i], i,
						number + 2, sample[i]);
		else
			len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%s\n",
						prefixes[_i], sample[i]);
	}
	check_sample(collect_text(&all, text), prefixes[_i]);
	for (size_t piece = 1; piece < 80; piece += 13) {
		collect(&all, text, len, piece);
		check_sample(&all.reports[0], prefixes[_i]);
	}
}
END_TEST

/* What stands around each line. */
static const struct {
	const char *open, *close;
} frames[] = {
    {"\"", "\","},
    {"    '[  123.456789] ", "',"},
    {"`", "`"},
    {"| [  123.456789] ", " |"},
    {"\u2502 [  123.456789] ", " \u2502"},
    {"", "\r"},
    {"<p>", "</p>"},
    {"[  123.456789] ", "<br />"},
    {"[  123.456789] ", "\x1b[0m"},
    {"ts=1 level=warn msg=\"[  123.456789] ", "\""},
};

START_TEST(whatever_stands_around)
{
	char text[8192];
	size_t len = 0;

	for (size_t i = 0; i < LEN(sample); i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%s%s\n", frames[_i].open,
					sample[i], frames[_i].close);
	check_sample(collect_text(&all, text), frames[_i].open);
}
END_TEST

/* What a program writes into the log, or says of it, is no report. */
static const char *const strangers[] = {
    "",
    "\n\n\n",
    "Dec  7 00:13:22 host app[12]: Memory cgroup out of memory: Killed process 1 (init)\n",
    "Dec  7 00:13:22 host app[12]: [    1.000000] Killed process 1 (init)\n",
    "Dec  7 00:13:22 host kubelet: Killed process 1 (init)\n",
    "Dec  7 00:13:22 host kubelet[9]: memory: usage 5kB, limit 6kB, failcnt 7\n",
    "2017-12-07T00:13:22Z host app[1]: x invoked oom-killer: gfp_mask=0xd0, order=0\n",
    "12,1,2,-;Killed process 1 (init)\n",
    "6,1,2,-;[    1]     0     1     5000      100      12        0         -1000 init\n",
    "[  10.000001] a cpuset=ca mems_allowed=0\n[  10.000002] Mem-Info:\n",
    "[  10.000001] oom_reaper: reaped process 9 (x), now anon-rss:0kB, file-rss:0kB\n",
    "[  10.000001] x: page allocation failure: order:4, mode:0xd0\n"
    "[  10.000002] CPU: 0 PID: 100 Comm: x Not tainted 3.10.0 #1\n"
    "[  10.000003] Call Trace:\n[  10.000004] Mem-Info:\n",
    "oom-kill was here, Killed process not\n",
    "mkfs -t ext4 invoked oom-killer\n",
    "mkfs invoked oom-killer on i386 kernel\n",
    "a invoked oom-killer: see below\n",
    "\tpr_warn(\"%s invoked oom-killer: gfp_mask=%#x(%pGg), order=%d, oom_score_adj=%hd\\n\",\n",
    "Out of memory:\nit was full\n",
    "time=\"1\" level=error msg=\"Killed process 1 (init)\"\n",
};

START_TEST(no_reports)
{
	collect_text(&all, strangers[_i]);
	ck_assert_uint_eq(all.len, 0);
}
END_TEST

/* A report's end that comes long after a beginning is of another report. */
START_TEST(time_parts_reports)
{
	collect_text(
	    &all, "[  10.000001] a invoked oom-killer: gfp_mask=0xd0, order=0, oom_score_adj=0\n"
		  "[  99.000001] Out of memory: Kill process 7 (x) score 0 or sacrifice child\n");
	ck_assert_uint_eq(all.len, 2);
	collect_text(
	    &all, "[  10.000001] a invoked oom-killer: gfp_mask=0xd0, order=0, oom_score_adj=0\n"
		  "[  12.000001] Out of memory: Kill process 7 (x) score 0 or sacrifice child\n");
	ck_assert_uint_eq(all.len, 1);
	/* After a boot the clock begins anew. */
	collect_text(
	    &all, "[  99.000001] a invoked oom-killer: gfp_mask=0xd0, order=0, oom_score_adj=0\n"
		  "[  10.000001] Out of memory: Kill process 7 (x) score 0 or sacrifice child\n");
	ck_assert_uint_eq(all.len, 2);
}
END_TEST

/* Numbers of records left out, and a report in the midst of much else, at the right line. */
START_TEST(far_into_a_long_log)
{
	static char text[2 * 1024 * 1024];
	size_t len = 0, lines = 0;

	while (len < sizeof(text) - 4096) {
		len += (size_t)snprintf(text + len, sizeof(text) - len,
					"[    9.000001] usb 1-%zu: new device, killed nothing\n",
					lines);
		lines++;
	}
	for (size_t i = 0; i < LEN(sample); i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, "[  123.45678%zu] %s\n", i,
					sample[i]);
	collect(&all, text, len, SIZE_MAX);
	check_sample(&all.reports[0], "a long log");
	ck_assert_uint_eq(all.reports[0].line, lines + 1);
	collect(&all, text, len, 1000);
	check_sample(&all.reports[0], "pieces");
	ck_assert_uint_eq(all.reports[0].line, lines + 1);
}
END_TEST

START_TEST(one_line_without_end)
{
	static char text[1024 * 1024];

	memset(text, 'x', sizeof(text));
	memcpy(text + sizeof(text) - 40, "\nKilled process 7 (a)\n", 22);
	collect(&all, text, sizeof(text), SIZE_MAX);
	ck_assert_uint_eq(all.len, 1);
	ck_assert_uint_eq(all.reports[0].line, 2);
}
END_TEST

START_TEST(missing_records)
{
	const struct oomlog_report *report = collect_one(
	    &all, "4,10,1000,-;a invoked oom-killer: gfp_mask=0xd0, order=0, oom_score_adj=0\n"
		  " SUBSYSTEM=x\n"
		  "6,14,1001,-;Killed process 7 (a\\x20b) total-vm:3kB, anon-rss:2kB, "
		  "file-rss:1kB\n");

	ck_assert(report->records_missing);
	ck_assert_str_eq(report->victims[0].comm, "a b");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("oomlog");
	TCase *tests = tcase_create("oomlog");

	tcase_set_timeout(tests, 120);
	tcase_add_loop_test(tests, whatever_stands_in_front, 0, LEN(prefixes));
	tcase_add_loop_test(tests, whatever_stands_around, 0, LEN(frames));
	tcase_add_loop_test(tests, no_reports, 0, LEN(strangers));
	tcase_add_test(tests, time_parts_reports);
	tcase_add_test(tests, far_into_a_long_log);
	tcase_add_test(tests, one_line_without_end);
	tcase_add_test(tests, missing_records);
	suite_add_tcase(suite, tests);
	return unit_run(suite);
}
