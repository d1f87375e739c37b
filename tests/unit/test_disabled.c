/* SPDX-License-Identifier: Apache-2.0 */
#include "disabled.h"

#include <string.h>
#include <sys/stat.h>

#include "fake_tree.h"
#include "unit.h"

static struct fake_tree tree;
static char host[128];

static void setup(void)
{
	static const struct fake_file files[] = {{"etc", NULL}, {"state", NULL}};

	fake_tree_make(&tree, files, sizeof(files) / sizeof(files[0]));
	snprintf(host, sizeof(host), "%s/etc/disabled", tree.root);
}

static void teardown(void)
{
	fake_tree_remove(&tree);
}

START_TEST(both_places)
{
	cleanup_close int state = openat(tree.fd, "state", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	ck_assert(!disabled_at(host, state));
	ck_assert(!disabled_at(NULL, -1));
	fake_tree_write(&tree, "etc/disabled", "");
	ck_assert(disabled_at(host, state));
	ck_assert(disabled_at(host, -1));
	ck_assert(!disabled_at(NULL, state));
	ck_assert_int_eq(unlinkat(tree.fd, "etc/disabled", 0), 0);
	ck_assert(!disabled_at(host, state));
	fake_tree_write(&tree, "state/disabled", "");
	ck_assert(disabled_at(host, state));
	ck_assert(disabled_at(NULL, state));
	ck_assert(!disabled_at(host, -1));
}
END_TEST

START_TEST(whatever_it_is)
{
	ck_assert_int_eq(symlinkat("nowhere", tree.fd, "etc/disabled"), 0);
	ck_assert(disabled_at(host, -1));
	ck_assert_int_eq(unlinkat(tree.fd, "etc/disabled", 0), 0);
	ck_assert_int_eq(mkdirat(tree.fd, "etc/disabled", 0), 0);
	ck_assert(disabled_at(host, -1));
}
END_TEST

START_TEST(tells_which)
{
	char root[128], file[PATH_MAX], expected[160];

	snprintf(root, sizeof(root), "%s/state", tree.root);
	snprintf(expected, sizeof(expected), "%s/disabled", root);
	ck_assert(!disabled(root, file));
	ck_assert_str_eq(file, "");
	fake_tree_write(&tree, "state/disabled", "");
	ck_assert(disabled(root, file));
	ck_assert_str_eq(file, expected);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("disabled");
	TCase *tests = tcase_create("disabled");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, both_places);
	tcase_add_test(tests, whatever_it_is);
	tcase_add_test(tests, tells_which);
	suite_add_tcase(suite, tests);
	return unit_run(suite);
}
