/* SPDX-License-Identifier: Apache-2.0 */
/* The files of containerd that `oomguard doctor` reads: which are loaded, and what holds. */
#include <errno.h>
#include <stdio.h>

#include "doctor_tree.h"
#include "unit.h"

#define MAIN "etc/containerd/config.toml"
#define CONF_D "etc/containerd/conf.d/"
#define CRI "plugins.'io.containerd.grpc.v1.cri'"
#define RUNTIME "[" CRI ".containerd.runtimes.guard.options]\nBinaryName = '" RUNC "'\n"
#define DEFAULT "[" CRI ".containerd]\ndefault_runtime_name = 'guard'\n"
#define SPEC "/etc/oomguard/base-spec.json"
#define NAMES_SPEC "[" CRI ".containerd.runtimes.guard]\nbase_runtime_spec = '" SPEC "'\n"

/* Where the file with the handler is, and imports on the way to it. */
static const struct {
	const char *path;
	struct fake_file files[3];
} ways[] = {
    {"etc/containerd/.guard.toml", {{MAIN, "imports = ['/etc/containerd/*.toml']"}}},
    {"etc/containerd/a.toml", {{MAIN, "imports = ['a.toml']"}}},
    {"etc/containerd/more/a.toml", {{MAIN, "imports = ['more/*']"}}},
    {"etc/a.toml", {{MAIN, "imports = ['../x/../a.toml']"}}},
    {"etc/containerd/x/a.toml", {{MAIN, "imports = ['/etc/containerd/*/a.toml']"}}},
    {"opt/c",
     {{MAIN, "imports = ['/opt/a']"},
      {"opt/a", "imports = ['b']"},
      {"opt/b", "version = 2\nimports = ['/etc/containerd/config.toml', '/opt/c']"}}},
};

START_TEST(imported)
{
	struct fake_tree tree;
	struct engine_facts *facts;

	fake_tree_make(&tree, NULL, 0);
	for (size_t i = 0; i < 3 && ways[_i].files[i].path; i++)
		fake_tree_write(&tree, ways[_i].files[i].path, ways[_i].files[i].text);
	fake_tree_write(&tree, ways[_i].path, RUNTIME);
	facts = engines_of(&tree);
	ck_assert_msg(facts->len == 1, "%zu by %s", facts->len, ways[_i].files[0].text);
	ck_assert_str_eq(facts->items[0].file + 1, ways[_i].path);
	ck_assert_str_eq(facts->items[0].name, "guard");
	ck_assert_str_eq(facts->items[0].program.path, RUNC);
	ck_assert(!facts->items[0].not_read && !facts->items[0].replaced_by[0]);
	ck_assert_uint_eq(facts->unreadable_len, 0);
	free(facts);
	fake_tree_remove(&tree);
}
END_TEST

/* By a relative pattern, or as the same file by another name. */
START_TEST(drop_in_is_no_stray)
{
	struct fake_tree tree;
	struct engine_facts *facts;

	fake_tree_make(&tree, NULL, 0);
	fake_tree_write(&tree, CONF_D "oomguard.toml", RUNTIME);
	fake_tree_write(&tree, MAIN, "imports = ['conf.d/*.toml']");
	facts = engines_of(&tree);
	ck_assert_uint_eq(facts->len, 1);
	ck_assert(!facts->items[0].not_read);
	free(facts);
	ck_assert_int_eq(symlinkat("conf.d/oomguard.toml", tree.fd, "etc/containerd/z.toml"), 0);
	fake_tree_write(&tree, MAIN, "imports = ['z.toml']");
	facts = engines_of(&tree);
	ck_assert_uint_eq(facts->len, 1);
	ck_assert_str_eq(facts->items[0].file, "/etc/containerd/z.toml");
	ck_assert(!facts->items[0].not_read);
	free(facts);
	/* '*' alone does not go into directories. */
	fake_tree_write(&tree, MAIN, "imports = ['*/x.toml']");
	facts = engines_of(&tree);
	ck_assert_uint_eq(facts->len, 1);
	ck_assert(facts->items[0].not_read);
	free(facts);
	fake_tree_remove(&tree);
}
END_TEST

/* What an imported file imports is loaded after all others: its section holds. */
START_TEST(order)
{
	struct fake_tree tree;
	struct engine_facts *facts;

	fake_tree_make(&tree, NULL, 0);
	fake_tree_write(&tree, MAIN, "version = 2\nimports = ['a.toml', 'b.toml']");
	fake_tree_write(&tree, "etc/containerd/a.toml", "imports = ['c.toml']\n");
	fake_tree_write(&tree, "etc/containerd/b.toml", RUNTIME);
	fake_tree_write(&tree, "etc/containerd/c.toml", "[" CRI "]\n");
	facts = engines_of(&tree);
	ck_assert_uint_eq(facts->len, 1);
	ck_assert_str_eq(facts->items[0].replaced_by, "/etc/containerd/c.toml");
	free(facts);
	/* The same file once more, behind that one. */
	fake_tree_write(&tree, "etc/containerd/a.toml", "imports = ['c.toml', 'd.toml']\n");
	ck_assert_int_eq(symlinkat("b.toml", tree.fd, "etc/containerd/d.toml"), 0);
	facts = engines_of(&tree);
	ck_assert_uint_eq(facts->len, 1);
	ck_assert_str_eq(facts->items[0].replaced_by, "");
	free(facts);
	fake_tree_remove(&tree);
}
END_TEST

