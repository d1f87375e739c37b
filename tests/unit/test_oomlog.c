/* SPDX-License-Identifier: Apache-2.0 */
/* Reports in the words of all kernels, with all that can stand in front of them and go wrong. */
#include <stdio.h>

#include "oomlog_collect.h"
#include "oomlog_path.h"
#include "unit.h"

#define LEN(array) (sizeof(array) / sizeof((array)[0]))

static struct collected all;

static const struct oomlog_report *read_all(const char *text)
{
	collect(&all, text, strlen(text), SIZE_MAX);
	return &all.reports[0];
}

static const struct oomlog_report *read_one(const char *text)
{
	read_all(text);
	ck_assert_msg(all.len == 1, "%zu reports in: %s", all.len, text);
	return &all.reports[0];
}

/* What stands in front of each line; %d in it is the line's number. */
static const char *const prefixes[] = {
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
	check_sample(read_all(text), prefixes[_i]);
	for (size_t piece = 1; piece < 80; piece += 13) {
		collect(&all, text, len, piece);
		check_sample(&all.reports[0], prefixes[_i]);
	}
}
END_TEST

/* Kill lines of all kernels; -1: not said. */
static const struct {
	const char *text;
	enum oomlog_constraint constraint;
	int pid;
	const char *comm;
	long long total, anon, file, shmem, uid, score;
} kills[] = {
    {"Killed process 22072 (recursive_fork3)", OOMLOG_UNKNOWN, 22072, "recursive_fork3", -1, -1, -1,
     -1, -1, -1},
    {"Killed process 7 (a b) vsz:12kB, anon-rss:4kB, file-rss:56kB", OOMLOG_UNKNOWN, 7, "a b", 12,
     4, 56, -1, -1, -1},
    {"Killed process 16944, UID 99, (mingetty) total-vm:4064kB, anon-rss:4kB, file-rss:56kB",
     OOMLOG_UNKNOWN, 16944, "mingetty", 4064, 4, 56, -1, 99, -1},
    {"Killed process 21945 (tidb-server), UID 1000, total-vm:3kB, anon-rss:2kB, file-rss:0kB, "
     "shmem-rss:0kB",
     OOMLOG_UNKNOWN, 21945, "tidb-server", 3, 2, 0, 0, 1000, -1},
    {"Killed process 8 (java) total-vm:3kB, anon-rss:2kB, file-rss:1kB", OOMLOG_UNKNOWN, 8, "java",
     3, 2, 1, -1, -1, -1},
    {"Memory cgroup out of memory: Killed process 9 (x) total-vm:3kB, anon-rss:2kB, file-rss:1kB, "
     "shmem-rss:0kB, UID:5 pgtables:1kB oom_score_adj:-997",
     OOMLOG_MEMCG, 9, "x", 3, 2, 1, 0, 5, -997},
    {"Out of memory: Killed process 9 (x) total-vm:3kB, anon-rss:2kB, file-rss:1kB, shmem-rss:0kB",
     OOMLOG_GLOBAL, 9, "x", 3, 2, 1, 0, -1, -1},
    {"Out of memory (oom_kill_allocating_task): Killed process 9 (x) total-vm:3kB, anon-rss:2kB, "
     "file-rss:1kB, shmem-rss:0kB, UID:0 pgtables:1kB oom_score_adj:0",
     OOMLOG_GLOBAL, 9, "x", 3, 2, 1, 0, 0, 0},
    {"Out of Memory: Killed process 2592 (mysql).", OOMLOG_GLOBAL, 2592, "mysql", -1, -1, -1, -1,
     -1, -1},
    /* cut off in the middle of a number */
    {"Memory cgroup out of memory: Killed process 9 (x) total-vm:3kB, anon-rss:2", OOMLOG_MEMCG, 9,
     "x", 3, -1, -1, -1, -1, -1},
    {"Memory cgroup out of memory: Killed process 9 (x) total-vm:3kB, anon-rss:2kB, file-rss:1kB, "
     "shmem-rss:0kB, UID:10",
     OOMLOG_MEMCG, 9, "x", 3, 2, 1, 0, -1, -1},
};

