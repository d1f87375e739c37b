/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>

#include "args.h"
#include "unit.h"

#define WORDS_MAX 12

static int parse(const char *const *words, struct hook_args *out, struct error *err)
{
	int argc = 0;

	while (words[argc])
		argc++;
	return hook_args_parse(argc, (char *const *)words, out, err);
}

START_TEST(all_options)
{
	static const char *const words[] = {"anything",		"--policy",  "/p",
					    "createRuntime",	"--root=/r", "--failure=closed",
					    "--deadline",	"500ms",     "--dry-run",
					    "--profile=worker", NULL};
	struct hook_args args;

	ck_assert_int_eq(parse(words, &args, NULL), 0);
	ck_assert_int_eq(args.stage, SPEC_STAGE_CREATE_RUNTIME);
	ck_assert_str_eq(args.policy, "/p");
	ck_assert_str_eq(args.root, "/r");
	ck_assert(args.closed);
	ck_assert(args.dry_run);
	ck_assert_str_eq(args.profile, "worker");
	ck_assert_uint_eq(args.deadline_ms, 500);
}
END_TEST

START_TEST(defaults)
{
	static const char *const words[] = {"--failure", "poststop", NULL};
	struct hook_args args;

	ck_assert_int_eq(parse(words, &args, NULL), 0);
	ck_assert_int_eq(args.stage, SPEC_STAGE_POSTSTOP);
	ck_assert(!args.closed);
	ck_assert(!args.dry_run);
	ck_assert_ptr_null(args.policy);
	ck_assert_ptr_null(args.root);
	ck_assert_uint_eq(args.deadline_ms, HOOK_DEADLINE_MS);
}
END_TEST

START_TEST(help_needs_no_stage)
{
	static const char *const help[] = {"h", "--help", NULL};
	static const char *const version[] = {"h", "--version", NULL};
	struct hook_args args;

	ck_assert_int_eq(parse(help, &args, NULL), 0);
	ck_assert(args.help);
	ck_assert_int_eq(parse(version, &args, NULL), 0);
	ck_assert(args.version);
}
END_TEST

static const struct {
	const char *words[WORDS_MAX];
	const char *told;
	bool closed;
} mistakes[] = {
    {{"h", NULL}, "stage is missing", false},
    {{NULL}, "stage is missing", false},
    {{"h", "createContainer", NULL}, "\"createContainer\"", false},
    {{"h", "createRuntime", "poststop", NULL}, "\"poststop\"", false},
    {{"h", "prestart", "--wonder", NULL}, "--wonder", false},
    {{"h", "prestart", "--policy", NULL}, "value is missing", false},
    {{"h", "prestart", "--policy", "p.json", NULL}, "absolute", false},
    {{"h", "prestart", "--profile", NULL}, "value is missing", false},
    {{"h", "prestart", "--root=", NULL}, "absolute", false},
    {{"h", "prestart", "--failure", "shut", NULL}, "open and closed", false},
    {{"h", "prestart", "--deadline", "soon", NULL}, "\"soon\"", false},
    {{"h", "prestart", "--deadline", "0s", NULL}, "\"0s\"", false},
    {{"h", "prestart", "--deadline=11m", NULL}, "\"11m\"", false},
    {{"h", "--wonder", "--failure", "closed", NULL}, "--wonder", true},
    {{"h", "prestart", "--policies", NULL}, "--policies", false},
    {{"h", "prestart", "--dry-run=yes", NULL}, "--dry-run=yes", false},
    {{"h", "prestart", "", NULL}, "\"\"", false},
};

START_TEST(mistake)
{
	struct hook_args args;
	struct error err = {0};

	ck_assert_int_eq(parse(mistakes[_i].words, &args, &err), -EINVAL);
	ck_assert_msg(strstr(err.message, mistakes[_i].told), "%s", err.message);
	ck_assert_int_eq(args.closed, mistakes[_i].closed);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("hook_args");
	TCase *tests = tcase_create("hook_args");

	tcase_add_test(tests, all_options);
	tcase_add_test(tests, defaults);
	tcase_add_test(tests, help_needs_no_stage);
	tcase_add_loop_test(tests, mistake, 0, sizeof(mistakes) / sizeof(mistakes[0]));
	suite_add_tcase(suite, tests);
	return unit_run(suite);
}
