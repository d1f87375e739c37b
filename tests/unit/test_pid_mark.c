/* SPDX-License-Identifier: Apache-2.0 */
#include <sys/wait.h>

#include "clock.h"
#include "fake_tree.h"
#include "pid_mark.h"
#include "unit.h"

#define CIRCLE 32768

/* Of a list that was made when 500 was the id given last. */
START_TEST(which_ids_were_passed)
{
	static const struct {
		pid_t looks[3]; /* the id given last, 1 ms after the other; 0: no such look */
		pid_t pid;
		bool passed;
		const char *why;
	} rows[] = {
	    {{500}, 500, false, "none was given"},
	    {{510}, 500, false, "given before"},
	    {{510}, 501, true, "the first one"},
	    {{510}, 510, true, "the last one"},
	    {{510}, 511, false, "not yet"},
	    {{510}, 20, false, "below"},
	    {{505, 510, 520}, 503, true, "before an earlier look"},
	    {{505, 510, 520}, 515, true, "before the last look"},
	    {{505, 510, 520}, 521, false, "not yet, after some looks"},
	    {{310}, 501, true, "above, before it began again"},
	    {{310}, 305, true, "below, after it began again"},
	    {{310}, 311, false, "between: not reached"},
	    {{310}, 500, false, "between: not reached"},
	    {{30000, 310, 499}, 500, false, "nearly once round"},
	    {{30000, 310, 499}, 310, true, "nearly once round"},
	    {{30000, 310, 500}, 600, true, "once round"},
	    {{30000, 310, 510}, 511, true, "more than once round"},
	};

	for (size_t i = 0; i < FAKE_TREE_LEN(rows); i++) {
		struct pid_marks marks = {true, 500, 500, 0, 0, CIRCLE, -1};

		for (size_t j = 0; j < 3 && rows[i].looks[j]; j++)
			pid_marks_note(&marks, rows[i].looks[j], (j + 1) * 1000);
		ck_assert_msg(pid_marks_passed(&marks, rows[i].pid) == rows[i].passed,
			      "row %zu: %s", i, rows[i].why);
	}
}
END_TEST

START_TEST(nothing_is_known_after_a_long_pause)
{
	struct pid_marks marks = {true, 500, 500, 0, 0, CIRCLE, -1};

	pid_marks_note(&marks, 500, 100000);
	pid_marks_note(&marks, 501, 200000);
	ck_assert(!pid_marks_passed(&marks, 20));
	pid_marks_note(&marks, 501, 300001);
	ck_assert(pid_marks_passed(&marks, 20));
	/* Nor later. */
	pid_marks_note(&marks, 501, 300002);
	ck_assert(pid_marks_passed(&marks, 20));
}
END_TEST

START_TEST(nothing_is_known_where_nothing_tells)
{
	cleanup_pid_marks struct pid_marks marks = {.source = -1};
	struct fake_tree tree;

	fake_tree_make(&tree, NULL, 0);
	pid_marks_begin(tree.fd, &marks);
	pid_marks_look(&marks);
	ck_assert(pid_marks_passed(&marks, 20));
	fake_tree_remove(&tree);
}
END_TEST

/* The kernel's order is what we take it for: a new process's id is one that was passed. */
START_TEST(the_id_of_a_new_process_was_passed)
{
	cleanup_close int procfd = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cleanup_pid_marks struct pid_marks marks = {.source = -1};
	pid_t child;

	pid_marks_begin(procfd, &marks);
	ck_assert(!marks.known || !pid_marks_passed(&marks, marks.last));
	child = fork();
	if (child == 0)
		_exit(0);
	/* Time is no matter here, however slow this machine is. */
	marks.us = clock_us(CLOCK_MONOTONIC);
	pid_marks_look(&marks);
	waitpid(child, NULL, 0);
	ck_assert(pid_marks_passed(&marks, child));
	if (!marks.known) {
		unit_missing("the newest process id");
		return;
	}
	ck_assert(!pid_marks_passed(&marks, 1));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("pid_mark");
	TCase *tests = tcase_create("order");

	tcase_add_test(tests, which_ids_were_passed);
	tcase_add_test(tests, nothing_is_known_after_a_long_pause);
	tcase_add_test(tests, nothing_is_known_where_nothing_tells);
	tcase_add_test(tests, the_id_of_a_new_process_was_passed);
	suite_add_tcase(suite, tests);
	return unit_run(suite);
}