static void check_value(bool known, long long value, long long wanted)
{
	ck_assert_int_eq(known, wanted != -1);
	if (known)
		ck_assert_int_eq(value, wanted);
}

START_TEST(kill_lines)
{
	const struct oomlog_report *report = read_one(kills[_i].text);
	const struct oomlog_victim *victim = &report->victims[0];

	ck_assert_uint_eq(report->victims_len, 1);
	ck_assert_int_eq(report->constraint, kills[_i].constraint);
	ck_assert(!report->complete);
	ck_assert(!report->has_invoker);
	ck_assert_int_eq(victim->pid, kills[_i].pid);
	ck_assert_str_eq(victim->comm, kills[_i].comm);
	check_value(victim->has_total_vm, (long long)victim->total_vm_kb, kills[_i].total);
	check_value(victim->has_anon_rss, (long long)victim->anon_rss_kb, kills[_i].anon);
	check_value(victim->has_file_rss, (long long)victim->file_rss_kb, kills[_i].file);
	check_value(victim->has_shmem_rss, (long long)victim->shmem_rss_kb, kills[_i].shmem);
	check_value(victim->has_uid, victim->uid, kills[_i].uid);
	check_value(victim->has_score, victim->oom_score_adj, kills[_i].score);
}
END_TEST

/* Invoked lines; pid and release come from the second line. */
static const struct {
	const char *text;
	const char *comm, *gfp;
	int order, score, pid; /* -9999: not said */
	const char *kernel;
} heads[] = {
    {"a b invoked oom-killer: gfp_mask=0xd0, order=1, oomkilladj=0\nPid: 5, comm: a b Not tainted "
     "2.6.27.7 #1",
     "a b", "0xd0", 1, -9999, 5, "2.6.27.7"},
    {"httpd invoked oom-killer: gfp_mask=0x201da, order=0, oom_adj=-17\n"
     "Pid: 5, comm: httpd Tainted: G        W  2.6.32-431.el6.x86_64 #1 Dell Inc. #9",
     "httpd", "0x201da", 0, -9999, 5, "2.6.32-431.el6.x86_64"},
    {"x invoked oom-killer: gfp_mask=0xd0, order=0, oom_adj=0, oom_score_adj=-5", "x", "0xd0", 0,
     -5, -9999, ""},
    {"x invoked oom-killer: gfp_mask=0x14200ca(GFP_HIGHUSER_MOVABLE), nodemask=(null),  order=0, "
     "oom_score_adj=7\nCPU: 1 PID: 5 Comm: x Kdump: loaded Not tainted 4.14.1-a_b #1",
     "x", "0x14200ca(GFP_HIGHUSER_MOVABLE)", 0, 7, 5, "4.14.1-a_b"},
    {"x invoked oom-killer: gfp_mask=0x14200ca(A|B), nodemask=0-1, order=0, oom_score_adj=7", "x",
     "0x14200ca(A|B)", 0, 7, -9999, ""},
    {"kworker/0:1 invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=-1, oom_score_adj=0\n"
     "CPU: 0 UID: 0 PID: 5 Comm: kworker/0:1 Tainted: G S   E      6.12.1+ #34 "
     "PREEMPT(voluntary)",
     "kworker/0:1", "0xcc0(GFP_KERNEL)", -1, 0, 5, "6.12.1+"},
    {"runc:[2:INIT] invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=0",
     "runc:[2:INIT]", "0xcc0(GFP_KERNEL)", 0, 0, -9999, ""},
    {"tmux: server invoked oom-killer: gfp_mask=0x0(), order=0, oom_score_adj=0\n"
     "CPU: 0 PID: 5 Comm: another Not tainted 6.6.0 #1",
     "tmux: server", "0x0()", 0, 0, -9999, ""},
    {"Dec  7 00:13:22 host kernel: tmux: server invoked oom-killer: gfp_mask=0x0(), order=0, "
     "oom_score_adj=0",
     "tmux: server", "0x0()", 0, 0, -9999, ""},
};

