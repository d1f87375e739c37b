/* SPDX-License-Identifier: Apache-2.0 */
#include "container_name.h"
#include "fake_tree.h"
#include "unit.h"

#define ID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define OTHER "1123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define USUAL "var/lib/docker/containers/" ID "/config.v2.json"
#define MOVED "srv/d/containers/" ID "/config.v2.json"
#define NAMED(id, name) "{\"StreamConfig\":{},\"ID\":\"" id "\",\"Name\":\"" name "\"}"

static const struct {
	const char *daemon, *path, *text, *name; /* daemon NULL: no daemon.json */
} cases[] = {
    {NULL, USUAL, NAMED(ID, "/web"), "web"},
    {"{\"debug\":true}", USUAL, NAMED(ID, "/a.b_c-1"), "a.b_c-1"},
    {"{\"data-root\":\"/srv/d\"}", MOVED, NAMED(ID, "/web"), "web"},
    {"{\"data-root\":\"//srv/d/\"}", MOVED, NAMED(ID, "/web"), "web"},
    {"{\"data-root\":\"/srv/d\"}", USUAL, NAMED(ID, "/web"), NULL},
    {"{\"data-root\":\"srv/d\"}", MOVED, NAMED(ID, "/web"), NULL},
    {"{\"data-root\":1}", USUAL, NAMED(ID, "/web"), "web"},
    {"not JSON", USUAL, NAMED(ID, "/web"), "web"},
    {NULL, USUAL, NAMED(OTHER, "/web"), NULL},
    {NULL, USUAL, NAMED(ID, "web"), NULL},
    {NULL, USUAL, NAMED(ID, "/"), NULL},
    {NULL, USUAL, NAMED(ID, "/a/b"), NULL},
    {NULL, USUAL, NAMED(ID, "/a b"), NULL},
    {NULL, USUAL, NAMED(ID, "/a\\u001b[2J"), NULL},
    {NULL, USUAL, "{\"Name\":\"/web\"}", NULL},
    {NULL, USUAL, "{\"ID\":\"" ID "\",\"Name\":[\"/web\"]}", NULL},
    {NULL, USUAL, "{\"ID\":", NULL},
    {NULL, USUAL, "", NULL},
};

START_TEST(of_the_daemons_file)
{
	static const struct fake_file none[] = {{"etc", NULL}};
	struct fake_tree tree;
	char *name;

	fake_tree_make(&tree, none, FAKE_TREE_LEN(none));
	if (cases[_i].daemon)
		fake_tree_write(&tree, "etc/docker/daemon.json", cases[_i].daemon);
	fake_tree_write(&tree, cases[_i].path, cases[_i].text);
	name = container_name_docker(tree.fd, ID);
	ck_assert_pstr_eq(name, cases[_i].name);
	free(name);
	fake_tree_remove(&tree);
}
END_TEST

/* An id that is none of docker's names no file. */
START_TEST(of_no_other_id)
{
	static const char *const ids[] = {"", "web", "..", "../containers/" ID, ID "0", "x/../" ID};
	static const struct fake_file files[] = {
	    {USUAL, NAMED("../containers/" ID, "/web")},
	    {"var/lib/docker/containers/config.v2.json", NAMED("", "/web")},
	    {"var/lib/docker/containers/web/config.v2.json", NAMED("web", "/web")},
	};
	struct fake_tree tree;

	fake_tree_make(&tree, files, FAKE_TREE_LEN(files));
	for (size_t i = 0; i < FAKE_TREE_LEN(ids); i++)
		ck_assert_ptr_null(container_name_docker(tree.fd, ids[i]));
	fake_tree_remove(&tree);
}
END_TEST

/* What is no regular file keeps nobody waiting. */
START_TEST(of_no_fifo)
{
	static const struct fake_file none[] = {{"var/lib/docker/containers/" ID, NULL}};
	struct fake_tree tree;

	fake_tree_make(&tree, none, FAKE_TREE_LEN(none));
	ck_assert_int_eq(mkfifoat(tree.fd, USUAL, 0600), 0);
	ck_assert_ptr_null(container_name_docker(tree.fd, ID));
	fake_tree_remove(&tree);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("container_name");
	TCase *tcase = tcase_create("all");

	tcase_add_loop_test(tcase, of_the_daemons_file, 0, FAKE_TREE_LEN(cases));
	tcase_add_test(tcase, of_no_other_id);
	tcase_add_test(tcase, of_no_fifo);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
