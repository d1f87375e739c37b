/* SPDX-License-Identifier: Apache-2.0 */
/* The words of all kernels: kill lines, heads, task tables, old messages. */
#include <stdio.h>

#include "oomlog_collect.h"
#include "unit.h"

#define LEN(array) (sizeof(array) / sizeof((array)[0]))

static struct collected all;

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
    /* blanks lost */
    {"Killed process 9682, UID 27,(mysqld) total-vm:3kB, anon-rss:2kB, file-rss:1kB",
     OOMLOG_UNKNOWN, 9682, "mysqld", 3, 2, 1, -1, 27, -1},
    {"Out of memory:Killed process 9(a b) total-vm:3kB, anon-rss:2kB file-rss:1kB", OOMLOG_GLOBAL,
     9, "a b", 3, 2, 1, -1, -1, -1},
    /* cut off in the middle of a number */
    {"Memory cgroup out of memory: Killed process 9 (x) total-vm:3kB, anon-rss:2", OOMLOG_MEMCG, 9,
     "x", 3, -1, -1, -1, -1, -1},
    {"Memory cgroup out of memory: Killed process 9 (x) total-vm:3kB, anon-rss:2kB, file-rss:1kB, "
     "shmem-rss:0kB, UID:10",
     OOMLOG_MEMCG, 9, "x", 3, 2, 1, 0, -1, -1},
    /* cut off behind the name, or left out */
    {"Memory cgroup out of memory: Killed process 9 (a (b)) total-v", OOMLOG_MEMCG, 9, "a (b)", -1,
     -1, -1, -1, -1, -1},
    {"Memory cgroup out of memory: Killed process 3370438 (crosvm) ....", OOMLOG_MEMCG, 3370438,
     "crosvm", -1, -1, -1, -1, -1, -1},
};

static void check_value(bool known, long long value, long long wanted)
{
	ck_assert_int_eq(known, wanted != -1);
	if (known)
		ck_assert_int_eq(value, wanted);
}

START_TEST(kill_lines)
{
	const struct oomlog_report *report = collect_one(&all, kills[_i].text);
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
    /* quoted with little else, by 2.6.26 of i386, with blanks lost, with a rounded stamp */
    {"[  10.000001] a b invoked oom-killer", "a b", "", -9999, -9999, -9999, ""},
    {"x invoked oom-killer: gfp_mask=0xd0, order=0, oomkilladj=0\nPid: 5, comm: x Not tainted "
     "(2.6.26-2-686 #1)",
     "x", "0xd0", 0, -9999, 5, "2.6.26-2-686"},
    {"httpd invoked oom-killer:gfp_mask=0x201da, order=0, oom_adj=0, oom_score_adj=7\n"
     "Pid: 5, comm: httpd Not tainted2.6.32-279.1.1.el6.i686 #1",
     "httpd", "0x201da", 0, 7, 5, "2.6.32-279.1.1.el6.i686"},
    {"[581.37] x invoked oom-killer: gfp_mask=0xd0, order=0, oom_score_adj=1", "x", "0xd0", 0, 1,
     -9999, ""},
    {"tmux: server invoked oom-killer: gfp_mask=0x0(), order=0, oom_score_adj=0\n"
     "CPU: 0 PID: 5 Comm: another Not tainted 6.6.0 #1",
     "tmux: server", "0x0()", 0, 0, -9999, "6.6.0"},
    {"Dec  7 00:13:22 host kernel: tmux: server invoked oom-killer: gfp_mask=0x0(), order=0, "
     "oom_score_adj=0",
     "tmux: server", "0x0()", 0, 0, -9999, ""},
};