START_TEST(heads_of_reports)
{
	const struct oomlog_report *report = read_one(heads[_i].text);

	ck_assert(report->has_invoker && !report->complete);
	ck_assert_str_eq(report->invoker_comm, heads[_i].comm);
	ck_assert_str_eq(report->gfp_mask, heads[_i].gfp);
	ck_assert_int_eq(report->has_invoker_order ? report->invoker_order : -9999,
			 heads[_i].order);
	ck_assert_int_eq(report->has_invoker_score ? report->invoker_oom_score_adj : -9999,
			 heads[_i].score);
	ck_assert_int_eq(report->has_invoker_pid ? report->invoker_pid : -9999, heads[_i].pid);
	ck_assert_str_eq(report->kernel, heads[_i].kernel);
}
END_TEST

/* Task tables of all kernels: the same two tasks, the second is the largest. */
static const struct {
	const char *header, *first, *second;
	bool has_score;
	int score;
	const char *name;
} tables[] = {
    {"[ pid ]   uid  tgid total_vm      rss cpu oom_adj name",
     "[    1]     0     1     5000      100   3     -17 init",
     "[   12]     7    12     6000      200   0       0 a b", false, 0, "a b"},
    {"[ pid ]   uid  tgid total_vm      rss cpu oom_adj oom_score_adj name",
     "[    1]     0     1     5000      100   3     -17         -1000 init",
     "[   12]     7    12     6000      200   0       0             5 a b", true, 5, "a b"},
    {"[ pid ]   uid  tgid total_vm      rss nr_ptes swapents oom_score_adj name",
     "[    1]     0     1     5000      100      12        0         -1000 init",
     "[   12]     7    12     6000      200      12        0             5 (sd-pam)", true, 5,
     "(sd-pam)"},
    {"[ pid ]   uid  tgid total_vm      rss nr_ptes nr_pmds swapents oom_score_adj name",
     "[    1]     0     1     5000      100      12       3        0         -1000 init",
     "[   12]     7    12     6000      200      12       3        0             5 7z", true, 5,
     "7z"},
    {"[  pid  ]   uid  tgid total_vm      rss pgtables_bytes swapents oom_score_adj name",
     "[      1]     0     1     5000      100   212992        0         -1000 init",
     "[     12] 1001240000    12     6000      200   212992        0             5 5 5", true, 5,
     "5 5"},
    {"[  pid  ]   uid  tgid total_vm      rss rss_anon rss_file rss_shmem pgtables_bytes swapents "
     "oom_score_adj name",
     "[      1]     0     1     5000      100      100        0         0   212992        0        "
     " "
     "-1000 init",
     "[     12]     7    12     6000      200      100      100         0   212992        0        "
     " "
     "    5  x",
     true, 5, " x"},
    /* the padding lost */
    {"[ pid ] uid tgid total_vm rss nr_ptes swapents oom_score_adj name",
     "[ 1] 0 1 5000 100 12 0 -1000 init", "[ 12] 7 12 6000 200 12 0 5 x", true, 5, "x"},
    /* no header: the first line of the excerpt is a row */
    {"", "[    1]     0     1     5000      100      12        0         -1000 init",
     "[   12]     7    12     6000      200      12        0             5 x", true, 5, "x"},
};

