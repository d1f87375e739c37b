/* SPDX-License-Identifier: Apache-2.0 */
#include <sys/wait.h>

#include "fake_tree.h"
#include "pid_mark.h"
#include "unit.h"

START_TEST(which_ids_were_passed)
{
	static const struct {
		struct pid_mark then, now;
		pid_t pid;
		bool passed;
		const char *why;
	} rows[] = {
	    {{true, 500, 0}, {true, 500, 9}, 500, false, "none was given"},
	    {{true, 500, 0}, {true, 510, 9}, 500, false, "given before"},
	    {{true, 500, 0}, {true, 510, 9}, 501, true, "the first one"},
	    {{true, 500, 0}, {true, 510, 9}, 510, true, "the last one"},
	    {{true, 500, 0}, {true, 510, 9}, 511, false, "not yet"},
	    {{true, 500, 0}, {true, 510, 9}, 20, false, "below"},
	    {{true, 500, 0}, {true, 310, 9}, 501, true, "above, before it began again"},
	    {{true, 500, 0}, {true, 310, 9}, 305, true, "below, after it began again"},
	    {{true, 500, 0}, {true, 310, 9}, 311, false, "between: not reached"},
	    {{true, 500, 0}, {true, 310, 9}, 500, false, "between: not reached"},
	    {{false, 0, 0}, {true, 500, 9}, 20, true, "unknown"},
	    {{true, 500, 0}, {false, 0, 9}, 20, true, "unknown"},
	    {{true, 500, 0}, {true, 500, 100000}, 20, false, "just in time"},
	    {{true, 500, 0}, {true, 500, 100001}, 20, true, "they may have gone round"},
	};

	for (size_t i = 0; i < FAKE_TREE_LEN(rows); i++)
		ck_assert_msg(pid_mark_passed(&rows[i].then, &rows[i].now, rows[i].pid) ==
				  rows[i].passed,
			      "row %zu: %s", i, rows[i].why);
}
END_TEST

/* The kernel's order is what we take it for: a new process's id is one that was passed. */
START_TEST(the_id_of_a_new_process_was_passed)
{
	cleanup_close int procfd = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct pid_mark then, now;
	pid_t child;

	pid_mark_take(procfd, &then);
	child = fork();
	if (child == 0)
		_exit(0);
	pid_mark_take(procfd, &now);
	waitpid(child, NULL, 0);
	ck_assert(pid_mark_passed(&then, &now, child));
	if (!then.known) {
		unit_missing("the newest process id");
		return;
	}
	/* Time is no matter here, however slow this machine is. */
	now.us = then.us;
	ck_assert(pid_mark_passed(&then, &now, child));
	ck_assert(!pid_mark_passed(&then, &then, child));
	ck_assert(!pid_mark_passed(&then, &now, 1));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("pid_mark");
	TCase *tests = tcase_create("order");

	tcase_add_test(tests, which_ids_were_passed);
	tcase_add_test(tests, the_id_of_a_new_process_was_passed);
	suite_add_tcase(suite, tests);
	return unit_run(suite);
}