START_TEST(heads_of_reports)
{
	const struct oomlog_report *report = collect_one(&all, heads[_i].text);

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
	report = collect_one(&all, text);
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

START_TEST(old_messages_and_cut_ends)
{
	const struct oomlog_report *report;

	report =
	    collect_one(&all, "Memory limit reached of cgroup /a/b\nmemory: usage 5kB, limit 5kB, "
			      "failcnt 1\nOut of memory and no killable processes...\n");
	ck_assert_int_eq(report->constraint, OOMLOG_MEMCG);
	ck_assert_str_eq(report->oom_cgroup, "/a/b");
	ck_assert(report->no_victim);
	report = collect_one(
	    &all, "No available memory (MPOL_BIND): Kill process 7 (x) score 0 or sacrifice "
		  "child\nKilled process 7 (x) total-vm:3kB, anon-rss:2kB, file-rss:1kB\n");
	ck_assert_int_eq(report->constraint, OOMLOG_MEMPOLICY);
	ck_assert_int_eq(report->chosen_pid, 7);
	report =
	    collect_one(&all, "oom-kill:constraint=CONSTRAINT_MEMORY_POLICY,nodemask=1,cpuset=/,"
			      "mems_allowed=0-1,global_oom,task_memcg=/s,task=x,pid=7,uid=1\n");
	ck_assert_int_eq(report->constraint, OOMLOG_MEMPOLICY);
	report = collect_one(&all, "oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=c,"
				   "mems_allowed=0,oom_memcg=/a,task_memcg=/a/b/c");
	ck_assert_int_eq(report->constraint, OOMLOG_MEMCG);
	ck_assert_str_eq(report->oom_cgroup, "/a");
	ck_assert_str_eq(report->task_cgroup, "");
	ck_assert_str_eq(report->cpuset, "c");
}
END_TEST

/* oom_kill_allocating_task names the thread that asked, and kills its process. */
START_TEST(another_thread_is_killed)
{
	const struct oomlog_report *report = collect_one(
	    &all, "[ 775.894215] oom-kill:constraint=CONSTRAINT_NONE,nodemask=(null),cpuset=/,"
		  "mems_allowed=0-1,global_oom,task_memcg=/,task=syz-executor.1,pid=17032,uid=0\n"
		  "[ 775.898474] Out of memory (oom_kill_allocating_task): Killed process 17017 "
		  "(syz-executor.1) total-vm:94380kB, anon-rss:344kB, file-rss:34944kB, "
		  "shmem-rss:0kB, UID:0 pgtables:136kB oom_score_adj:1000\n");

	ck_assert_int_eq(report->victims[0].pid, 17017);
	ck_assert_str_eq(report->task_cgroup, "/");
	/* The kill line of the one named is lost: this is another one's. */
	collect_text(&all, "[ 775.894215] oom-kill:constraint=CONSTRAINT_NONE,nodemask=(null),"
			   "cpuset=/,mems_allowed=0-1,global_oom,task_memcg=/,task=a,pid=5,uid=0\n"
			   "[ 775.898474] Out of memory: Killed process 7 (b) total-vm:1kB, "
			   "anon-rss:1kB, file-rss:1kB, shmem-rss:0kB\n");
	ck_assert_uint_eq(all.len, 2);
}
END_TEST

/* scripts/decode_stacktrace.sh puts files in the place of offsets. */
START_TEST(a_decoded_trace)
{
	const struct oomlog_report *report = collect_one(
	    &all, "[ 286.705993][ T6788] oom03 invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), "
		  "order=0, oom_score_adj=0\n"
		  "[ 286.709944][ T6788] Call Trace:\n"
		  "[ 286.710018][ T6788] ? __pfx_try_charge_memcg (mm/memcontrol.c:2306) \n"
		  "[ 286.710034][ T6788] charge_memcg (mm/memcontrol.c:4771) \n");

	ck_assert_int_eq(report->constraint, OOMLOG_MEMCG);
	ck_assert_int_eq(report->basis, OOMLOG_TRACED);
	collect_one(&all, "[ 286.705993] oom03 invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), "
			  "order=0, oom_score_adj=0\n"
			  "[ 286.710018] ? try_charge_memcg (mm/memcontrol.c:2306) \n");
	ck_assert_int_eq(all.reports[0].constraint, OOMLOG_UNKNOWN);
}
END_TEST

#define MEMCG_HEAD                                                                                 \
	"[ 10.000001] a invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, "                 \
	"oom_score_adj=0\n"                                                                        \
	"[ 10.000002] memory: usage 5kB, limit 5kB, failcnt 7\n"
#define MEMCG_SUMMARY                                                                              \
	"[ 10.000003] "                                                                            \
	"oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=/,mems_allowed=0,"            \
	"oom_memcg=/a,task_memcg=/a,task=x) y,pid=7,uid=0\n"
#define EXITING(pid, name)                                                                         \
	"[ 10.000004] Memory cgroup out of memory: OOM victim " pid " (" name                      \
	") is already exiting. Skip killing the task\n"
#define KILLED(pid)                                                                                \
	"[ 10.000006] Memory cgroup out of memory: Killed process " pid                            \
	" (x) total-vm:3kB, anon-rss:2kB, file-rss:1kB, shmem-rss:0kB\n"

START_TEST(a_victim_that_was_exiting)
{
	const struct oomlog_report *report =
	    collect_one(&all, MEMCG_HEAD MEMCG_SUMMARY EXITING("7", "x) y"));

	ck_assert_uint_eq(report->victims_len, 0);
	ck_assert_uint_eq(report->exiting, 1);
	ck_assert_int_eq(report->exiting_pid, 7);
	ck_assert_str_eq(report->exiting_comm, "x) y");
	/* What is killed next is another report's. */
	collect_text(&all, MEMCG_HEAD MEMCG_SUMMARY EXITING("7", "x") KILLED("8"));
	ck_assert_uint_eq(all.len, 2);
	/* Some of a whole cgroup were exiting. */
	report = collect_one(&all, MEMCG_HEAD MEMCG_SUMMARY EXITING(
				       "7", "x") "[ 10.000005] Tasks in /a are going to be killed "
						 "due to memory.oom.group set\n" KILLED("8")
						     EXITING("9", "z") KILLED("10"));
	ck_assert_uint_eq(report->victims_len, 2);
	ck_assert_uint_eq(report->exiting, 2);
	ck_assert(report->oom_group);
}
END_TEST

START_TEST(a_panic_in_place_of_a_kill)
{
	static const char *const panics[] = {
	    "Out of memory: compulsory panic_on_oom is enabled",
	    "out of memory. Compulsory panic_on_oom is selected.",
	    "Out of memory: system-wide panic_on_oom is enabled",
	};
	char text[1024];

	for (size_t i = 0; i < LEN(panics); i++) {
		snprintf(text, sizeof(text),
			 MEMCG_HEAD "[ 10.000005] Kernel panic - not syncing: %s\n", panics[i]);
		ck_assert(collect_one(&all, text)->panicked);
	}
	snprintf(text, sizeof(text), MEMCG_HEAD "[ 10.000005] Kernel panic - not syncing: VFS\n");
	ck_assert(!collect_one(&all, text)->panicked);
}
END_TEST

/* The CPU line of a report without its beginning, and of a panic behind one, tells the kernel. */
START_TEST(the_kernel_of_another_line)
{
	const char *const cpu = "CPU: 1 PID: 7 Comm: a Not tainted 4.9.0-1-amd64 #1";
	char text[1024];

	snprintf(text, sizeof(text),
		 "[ 10.000001] %s\n[ 10.000002] memory: usage 5kB, limit 5kB, failcnt 7\n", cpu);
	ck_assert_str_eq(collect_one(&all, text)->kernel, "4.9.0-1-amd64");
	ck_assert(!all.reports[0].has_invoker);
	snprintf(text, sizeof(text),
		 "[ 10.000001] Out of memory and no killable processes...\n[ 10.000002] %s\n", cpu);
	ck_assert_str_eq(collect_one(&all, text)->kernel, "4.9.0-1-amd64");
	/* Too long before, and after: it may have been another boot. */
	snprintf(text, sizeof(text),
		 "[ 10.000001] %s\n[ 99.000002] memory: usage 5kB, limit 5kB, failcnt 7\n", cpu);
	ck_assert_str_eq(collect_one(&all, text)->kernel, "");
	snprintf(text, sizeof(text),
		 "[ 99.000001] Out of memory and no killable processes...\n[ 10.000002] %s\n", cpu);
	ck_assert_str_eq(collect_one(&all, text)->kernel, "");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("oomlog_words");
	TCase *tests = tcase_create("oomlog_words");

	tcase_set_timeout(tests, 120);
	tcase_add_loop_test(tests, kill_lines, 0, LEN(kills));
	tcase_add_loop_test(tests, heads_of_reports, 0, LEN(heads));
	tcase_add_loop_test(tests, task_tables, 0, LEN(tables));
	tcase_add_test(tests, old_messages_and_cut_ends);
	tcase_add_test(tests, another_thread_is_killed);
	tcase_add_test(tests, a_decoded_trace);
	tcase_add_test(tests, a_victim_that_was_exiting);
	tcase_add_test(tests, a_panic_in_place_of_a_kill);
	tcase_add_test(tests, the_kernel_of_another_line);
	suite_add_tcase(suite, tests);
	return unit_run(suite);
}
