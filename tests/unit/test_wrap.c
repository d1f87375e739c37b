/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "args.h"
#include "command.h"
#include "real_runtime.h"
#include "unit.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define WORDS_MAX 16
#define MANY 5000

static int parse(const char *const *words, struct wrap_args *out, struct error *err)
{
	return wrap_args_parse((char **)words, out, err);
}

START_TEST(own_options_stand_first)
{
	static const char *const words[] = {"/x/oomguard-runc",
					    "--oomguard-profile",
					    "--worker",
					    "--oomguard-policy=/p",
					    "--oomguard-root",
					    "/r",
					    "--oomguard-failure=closed",
					    "--oomguard-deadline",
					    "1.5s",
					    "--log",
					    "--oomguard-profile",
					    "x",
					    NULL};
	struct wrap_args args;

	ck_assert_int_eq(parse(words, &args, NULL), 0);
	ck_assert_str_eq(args.runtime, "runc");
	ck_assert_str_eq(args.profile, "--worker");
	ck_assert_str_eq(args.policy, "/p");
	ck_assert_str_eq(args.root, "/r");
	ck_assert(args.closed);
	ck_assert_uint_eq(args.deadline_ms, 1500);
	ck_assert_ptr_eq(args.rest, words + 9);
}
END_TEST

static const struct {
	const char *words[WORDS_MAX], *message;
} wrong[] = {
    {{NULL}, "called as \"\""},
    {{"oomguard-", NULL}, "called as \"oomguard-\""},
    {{"runc", "create", NULL}, "called as \"runc\""},
    {{"oomguard-runc", "--oomguard-profile", NULL}, "--oomguard-profile: its value is missing"},
    {{"oomguard-runc", "--oomguard-profiles", "x", NULL}, "unknown option --oomguard-profiles"},
    {{"oomguard-runc", "--oomguard-", NULL}, "unknown option --oomguard-"},
    {{"oomguard-runc", "--oomguard-help=1", NULL}, "unknown option --oomguard-help=1"},
    {{"oomguard-runc", "--oomguard-a-name-that-is-longer-than-any", NULL}, "unknown option"},
    {{"oomguard-runc", "--oomguard-policy", "p", NULL}, "absolute path"},
    {{"oomguard-runc", "--oomguard-root=", NULL}, "absolute path"},
    {{"oomguard-runc", "--oomguard-failure", "shut", NULL}, "open and closed"},
    {{"oomguard-runc", "--oomguard-deadline", "11m", NULL}, "from 1ms to 10m"},
    {{"oomguard-runc", "--oomguard-profile", "w\xff", NULL}, "allowed is UTF-8"},
    {{"oomguard-runc", "--oomguard-policy=/\xe9", NULL}, "allowed is UTF-8"},
    {{"oomguard-runc", "--oomguard-root", "/r\xc0\x80", NULL}, "allowed is UTF-8"},
};

START_TEST(mistakes)
{
	struct wrap_args args;
	struct error err = {0};

	ck_assert_int_eq(parse(wrong[_i].words, &args, &err), -EINVAL);
	ck_assert_msg(strstr(err.message, wrong[_i].message) != NULL, "%s", err.message);
}
END_TEST

/* Where the runtime's words begin in spite of it, so that they can be handed on. */
static const struct {
	const char *words[WORDS_MAX];
	size_t rest;
} passed_over[] = {
    {{"oomguard-runc", "--oomguard-profle", "worker", "kill", "x", NULL}, 3},
    {{"oomguard-runc", "--oomguard-profle=worker", "kill", "x", NULL}, 2},
    {{"oomguard-runc", "--oomguard-quiet", "kill", "x", NULL}, 2},
    {{"oomguard-runc", "--oomguard-quiet", "--root", "/r", "kill", "x", NULL}, 2},
    {{"oomguard-runc", "--oomguard-failure", "shut", "kill", "x", NULL}, 3},
    {{"oomguard-runc", "--oomguard-x", "--oomguard-root", "/r", "state", "x", NULL}, 4},
    {{"oomguard-runc", "--oomguard-profle", NULL}, 2},
};

START_TEST(the_words_behind_a_mistake_are_found)
{
	struct wrap_args args;
	struct error err = {0};

	ck_assert_int_eq(parse(passed_over[_i].words, &args, &err), -EINVAL);
	ck_assert_ptr_eq(args.rest, passed_over[_i].words + passed_over[_i].rest);
	ck_assert_str_eq(args.runtime, "runc");
	if (args.root)
		ck_assert_str_eq(args.root, "/r");
}
END_TEST

