/* SPDX-License-Identifier: Apache-2.0 */
/* Which lines of the kernel's log belong to an event. */
#include <stdio.h>
#include <string.h>

#include "kernel_report.h"
#include "unit.h"

static struct scene scene;
static struct report report;

static void setup(void)
{
	memset(&scene, 0, sizeof(scene));
	report = (struct report){0};
}

static void say(const char *text, bool ours)
{
	struct kmsg_line line;

	kmsg_parse(text, strlen(text), &line);
	report_take(&report, &scene, &line, text, ours);
}

static const char *kept(void)
{
	static char text[SCENE_REPORT_BYTES + 1];

	memcpy(text, scene.report, scene.report_len);
	text[scene.report_len] = '\0';
	return text;
}

#define SUMMARY                                                                                    \
	"oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=x,mems_allowed=0,"            \
	"oom_memcg=/c,task_memcg=/c,task=w,pid=7,uid=0"
#define KILLED                                                                                     \
	"Memory cgroup out of memory: Killed process 7 (w) total-vm:1kB, anon-rss:1kB, "           \
	"file-rss:0kB, shmem-rss:0kB, UID:0 pgtables:1kB oom_score_adj:0"

START_TEST(ours_is_kept_from_its_first_line)
{
	say("usb 1-1: new device", false);
	say("w invoked oom-killer: gfp_mask=0xcc0", false);
	say("memory: usage 1kB", false);
	say(SUMMARY, true);
	say(KILLED, true);
	say("usb 1-1: gone", false);
	say("oom_reaper: reaped process 7 (w)", false);
	ck_assert_str_eq(kept(), "w invoked oom-killer: gfp_mask=0xcc0\nmemory: usage 1kB\n" SUMMARY
				 "\n" KILLED "\noom_reaper: reaped process 7 (w)\n");
	ck_assert_uint_eq(scene.cut, 0);
}
END_TEST

START_TEST(another_ones_is_dropped)
{
	say("x invoked oom-killer: gfp_mask=0xcc0", false);
	say("memory: usage 1kB", false);
	say(SUMMARY, false);
	say(KILLED, false);
	say("oom_reaper: reaped process 7 (w)", false);
	ck_assert_str_eq(kept(), "");
	/* One that never ended, and then ours. */
	say("x invoked oom-killer: gfp_mask=0xcc0", false);
	say("memory: usage 2kB", false);
	say("w invoked oom-killer: gfp_mask=0xcc0", false);
	say(SUMMARY, true);
	ck_assert_str_eq(kept(), "w invoked oom-killer: gfp_mask=0xcc0\n" SUMMARY "\n");
}
END_TEST

START_TEST(a_group_and_a_swallowed_beginning)
{
	say("w invoked oom-killer: x", false);
	say(SUMMARY, true);
	say(KILLED, true);
	say("Tasks in /c are going to be killed due to memory.oom.group set", true);
	say(KILLED, true);
	say(KILLED, false);
	ck_assert_str_eq(kept(),
			 "w invoked oom-killer: x\n" SUMMARY "\n" KILLED
			 "\nTasks in /c are going to be killed due to memory.oom.group set\n" KILLED
			 "\n");
}
END_TEST

/* A task table of thousands does not push out who was killed. */
START_TEST(a_long_one_keeps_its_end)
{
	say("w invoked oom-killer: x", false);
	for (int i = 0; i < 1000; i++) {
		char line[80];

		snprintf(line, sizeof(line), "[%7d]     0 %5d    12345     6789    81920", i, i);
		say(line, false);
	}
	ck_assert_uint_eq(scene.cut, 0);
	say(SUMMARY, true);
	say(KILLED, true);
	ck_assert_uint_eq(scene.cut, SCENE_CUT_REPORT);
	ck_assert_ptr_nonnull(strstr(kept(), "[      0]"));
	ck_assert_ptr_null(strstr(kept(), "[    999]"));
	ck_assert_ptr_nonnull(strstr(kept(), SUMMARY "\n" KILLED "\n"));
	/* And one after the other, until there is no room for more. */
	for (int i = 0; i < 1000; i++) {
		say("w invoked oom-killer: x", false);
		say(SUMMARY, true);
		say(KILLED, true);
	}
	ck_assert_uint_le(scene.report_len, SCENE_REPORT_BYTES);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("report");
	TCase *tests = tcase_create("report");

	tcase_add_checked_fixture(tests, setup, NULL);
	tcase_add_test(tests, ours_is_kept_from_its_first_line);
	tcase_add_test(tests, another_ones_is_dropped);
	tcase_add_test(tests, a_group_and_a_swallowed_beginning);
	tcase_add_test(tests, a_long_one_keeps_its_end);
	suite_add_tcase(suite, tests);
	return unit_run(suite);
}
