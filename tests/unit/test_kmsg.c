/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cleanup.h"
#include "kmsg.h"
#include "unit.h"

#define LEN(array) (sizeof(array) / sizeof((array)[0]))

static struct kmsg_line parse(const char *text)
{
	struct kmsg_line line;

	ck_assert_int_eq(kmsg_parse(text, strlen(text), &line), line.kind);
	return line;
}

/* "Killed process" in the words of many kernels; -1: the line does not tell. */
static const struct {
	const char *text;
	enum kmsg_constraint constraint;
	int pid;
	const char *comm;
	long long total_kib, anon_kib, file_kib, shmem_kib;
	bool has_score;
	int score;
} killed[] = {
    /* 2.6.32 */
    {"[348090.300486] Killed process 22072 (recursive_fork3)", KMSG_CONSTRAINT_UNKNOWN, 22072,
     "recursive_fork3", -1, 0, 0, 0, false, 0},
    {"Killed process 16944, UID 0, (mingetty) total-vm:4064kB, anon-rss:4kB, file-rss:56kB",
     KMSG_CONSTRAINT_UNKNOWN, 16944, "mingetty", 4064, 4, 56, 0, false, 0},
    /* 3.10 */
    {"[Thu Dec  7 00:05:15 2017] Killed process 28438 (java) total-vm:20255636kB, "
     "anon-rss:466160kB, file-rss:13684kB",
     KMSG_CONSTRAINT_UNKNOWN, 28438, "java", 20255636, 466160, 13684, 0, false, 0},
    /* 4.8 */
    {"Killed process 1667 (gunpowder-memho) total-vm:843576kB, anon-rss:248180kB, "
     "file-rss:2048kB, shmem-rss:7kB",
     KMSG_CONSTRAINT_UNKNOWN, 1667, "gunpowder-memho", 843576, 248180, 2048, 7, false, 0},
    /* 5.10, as a record with its caller and a property line behind it */
    {"3,19685768,241227988581,-,caller=T12845;Out of memory: Killed process 10192 "
     "(agent:amservice) total-vm:15133192kB, anon-rss:27500kB, file-rss:71344kB, "
     "shmem-rss:1404kB, UID:10188 pgtables:1156kB oom_score_adj:999\n SUBSYSTEM=x",
     KMSG_CONSTRAINT_NONE, 10192, "agent:amservice", 15133192, 27500, 71344, 1404, true, 999},
    /* 5.15, printk with the caller */
    {"<3>[  828.871540][ T5241] Memory cgroup out of memory: Killed process 7788 (bash) "
     "total-vm:7169492kB, anon-rss:7165824kB, file-rss:956kB, shmem-rss:0kB, UID:0 "
     "pgtables:14076kB oom_score_adj:-998",
     KMSG_CONSTRAINT_MEMCG, 7788, "bash", 7169492, 7165824, 956, 0, true, -998},
    /* 6.6, cut off at the width of a console */
    {"[  1.5] Out of memory: Killed process 649 (fio) total-vm:216868kB, anon-rss:896kB, "
     "file-rss:128kB, shmem-rss:2176kB, UID:0 pgtables:60kB oom_score_a0",
     KMSG_CONSTRAINT_NONE, 649, "fio", 216868, 896, 128, 2176, false, 0},
    {"Out of memory (oom_kill_allocating_task): Killed process 5 (a b) total-vm:1kB, "
     "anon-rss:2kB, file-rss:3kB, shmem-rss:4kB, UID:0 pgtables:0kB oom_score_adj:0",
     KMSG_CONSTRAINT_NONE, 5, "a b", 1, 2, 3, 4, true, 0},
    /* hostile names */
    {"3,1,2,-;Memory cgroup out of memory: Killed process 9 () total-vm:1kB) total-vm:8kB, "
     "anon-rss:7kB, file-rss:6kB, shmem-rss:5kB, UID:0 pgtables:4kB oom_score_adj:3",
     KMSG_CONSTRAINT_MEMCG, 9, ") total-vm:1kB", 8, 7, 6, 5, true, 3},
    {"3,1,2,-;Memory cgroup out of memory: Killed process 9 (a\\x0a\\x5cx41\\xe2\\x82\\xac) "
     "total-vm:8kB, anon-rss:7kB, file-rss:6kB, shmem-rss:5kB, UID:0 pgtables:4kB "
     "oom_score_adj:3",
     KMSG_CONSTRAINT_MEMCG, 9, "a\n\\x41\xe2\x82\xac", 8, 7, 6, 5, true, 3},
    {"Killed process 9 (a\\x41) total-vm:8kB, anon-rss:7kB, file-rss:6kB", KMSG_CONSTRAINT_UNKNOWN,
     9, "a\\x41", 8, 7, 6, 0, false, 0},
};