static const struct {
	const char *runtime, *words[WORDS_MAX];
	int makes;
	const char *bundle, *id;
	bool other_config;
} commands[] = {
    {"/usr/sbin/runc", {"create", "--bundle", "/b", "c"}, true, "/b", "c"},
    {"/usr/sbin/runc", {"create", "--bundle=/b", "c"}, true, "/b", "c"},
    {"/usr/sbin/runc", {"run", "-b", "/b", "-d", "c"}, true, "/b", "c"},
    {"/usr/sbin/runc", {"run", "c"}, true, NULL, "c"},
    {"/usr/sbin/runc", {"create", "create"}, true, NULL, "create"},
    {"/usr/sbin/runc", {"create", "-b", "create", "run"}, true, "create", "run"},
    {"/usr/sbin/runc", {"delete", "create"}, false, NULL, NULL},
    {"/usr/sbin/runc", {"exec", "c", "run"}, false, NULL, NULL},
    {"/usr/sbin/runc", {"--log", "create", "state", "c"}, false, NULL, NULL},
    {"/usr/sbin/runc",
     {"--root", "run", "--log-format", "json", "--systemd-cgroup", "--rootless=true", "--criu", "x",
      "--debug", "create", "c"},
     true,
     NULL,
     "c"},
    {"/usr/sbin/runc", {"-root", "/r", "create", "c"}, true, NULL, "c"},
    {"/usr/sbin/runc", {"--version"}, false, NULL, NULL},
    {"/usr/sbin/runc", {"-v"}, false, NULL, NULL},
    {"/usr/sbin/runc", {"features"}, false, NULL, NULL},
    {"/usr/sbin/runc", {"create", "--bundle"}, -EINVAL, NULL, NULL},
    {"/usr/sbin/runc", {"create"}, false, NULL, NULL},
    {"/usr/sbin/runc", {"create", "--help"}, false, NULL, NULL},
    {"/usr/sbin/runc", {"create", "-h", "c"}, false, NULL, NULL},
    {"/usr/sbin/runc", {"run", "c", "-help"}, false, NULL, NULL},
    {"/usr/sbin/runc", {"--version", "run", "c"}, false, NULL, NULL},
    {"/usr/sbin/runc", {"create", "--help=false", "c"}, true, NULL, "c"},
    {"/usr/sbin/runc", {"create", "help"}, true, NULL, "help"},
    {"/usr/sbin/runc", {"create", "c", "--pidfd-socket", "/s"}, true, NULL, "c"},
    {"/usr/sbin/runc", {"--criu", "create", "kill", "c"}, false, NULL, NULL},
    {"/usr/sbin/runc", {NULL}, false, NULL, NULL},
    {"/usr/bin/crun",
     {"--systemd", "--cgroup-manager", "create", "run", "-db/b", "c"},
     true,
     "/b",
     "c"},
    {"/usr/bin/crun", {"--log=create", "create", "--bund=/b", "c"}, true, "/b", "c"},
    {"/usr/bin/crun", {"create", "-f", "other.json", "c"}, true, NULL, "c", true},
    {"/usr/bin/crun", {"create", "--config=other.json", "c"}, true, NULL, "c", true},
    {"/usr/bin/crun", {"-V"}, false, NULL, NULL},
    {"/usr/bin/crun", {"--c", "cgroupfs", "create", "c"}, true, NULL, "c"},
    {"/usr/bin/crun", {"--program-name", "X", "create", "c"}, true, NULL, "c"},
    {"/usr/bin/crun", {"--p", "run", "create", "c"}, true, NULL, "c"},
    {"/usr/bin/crun", {"--roo", "run", "create", "c"}, true, NULL, "c"},
    {"/usr/bin/crun", {"--HANG", "create", "c"}, true, NULL, "c"},
    {"/usr/bin/crun", {"create", "--he", "c"}, false, NULL, NULL},
    {"/usr/bin/crun", {"create", "-?"}, false, NULL, NULL},
    {"/usr/bin/crun", {"-V", "create", "c"}, false, NULL, NULL},
    {"/usr/bin/crun", {"create", "-b", "/b"}, false, NULL, NULL},
};