START_TEST(task_tables)
{
	const struct oomlog_report *report;
	char text[2048];

	snprintf(text, sizeof(text),
		 "%s\n%s\n%s\nOut of memory: Kill process 12 (x) score 9 or sacrifice "
		 "child\nKilled process 12 (x) "
		 "total-vm:24000kB, anon-rss:1kB, file-rss:1kB\n",
		 tables[_i].header, tables[_i].first, tables[_i].second);
	report = read_one(text);
	ck_assert_uint_eq(report->tasks, 2);
	ck_assert_uint_eq(report->top_len, 2);
	ck_assert_int_eq(report->top[0].pid, 12);
	ck_assert_uint_eq(report->top[0].rss_pages, 200);
	ck_assert_str_eq(report->top[0].name, tables[_i].name);
	ck_assert_int_eq(report->top[0].has_score, tables[_i].has_score);
	ck_assert_int_eq(report->top[0].oom_score_adj, tables[_i].score);
	ck_assert_int_eq(report->victims[0].has_score, tables[_i].has_score);
	ck_assert_int_eq(report->victims[0].oom_score_adj, tables[_i].score);
	ck_assert(report->victims[0].has_uid);
	ck_assert_uint_eq(report->page_kb, 4);
	ck_assert(report->has_chosen);
	ck_assert_int_eq(report->chosen_score, 9);
}
END_TEST

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
    "[  10.000005] [   12]     7    12     60\n00      200      12        0            -3 java\n"
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
	const struct oomlog_report *report = read_one(wrapped[_i]);

	ck_assert_int_eq(report->invoker_oom_score_adj, -3);
	ck_assert_str_eq(report->task_cgroup, "/a/b");
	ck_assert_str_eq(report->oom_cgroup, "/a");
	ck_assert_uint_eq(report->memory.failcnt, 7);
	ck_assert_uint_eq(report->tasks, 1);
	ck_assert_str_eq(report->top[0].name, "java");
	ck_assert_uint_eq(report->top[0].total_vm_pages, 6000);
	ck_assert_str_eq(report->chosen_comm, "java");
	ck_assert_int_eq(report->chosen_score, 9);
	ck_assert_uint_eq(report->victims[0].file_rss_kb, 2);
}
END_TEST