START_TEST(killed_lines_of_all_kernels)
{
	struct kmsg_line line = parse(killed[_i].text);

	ck_assert_int_eq(line.kind, KMSG_KILLED);
	ck_assert_int_eq(line.constraint, killed[_i].constraint);
	ck_assert_int_eq(line.pid, killed[_i].pid);
	ck_assert_str_eq(line.comm, killed[_i].comm);
	ck_assert_int_eq(line.has_sizes, killed[_i].total_kib >= 0);
	if (line.has_sizes)
		ck_assert_int_eq(line.total_vm_bytes / 1024, killed[_i].total_kib);
	ck_assert_int_eq(line.anon_rss_bytes / 1024, killed[_i].anon_kib);
	ck_assert_int_eq(line.file_rss_bytes / 1024, killed[_i].file_kib);
	ck_assert_int_eq(line.shmem_rss_bytes / 1024, killed[_i].shmem_kib);
	ck_assert_int_eq(line.has_score, killed[_i].has_score);
	ck_assert_int_eq(line.oom_score_adj, killed[_i].score);
}
END_TEST

#define HEAD "6,10,20,-;oom-kill:constraint="
#define BOX "/kubepods/pod1/c"

static const struct {
	const char *text;
	enum kmsg_constraint constraint;
	int pid;
	const char *comm, *oom_cgroup, *task_cgroup;
} summaries[] = {
    {HEAD "CONSTRAINT_MEMCG,nodemask=(null),cpuset=c,mems_allowed=0-1,oom_memcg=/kubepods/pod1,"
	  "task_memcg=" BOX ",task=php-fpm,pid=3902942,uid=1000",
     KMSG_CONSTRAINT_MEMCG, 3902942, "php-fpm", "/kubepods/pod1", BOX},
    {HEAD "CONSTRAINT_NONE,nodemask=(null),cpuset=/,mems_allowed=0,global_oom,task_memcg=" BOX
	  ",task=tmux: server,pid=7,uid=0",
     KMSG_CONSTRAINT_NONE, 7, "tmux: server", "", BOX},
    {HEAD "CONSTRAINT_CPUSET,nodemask=(null),cpuset=x,mems_allowed=4,global_oom,task_memcg=/s,"
	  "task=a,pid=7,uid=0",
     KMSG_CONSTRAINT_OTHER, 7, "a", "", "/s"},
    /* 5.2: a cgroup's limit although the word says NONE; no cpuset */
    {HEAD "CONSTRAINT_NONE,nodemask=(null),oom_memcg=/foo,task_memcg=/foo,task=stress,pid=210,"
	  "uid=0",
     KMSG_CONSTRAINT_MEMCG, 210, "stress", "/foo", "/foo"},
    /* a kernel without memory cgroups */
    {HEAD "CONSTRAINT_NONE,nodemask=(null),cpuset=/,mems_allowed=0,task=dbus,pid=454,uid=101",
     KMSG_CONSTRAINT_NONE, 454, "dbus", "", ""},
    /* names that hold the delimiters: of the process, the cpuset, the limit's cgroup, the victim's
     */
    {HEAD "CONSTRAINT_MEMCG,nodemask=(null),cpuset=c,mems_allowed=0,oom_memcg=" BOX
	  ",task_memcg=" BOX ",task=a,task=b,pid=1,pid=77,uid=0",
     KMSG_CONSTRAINT_MEMCG, 77, "a,task=b,pid=1", BOX, BOX},
    {HEAD "CONSTRAINT_MEMCG,nodemask=(null),cpuset=c,mems_allowed=0,oom_memcg=" BOX
	  ",task_memcg=" BOX "/x,task=y,pid=1,uid=0/z,task=a\\x00b,pid=77,uid=0",
     KMSG_CONSTRAINT_MEMCG, 77, "a\\x00b", BOX, BOX "/x,task=y,pid=1,uid=0/z"},
    {HEAD "CONSTRAINT_MEMCG,nodemask=(null),cpuset=x,mems_allowed=0,oom_memcg=v,task_memcg=v,"
	  "mems_allowed=0,oom_memcg=" BOX ",task_memcg=" BOX ",task=a,pid=77,uid=0",
     KMSG_CONSTRAINT_MEMCG, 77, "a", BOX, BOX},
    {HEAD "CONSTRAINT_MEMCG,nodemask=(null),cpuset=c,mems_allowed=0,oom_memcg=" BOX
	  ",task_memcg=/v,task_memcg=" BOX ",task_memcg=/v/w,task=a,pid=77,uid=0",
     KMSG_CONSTRAINT_MEMCG, 77, "a", BOX ",task_memcg=/v", BOX ",task_memcg=/v/w"},
    {HEAD "CONSTRAINT_MEMCG,nodemask=(null),cpuset=c,mems_allowed=0,oom_memcg=" BOX
	  ",task_memcg=" BOX "/x,global_oom,task_memcg=/v,oom_memcg=/v,task=a,pid=77,uid=0",
     KMSG_CONSTRAINT_MEMCG, 77, "a", BOX, BOX "/x,global_oom,task_memcg=/v,oom_memcg=/v"},
    {HEAD "CONSTRAINT_NONE,nodemask=(null),cpuset=c,mems_allowed=0,global_oom,task_memcg=" BOX
	  "/x,oom_memcg=/v,task_memcg=/v/w,task=a,pid=77,uid=0",
     KMSG_CONSTRAINT_NONE, 77, "a", "", BOX "/x,oom_memcg=/v,task_memcg=/v/w"},
    /* a blank and a backslash in a name */
    {HEAD "CONSTRAINT_MEMCG,nodemask=(null),cpuset=c,mems_allowed=0,oom_memcg=/a b\\x5cx2f,"
	  "task_memcg=/a b\\x5cx2f,task=\\x09123456789abcd,pid=77,uid=0",
     KMSG_CONSTRAINT_MEMCG, 77, "\t123456789abcd", "/a b\\x2f", "/a b\\x2f"},
    /* cut off: half a path would name another cgroup */
    {HEAD "CONSTRAINT_MEMCG,nodemask=(null),cpuset=c,mems_allowed=0,oom_memcg=/a,task_memcg=/a/b",
     KMSG_CONSTRAINT_MEMCG, 0, "", "", ""},
};