START_TEST(shared_spec)
{
	static const struct fake_file files[] = {
	    {MAIN, "version = 2\nimports = ['a.toml', 'b.toml']"},
	    {"etc/containerd/a.toml", NAMES_SPEC},
	    {"etc/containerd/b.toml", NAMES_SPEC},
	    {SPEC + 1, "{\"hooks\": {\"createRuntime\": [{" ENTRY "}]}}"},
	};
	struct fake_tree tree;
	struct engine_facts *facts;

	fake_tree_make(&tree, files, FAKE_TREE_LEN(files));
	facts = engines_of(&tree);
	ck_assert_uint_eq(facts->len, 1);
	ck_assert_str_eq(facts->items[0].file, SPEC);
	ck_assert_str_eq(facts->items[0].replaced_by, "");
	free(facts);
	fake_tree_remove(&tree);
}
END_TEST

/* A default, and the runtime that it names in another file: are both in force? */
static const struct {
	const char *main, *first, *second;
	bool lost;
} defaults[] = {
    {"version = 2\n", RUNTIME, DEFAULT, true},
    {"version = 2\n", RUNTIME, DEFAULT RUNTIME, false},
    {"version = 2\n", DEFAULT, "[" CRI "]\n", false},
    {"version = 2\n", DEFAULT, "[metrics]\n", true},
    {"version = 3\n", RUNTIME, DEFAULT, false},
    {"version = 3\n", DEFAULT, RUNTIME, false},
};

START_TEST(a_default)
{
	struct fake_tree tree;
	struct engine_facts *facts;
	char text[128];

	fake_tree_make(&tree, NULL, 0);
	snprintf(text, sizeof(text), "%simports = ['a.toml']\n", defaults[_i].main);
	fake_tree_write(&tree, MAIN, text);
	fake_tree_write(&tree, "etc/containerd/a.toml", "imports = ['.b.tom*']\n");
	fake_tree_put(&tree, "etc/containerd/a.toml", defaults[_i].first, O_APPEND);
	fake_tree_write(&tree, "etc/containerd/.b.toml", defaults[_i].second);
	facts = engines_of(&tree);
	ck_assert_uint_eq(facts->lost_len, defaults[_i].lost ? 1 : 0);
	if (defaults[_i].lost)
		ck_assert_str_eq(facts->lost[0].name, "guard");
	free(facts);
	fake_tree_remove(&tree);
}
END_TEST

/* What else is there is told all the same. */
static const struct {
	const char *main, *path, *text, *why;
} wrong[] = {
    {"imports = ['a.toml', 'b.toml']", "etc/containerd/a.toml", "[x", "/etc/containerd/a.toml:1: "},
    {"imports = ['a.toml', 'b.toml']", "etc/containerd/a.toml/x", "", "/etc/containerd/a.toml: "},
    {"imports = ['b.toml']\n[x", "a", "", "/etc/containerd/config.toml:2: "},
    {"imports = ['b.toml', \"\\x\"]", "a", "", "/etc/containerd/config.toml:1: an escape"},
    {"\nimports = ['a.toml', 'b.toml']", "a", "",
     "/etc/containerd/a.toml: /etc/containerd/config.toml:2 imports it"},
};

START_TEST(not_understood)
{
	struct fake_tree tree;
	struct engine_facts *facts;

	fake_tree_make(&tree, NULL, 0);
	fake_tree_write(&tree, MAIN, wrong[_i].main);
	fake_tree_write(&tree, wrong[_i].path, wrong[_i].text);
	fake_tree_write(&tree, "etc/containerd/b.toml", RUNTIME);
	facts = engines_of(&tree);
	ck_assert_uint_eq(facts->unreadable_len, 1);
	ck_assert_str_eq(facts->unreadable[0].engine, "containerd");
	ck_assert_msg(!strncmp(facts->unreadable[0].why, wrong[_i].why, strlen(wrong[_i].why)),
		      "%s", facts->unreadable[0].why);
	ck_assert_uint_eq(facts->len, 1);
	ck_assert_str_eq(facts->items[0].file, "/etc/containerd/b.toml");
	free(facts);
	fake_tree_remove(&tree);
}
END_TEST

/* Each has a handler; more than are followed. */
START_TEST(many_files)
{
	struct fake_tree tree;
	struct engine_facts *facts;
	char path[64];

	fake_tree_make(&tree, NULL, 0);
	fake_tree_write(&tree, MAIN, "version = 3\nimports = ['conf.d/*']");
	for (int i = 0; i < 50; i++) {
		snprintf(path, sizeof(path), CONF_D "%02d", i);
		fake_tree_write(&tree, path, RUNTIME);
	}
	facts = engines_of(&tree);
	ck_assert_uint_eq(facts->unreadable_len, 1);
	ck_assert_ptr_nonnull(strstr(facts->unreadable[0].why, "more than 48 files"));
	free(facts);
	/* A way in circles ends. */
	fake_tree_write(&tree, MAIN, "imports = ['loop/*.toml']");
	ck_assert_int_eq(symlinkat(".", tree.fd, "etc/containerd/loop"), 0);
	free(engines_of(&tree));
	fake_tree_remove(&tree);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("doctor_containerd");
	TCase *tests = tcase_create("containerd");

	tcase_add_loop_test(tests, imported, 0, FAKE_TREE_LEN(ways));
	tcase_add_test(tests, drop_in_is_no_stray);
	tcase_add_test(tests, order);
	tcase_add_test(tests, shared_spec);
	tcase_add_loop_test(tests, a_default, 0, FAKE_TREE_LEN(defaults));
	tcase_add_loop_test(tests, not_understood, 0, FAKE_TREE_LEN(wrong));
	tcase_add_test(tests, many_files);
	suite_add_tcase(suite, tests);
	return unit_run(suite);
}