START_TEST(which_commands_make_a_container)
{
	const char *words[WORDS_MAX + 1] = {commands[_i].runtime};
	struct runtime_cmd cmd;
	int makes;

	memcpy(words + 1, commands[_i].words, sizeof(commands[_i].words));
	makes = command_makes_container(words, &cmd, NULL);
	ck_assert_int_eq(makes, commands[_i].makes);
	if (makes > 0) {
		ck_assert_pstr_eq(cmd.bundle, commands[_i].bundle);
		ck_assert_pstr_eq(cmd.id, commands[_i].id);
		ck_assert_int_eq(cmd.other_config, commands[_i].other_config);
	}
	runtime_cmd_free(&cmd);
}
END_TEST

START_TEST(any_number_of_words)
{
	static const char *words[MANY + 1];
	struct runtime_cmd cmd;

	words[0] = "runc";
	for (size_t i = 1; i < MANY - 2; i++)
		words[i] = "--debug";
	words[MANY - 2] = "create";
	words[MANY - 1] = "c";
	ck_assert_int_eq(command_makes_container(words, &cmd, NULL), 1);
	ck_assert_str_eq(cmd.id, "c");
	runtime_cmd_free(&cmd);
}
END_TEST

START_TEST(the_runtime_is_the_first_of_that_name)
{
	static struct host_policy host = {
	    .runtimes_len = 4, .runtimes = {"/a/crun", "/opt/runc-1.1", "/b/runc", "/c/runc"}};
	char dir[] = "/tmp/oomguard-test-XXXXXX";
	struct error err = {0};
	const char *path;

	ck_assert_int_eq(real_runtime(&host, "runc", "/proc/self/exe", &path, &err), 0);
	ck_assert_str_eq(path, "/b/runc");
	ck_assert_int_eq(real_runtime(&host, "runc-1.1", "/proc/self/exe", &path, &err), 0);
	ck_assert_str_eq(path, "/opt/runc-1.1");
	ck_assert_int_eq(real_runtime(&host, "runc-1", "/proc/self/exe", &path, &err), -ENOENT);
	strcpy(host.runtimes[0], "/proc/self/exe/runc");
	ck_assert_int_eq(real_runtime(&host, "crun", "/proc/self/exe", &path, &err), -ENOENT);
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(host.runtimes[0], sizeof(host.runtimes[0]), "%s/crun", dir);
	ck_assert_int_eq(symlink("/proc/self/exe", host.runtimes[0]), 0);
	ck_assert_int_eq(real_runtime(&host, "crun", "/proc/self/exe", &path, &err), -ELOOP);
	/* It is another program than the wrapper's. */
	ck_assert_int_eq(real_runtime(&host, "crun", "/bin/sh", &path, &err), 0);
	unlink(host.runtimes[0]);
	rmdir(dir);
}
END_TEST

/* What is not known to read would run unguarded, and nobody would be told. */
START_TEST(a_runtime_of_another_kind_is_refused)
{
	static const struct host_policy host = {.runtimes_len = 1, .runtimes = {"/opt/youki"}};
	struct error err = {0};
	const char *path;

	ck_assert_int_eq(real_runtime(&host, "youki", "/proc/self/exe", &path, &err), -EINVAL);
	ck_assert_ptr_nonnull(strstr(err.message, "youki: allowed are runc and crun"));
}
END_TEST

START_TEST(a_runtime_that_cannot_run_is_told)
{
	struct error err = {0};

	ck_assert_int_eq(real_runtime_try("/proc/self/exe", &err), 0);
	ck_assert_int_eq(real_runtime_try("/nonexistent/runc", &err), -ENOENT);
	ck_assert_ptr_nonnull(strstr(err.message, "/nonexistent/runc"));
	ck_assert_str_ne(err.hint, "");
	ck_assert_int_eq(real_runtime_try("/", &err), -EACCES);
	ck_assert_int_eq(real_runtime_try("/proc/self/status", &err), -EACCES);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("wrap");
	TCase *tcase = tcase_create("all");

	tcase_add_test(tcase, own_options_stand_first);
	tcase_add_loop_test(tcase, mistakes, 0, COUNT(wrong));
	tcase_add_loop_test(tcase, the_words_behind_a_mistake_are_found, 0, COUNT(passed_over));
	tcase_add_loop_test(tcase, which_commands_make_a_container, 0, COUNT(commands));
	tcase_add_test(tcase, any_number_of_words);
	tcase_add_test(tcase, the_runtime_is_the_first_of_that_name);
	tcase_add_test(tcase, a_runtime_that_cannot_run_is_told);
	tcase_add_test(tcase, a_runtime_of_another_kind_is_refused);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