START_TEST(summaries_with_hostile_names)
{
	struct kmsg_line line = parse(summaries[_i].text);

	ck_assert_int_eq(line.kind, KMSG_SUMMARY);
	ck_assert_uint_eq(line.time_us, 20);
	ck_assert_int_eq(line.constraint, summaries[_i].constraint);
	ck_assert_int_eq(line.pid, summaries[_i].pid);
	ck_assert_str_eq(line.comm, summaries[_i].comm);
	ck_assert_str_eq(line.oom_cgroup, summaries[_i].oom_cgroup);
	ck_assert_str_eq(line.task_cgroup, summaries[_i].task_cgroup);
}
END_TEST

START_TEST(task_in_and_group)
{
	struct kmsg_line line =
	    parse("[14808.063986] Task in /docker/34 killed as a result of limit "
		  "of /docker");

	ck_assert_int_eq(line.kind, KMSG_TASK_IN);
	ck_assert_uint_eq(line.time_us, 14808063986);
	ck_assert_int_eq(line.constraint, KMSG_CONSTRAINT_MEMCG);
	ck_assert_str_eq(line.task_cgroup, "/docker/34");
	ck_assert_str_eq(line.oom_cgroup, "/docker");
	line = parse("6,1,2,-;Task in /c/x killed as a result of limit of /v killed as a result of "
		     "limit of /c");
	ck_assert_str_eq(line.task_cgroup, "/c/x killed as a result of limit of /v");
	ck_assert_str_eq(line.oom_cgroup, "/c");
	line =
	    parse("Tasks in /a are going to be killed due to memory.oom.group set/b are going to "
		  "be killed due to memory.oom.group set");
	ck_assert_int_eq(line.kind, KMSG_GROUP);
	ck_assert_str_eq(line.task_cgroup,
			 "/a are going to be killed due to memory.oom.group set/b");
	line = parse("[ 9.1] Out of memory and no killable processes...");
	ck_assert_int_eq(line.kind, KMSG_NO_VICTIM);
}
END_TEST