START_TEST(a_summary_broken_into_many_lines)
{
	const struct oomlog_report *report = read_one(
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
	read_all(mixed);
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
	read_all("[  10.000001] a invoked oom-killer: gfp_mask=0xd0, order=0, oom_score_adj=0\n"
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
};

START_TEST(no_reports)
{
	read_all(strangers[_i]);
	ck_assert_uint_eq(all.len, 0);
}
END_TEST

START_TEST(old_messages_and_cut_ends)
{
	const struct oomlog_report *report;

	report = read_one("Memory limit reached of cgroup /a/b\nmemory: usage 5kB, limit 5kB, "
			  "failcnt 1\nOut of memory and no killable processes...\n");
	ck_assert_int_eq(report->constraint, OOMLOG_MEMCG);
	ck_assert_str_eq(report->oom_cgroup, "/a/b");
	ck_assert(report->no_victim);
	report =
	    read_one("No available memory (MPOL_BIND): Kill process 7 (x) score 0 or sacrifice "
		     "child\nKilled process 7 (x) total-vm:3kB, anon-rss:2kB, file-rss:1kB\n");
	ck_assert_int_eq(report->constraint, OOMLOG_MEMPOLICY);
	ck_assert_int_eq(report->chosen_pid, 7);
	report = read_one("oom-kill:constraint=CONSTRAINT_MEMORY_POLICY,nodemask=1,cpuset=/,"
			  "mems_allowed=0-1,global_oom,task_memcg=/s,task=x,pid=7,uid=1\n");
	ck_assert_int_eq(report->constraint, OOMLOG_MEMPOLICY);
	report = read_one("oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=c,"
			  "mems_allowed=0,oom_memcg=/a,task_memcg=/a/b/c");
	ck_assert_int_eq(report->constraint, OOMLOG_MEMCG);
	ck_assert_str_eq(report->oom_cgroup, "/a");
	ck_assert_str_eq(report->task_cgroup, "");
	ck_assert_str_eq(report->cpuset, "c");
}
END_TEST

/* A report's end that comes long after a beginning is of another report. */
START_TEST(time_parts_reports)
{
	read_all("[  10.000001] a invoked oom-killer: gfp_mask=0xd0, order=0, oom_score_adj=0\n"
		 "[  99.000001] Out of memory: Kill process 7 (x) score 0 or sacrifice child\n");
	ck_assert_uint_eq(all.len, 2);
	read_all("[  10.000001] a invoked oom-killer: gfp_mask=0xd0, order=0, oom_score_adj=0\n"
		 "[  12.000001] Out of memory: Kill process 7 (x) score 0 or sacrifice child\n");
	ck_assert_uint_eq(all.len, 1);
	/* After a boot the clock begins anew. */
	read_all("[  99.000001] a invoked oom-killer: gfp_mask=0xd0, order=0, oom_score_adj=0\n"
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
	const struct oomlog_report *report =
	    read_one("4,10,1000,-;a invoked oom-killer: gfp_mask=0xd0, order=0, oom_score_adj=0\n"
		     " SUBSYSTEM=x\n"
		     "6,14,1001,-;Killed process 7 (a\\x20b) total-vm:3kB, anon-rss:2kB, "
		     "file-rss:1kB\n");

	ck_assert(report->records_missing);
	ck_assert_str_eq(report->victims[0].comm, "a b");
}
END_TEST

#define ID "663f6287c450aea2f849b82a30d1409059497b5de62846a286e55971d61e2650"
#define OTHER "abfc300e93510d51d283acb2e4eb56c485821ec1b198bdc1e11fcb751d11fe9f"

static const struct {
	const char *path, *id, *uid;
} paths[] = {
    {"/docker/" ID, ID, ""},
    {"/docker/" OTHER "/docker/" ID, ID, ""},
    {"/docker/" ID "0", "", ""},
    {"/a.slice/libpod-" ID ".scope/container", ID, ""},
    {"/kubepods/burstable/pod0f5eb28f-6722-4cf5-ab0f-b62748c018d4/" ID, ID,
     "0f5eb28f-6722-4cf5-ab0f-b62748c018d4"},
    {"/k.slice/kubepods-pod9eb0e64e_6e1a_43e4_b372_2603a3cc2941.slice/crio-" ID ".scope", ID,
     "9eb0e64e-6e1a-43e4-b372-2603a3cc2941"},
    {"/kubepods/pod0123456789abcdef0123456789abcdef/x", "", "0123456789abcdef0123456789abcdef"},
    {"/kubepods/podx/pod/pod0f5eb28f-6722_4cf5-ab0f-b62748c018d4", "", ""},
    {"/tripod0f5eb28f-6722-4cf5-ab0f-b62748c018d4", "", ""},
    {"", "", ""},
};

START_TEST(cgroup_paths)
{
	char id[CGROUP_CONTAINER_ID] = "", uid[CGROUP_POD_UID] = "";

	ck_assert_int_eq(cgroup_container_id(paths[_i].path, id), paths[_i].id[0] != '\0');
	ck_assert_str_eq(id, paths[_i].id);
	ck_assert_int_eq(cgroup_pod_uid(paths[_i].path, uid), paths[_i].uid[0] != '\0');
	if (paths[_i].uid[0])
		ck_assert_str_eq(uid, paths[_i].uid);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("oomlog");
	TCase *tests = tcase_create("oomlog");

	tcase_set_timeout(tests, 120);
	tcase_add_loop_test(tests, whatever_stands_in_front, 0, LEN(prefixes));
	tcase_add_loop_test(tests, kill_lines, 0, LEN(kills));
	tcase_add_loop_test(tests, heads_of_reports, 0, LEN(heads));
	tcase_add_loop_test(tests, task_tables, 0, LEN(tables));
	tcase_add_loop_test(tests, broken_lines, 0, LEN(wrapped));
	tcase_add_test(tests, a_summary_broken_into_many_lines);
	tcase_add_test(tests, two_reports_mixed);
	tcase_add_test(tests, two_reports_mixed_without_callers);
	tcase_add_loop_test(tests, no_reports, 0, LEN(strangers));
	tcase_add_test(tests, old_messages_and_cut_ends);
	tcase_add_test(tests, time_parts_reports);
	tcase_add_test(tests, far_into_a_long_log);
	tcase_add_test(tests, one_line_without_end);
	tcase_add_test(tests, missing_records);
	tcase_add_loop_test(tests, cgroup_paths, 0, LEN(paths));
	suite_add_tcase(suite, tests);
	return unit_run(suite);
}
