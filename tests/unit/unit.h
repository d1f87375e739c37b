/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One test program a module: fills a Check suite and runs it. Check forks for each test, so a
 * crash fails one test only.
 */
#pragma once

#include <check.h>
#include <stdio.h>
#include <stdlib.h>

/* What the test needs is not here. In CI, where it is known to work, that is a failure. */
static inline void unit_missing(const char *what)
{
	const char *ci = getenv("CI");

	ck_assert_msg(!ci || !*ci, "missing: %s", what);
	printf("skipped: %s\n", what);
}

static inline int unit_run(Suite *suite)
{
	SRunner *runner = srunner_create(suite);
	int failed;

	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
