/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>

#include "args.h"
#include "command.h"
#include "real_runtime.h"
#include "unit.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define WORDS_MAX 16

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
};

START_TEST(mistakes)
{
	struct wrap_args args;
	struct error err = {0};

	ck_assert_int_eq(parse(wrong[_i].words, &args, &err), -EINVAL);
	ck_assert_msg(strstr(err.message, wrong[_i].message) != NULL, "%s", err.message);
}
END_TEST

static const struct {
	const char *runtime, *words[WORDS_MAX];
	bool makes;
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
    {"/usr/sbin/runc", {"create", "--bundle"}, false, NULL, NULL},
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
};

START_TEST(which_commands_make_a_container)
{
	struct runtime_cmd cmd;
	bool makes =
	    command_makes_container(commands[_i].runtime, (char *const *)commands[_i].words, &cmd);

	ck_assert_int_eq(makes, commands[_i].makes);
	if (makes) {
		ck_assert_pstr_eq(cmd.bundle, commands[_i].bundle);
		ck_assert_pstr_eq(cmd.id, commands[_i].id);
		ck_assert_int_eq(cmd.other_config, commands[_i].other_config);
	}
	runtime_cmd_free(&cmd);
}
END_TEST

START_TEST(the_runtime_is_the_first_of_that_name)
{
	static struct host_policy host = {
	    .runtimes_len = 4, .runtimes = {"/a/crun", "/opt/runc-1.1", "/b/runc", "/c/runc"}};
	struct error err = {0};
	const char *path;

	ck_assert_int_eq(real_runtime(&host, "runc", "/proc/self/exe", &path, &err), 0);
	ck_assert_str_eq(path, "/b/runc");
	ck_assert_int_eq(real_runtime(&host, "runc-1.1", "/proc/self/exe", &path, &err), 0);
	ck_assert_str_eq(path, "/opt/runc-1.1");
	ck_assert_int_eq(real_runtime(&host, "runc-1", "/proc/self/exe", &path, &err), -ENOENT);
	strcpy(host.runtimes[0], "/proc/self/exe/runc");
	ck_assert_int_eq(real_runtime(&host, "exe", "/proc/self/exe", &path, &err), -ENOENT);
	strcpy(host.runtimes[0], "/proc/self/exe");
	ck_assert_int_eq(real_runtime(&host, "exe", "/proc/self/exe", &path, &err), -ELOOP);
	/* It is another program than the wrapper's. */
	ck_assert_int_eq(real_runtime(&host, "exe", "/bin/sh", &path, &err), 0);
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
	tcase_add_loop_test(tcase, which_commands_make_a_container, 0, COUNT(commands));
	tcase_add_test(tcase, the_runtime_is_the_first_of_that_name);
	tcase_add_test(tcase, a_runtime_that_cannot_run_is_told);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
