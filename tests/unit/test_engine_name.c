/* SPDX-License-Identifier: Apache-2.0 */
#include "engine_name.h"

#include "fake_tree.h"
#include "unit.h"

#define STAT(pid, ppid)                                                                            \
	pid " (x y) S " ppid " 1 1 0 -1 4194304 11 0 22 0 0 0 0 0 20 0 3 0 777 "                   \
	    "1000000 10 18446744073709551615 0 0 0 0 0 0 0 0 0 0 0 0 17 0 0 0\n"

/* The words of the runtime's parent, each ended by '|'. */
static const struct {
	const char *words, *name;
} parents[] = {
    {"/usr/bin/conmon|--api-version|1|-c|abc|-n|web|--exit-dir|/x|", "web"},
    {"conmon|--name|a.b_c-1|", "a.b_c-1"},
    {"/usr/libexec/podman/conmon|--name=web|", "web"},
    {"conmon|-n|", NULL},
    {"conmon|-n||", NULL},
    {"conmon|-n|a/b|", NULL},
    {"conmon|-n|a b|", NULL},
    {"conmon|-c|abc|", NULL},
    {"containerd-shim-runc-v2|-n|web|", NULL},
    {"", NULL},
};

START_TEST(of_the_runtimes_parent)
{
	static const struct fake_file files[] = {{"12/stat", STAT("12", "11")},
						 {"11/stat", STAT("11", "1")}};
	struct fake_tree tree;
	char words[256], *name;
	size_t len = strlen(parents[_i].words);
	FILE *file;

	fake_tree_make(&tree, files, FAKE_TREE_LEN(files));
	for (size_t i = 0; i < len; i++)
		words[i] = parents[_i].words[i] == '|' ? '\0' : parents[_i].words[i];
	fake_tree_write(&tree, "11/cmdline", "");
	file = fdopen(openat(tree.fd, "11/cmdline", O_WRONLY), "w");
	ck_assert_ptr_nonnull(file);
	ck_assert_uint_eq(fwrite(words, 1, len, file), len);
	fclose(file);
	name = engine_name_podman(tree.fd, 12);
	ck_assert_pstr_eq(name, parents[_i].name);
	free(name);
	ck_assert_ptr_null(engine_name_podman(tree.fd, 13));
	fake_tree_remove(&tree);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("engine_name");
	TCase *tcase = tcase_create("all");

	tcase_add_loop_test(tcase, of_the_runtimes_parent, 0, FAKE_TREE_LEN(parents));
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