/* Text that looks like a kill and is none. */
static const char *const others[] = {
    "",
    "\n",
    "[",
    "6,1,2,-;",
    "6,1,2",
    "11,1,2,-;Killed process 1 (init) total-vm:1kB, anon-rss:1kB, file-rss:1kB",
    "12,1,2,-;oom-kill:constraint=CONSTRAINT_NONE,nodemask=(null),task=a,pid=1,uid=0",
    "6,1,2,-;Killed process 1 invoked oom-killer: gfp_mask=0xd0, order=0",
    "6,1,2,-;[  123]     0   123 1 1 0 0 Killed process 1 (init)",
    "6,1,2,-; Killed process 1 (init)",
    "6,1,2,-;traps: Killed process 1 (init) total-vm:1kB",
    "6,1,2,-;x\nKilled process 1 (init)",
    "Jan  5 15:19:27 kernel: Killed process 1 (init)",
    "Memory cgroup out of memory: Kill process 7537 (java) score 1094 or sacrifice child",
    "oom_reaper: reaped process 7788 (bash), now anon-rss:0kB",
    "Killed process 1 (init",
    "Killed process 0 (init)",
    "Killed process -1 (init)",
    "Killed process 99999999999999999999 (init)",
    "Killed process (init)",
    "Task in /a killed",
    "Task in a killed as a result of limit of /",
    "Tasks in /a are going to be killed due to memory.oom.group set.",
    "Tasks in /a invoked oom-killer",
};

START_TEST(what_only_looks_like_a_kill)
{
	ck_assert_int_eq(parse(others[_i]).kind, KMSG_OTHER);
}
END_TEST

/* Every cut and every changed byte of the samples, in memory that ends where the text ends. */
static void mutilate(const char *text)
{
	size_t len = strlen(text);
	struct kmsg_line line;

	for (size_t cut = 0; cut <= len; cut++) {
		cleanup_free char *copy = malloc(cut ? cut : 1);

		memcpy(copy, text, cut);
		kmsg_parse(copy, cut, &line);
		for (size_t i = 0; cut == len && i < len; i++) {
			static const char bytes[] = {'\0', '\n', ',', ';', '\\',
						     '(',  ')',	 '/', '9'};

			for (size_t b = 0; b < sizeof(bytes); b++) {
				copy[i] = bytes[b];
				kmsg_parse(copy, len, &line);
			}
			copy[i] = text[i];
		}
	}
}

START_TEST(mutilated_lines_do_no_harm)
{
	static char path[4096] = "Tasks in /";
	struct kmsg_line line;

	for (size_t i = 0; i < LEN(killed); i++)
		mutilate(killed[i].text);
	for (size_t i = 0; i < LEN(summaries); i++)
		mutilate(summaries[i].text);
	/* A path that does not fit is no path. */
	memset(path + strlen(path), 'a', KMSG_PATH_MAX);
	strcat(path, " are going to be killed due to memory.oom.group set");
	line = parse(path);
	ck_assert_int_eq(line.kind, KMSG_GROUP);
	ck_assert_str_eq(line.task_cgroup, "");
}
END_TEST

START_TEST(records_are_read_one_by_one)
{
	const char *const records[] = {
	    "6,1,2,-;usb 1-1: new device", "3,2,3,-;Killed process 7 (a)",
	    "11,3,4,-;Killed process 1 (init)", "4,4,5,-;Killed process 8 (b)"};
	struct kmsg_line line;
	char text[16];
	uint64_t lost = 0;
	int ends[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, ends), 0);
	ck_assert_int_eq(kmsg_next(ends[0], &line, text, sizeof(text), &lost), 0);
	for (size_t i = 0; i < LEN(records); i++)
		ck_assert_int_gt(write(ends[1], records[i], strlen(records[i])), 0);
	ck_assert_int_eq(kmsg_next(ends[0], &line, text, sizeof(text), &lost), 1);
	ck_assert_int_eq(line.kind, KMSG_OTHER);
	/* Cut where the room ends. */
	ck_assert_str_eq(text, "usb 1-1: new de");
	ck_assert_int_eq(kmsg_next(ends[0], &line, text, sizeof(text), &lost), 1);
	ck_assert_int_eq(line.pid, 7);
	/* The third one is a process's. */
	ck_assert_int_eq(kmsg_next(ends[0], &line, text, sizeof(text), &lost), 1);
	ck_assert_int_eq(line.pid, 8);
	ck_assert_int_eq(kmsg_next(ends[0], &line, text, sizeof(text), &lost), 0);
	ck_assert_uint_eq(lost, 0);
	close(ends[0]);
	ck_assert_int_eq(kmsg_next(ends[0], &line, text, sizeof(text), &lost), -EBADF);
	ck_assert_int_eq(kmsg_open("/nonexistent/kmsg"), -ENOENT);
}
END_TEST

START_TEST(a_forged_line_in_the_real_log_is_not_believed)
{
	static const char forged[] = "<3>Killed process 1 (oomguard-test) total-vm:1kB";
	cleanup_close int log = open("/dev/kmsg", O_WRONLY | O_CLOEXEC);
	cleanup_close int fd = kmsg_open("/dev/kmsg");
	struct kmsg_line line;
	char text[1024];
	uint64_t lost = 0;
	int r;

	if (log < 0 || fd < 0) {
		unit_missing("the kernel's log");
		return;
	}
	ck_assert_int_eq(write(log, forged, sizeof(forged) - 1), sizeof(forged) - 1);
	while ((r = kmsg_next(fd, &line, text, sizeof(text), &lost)) == 1)
		ck_assert_str_ne(line.comm, "oomguard-test");
	ck_assert_int_eq(r, 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("kmsg");
	TCase *tests = tcase_create("kmsg");

	tcase_add_loop_test(tests, killed_lines_of_all_kernels, 0, LEN(killed));
	tcase_add_loop_test(tests, summaries_with_hostile_names, 0, LEN(summaries));
	tcase_add_loop_test(tests, what_only_looks_like_a_kill, 0, LEN(others));
	tcase_add_test(tests, task_in_and_group);
	tcase_add_test(tests, mutilated_lines_do_no_harm);
	tcase_add_test(tests, records_are_read_one_by_one);
	tcase_add_test(tests, a_forged_line_in_the_real_log_is_not_believed);
	suite_add_tcase(suite, tests);
	return unit_run(suite);
}
