/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "spec_changes.h"
#include "unit.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define MIB (UINT64_C(1024) * 1024)

/* A host of cgroup v1 with swap, and one of v2. */
static const struct spec_host v1 = {.known = true, .swap = true, .page_size = 4096, .init = "/i"};
static const struct spec_host v2 = {.known = true,
				    .swap = true,
				    .oom_group = true,
				    .unified = true,
				    .page_size = 4096,
				    .init = "/i"};
static const struct spec_host hybrid = {.known = true, .swap = true, .oom_group = true};
static const struct spec_host old = {.known = true, .unified = true};
static const struct spec_host rootless = {
    .known = true, .rootless = true, .swap = true, .oom_group = true, .unified = true};
static const struct spec_host unknown = {.swap = true, .unified = true, .oom_group = true};

static struct spec_changes changes_of(const struct profile *profile, const char *config_text,
				      const struct spec_host *host)
{
	struct spec_changes changes;
	struct oci_config config;

	ck_assert_int_eq(oci_config_parse(config_text, strlen(config_text), "c", &config, NULL), 0);
	spec_changes(profile, &config, host, &changes);
	/* In every case: what hangs on the host asks for it. */
	if (!spec_changes_ask_host(profile, &config))
		ck_assert(!changes.set_limit && !changes.set_swap && !changes.oom_group &&
			  !changes.enable_oom_killer);
	oci_config_free(&config);
	return changes;
}

#define LIMIT(number) "{\"linux\":{\"resources\":{\"memory\":{\"limit\":" number "}}}}"

/* 0 stands for "not set". */
static const struct {
	const char *config;
	struct size_spec swap;
	struct limit_spec limit;
	const struct spec_host *host;
	uint64_t want_limit, want_swap;
} sizes[] = {
    {LIMIT("67108864"), {SIZE_LEAVE}, {LIMIT_LEAVE}, &v1, 0, 0},
    {LIMIT("67108864"), {SIZE_BYTES, 0}, {LIMIT_LEAVE}, &v1, 0, 64 * MIB},
    {LIMIT("67108864"), {SIZE_BYTES, 0}, {LIMIT_LEAVE}, &v2, 0, 64 * MIB},
    {LIMIT("67108864"), {SIZE_BYTES, MIB + 1}, {LIMIT_LEAVE}, &v2, 0, 65 * MIB},
    {LIMIT("67108864"), {SIZE_PERCENT, 0, 50000}, {LIMIT_LEAVE}, &v1, 0, 96 * MIB},
    /* The sum may not be below the limit, which is no whole page here. */
    {LIMIT("67108865"), {SIZE_BYTES, 0}, {LIMIT_LEAVE}, &v1, 0, 64 * MIB + 1},
    {LIMIT("67108865"), {SIZE_BYTES, MIB}, {LIMIT_LEAVE}, &v1, 0, 65 * MIB},
    /* Without a limit there is nothing to be beyond. */
    {"{}", {SIZE_BYTES, MIB}, {LIMIT_LEAVE}, &v2, 0, 0},
    {LIMIT("-1"), {SIZE_BYTES, MIB}, {LIMIT_REQUIRE}, &v2, 0, 0},
    {"{}", {SIZE_LEAVE}, {LIMIT_DEFAULT, MIB}, &v1, MIB, 0},
    {LIMIT("0"), {SIZE_BYTES, MIB}, {LIMIT_DEFAULT, MIB}, &v1, MIB, 2 * MIB},
    {LIMIT("5242880"), {SIZE_BYTES, 0}, {LIMIT_DEFAULT, MIB}, &v1, 0, 5 * MIB},
    /* What the runtime would refuse. */
    {LIMIT("67108864"), {SIZE_BYTES, 0}, {LIMIT_LEAVE}, &old, 0, 0},
    {LIMIT("67108864"), {SIZE_BYTES, 0}, {LIMIT_DEFAULT, MIB}, &unknown, 0, 0},
    {"{}", {SIZE_BYTES, MIB}, {LIMIT_DEFAULT, MIB}, &rootless, 0, 0},
    {LIMIT("67108864"), {SIZE_BYTES, 0}, {LIMIT_LEAVE}, &rootless, 0, 0},
    {LIMIT("9223372036854775807"), {SIZE_BYTES, 1}, {LIMIT_LEAVE}, &v1, 0, 0},
};

START_TEST(limit_and_swap)
{
	struct profile profile = profile_builtin;
	struct spec_changes changes;

	profile.settings.swap = sizes[_i].swap;
	profile.settings.limit = sizes[_i].limit;
	changes = changes_of(&profile, sizes[_i].config, sizes[_i].host);
	ck_assert_int_eq(changes.set_limit, sizes[_i].want_limit != 0);
	ck_assert_uint_eq(changes.limit, sizes[_i].want_limit);
	ck_assert_int_eq(changes.set_swap, sizes[_i].want_swap != 0);
	ck_assert_uint_eq(changes.swap, sizes[_i].want_swap);
}
END_TEST

static const struct {
	enum policy_switch group;
	const struct spec_host *host;
	const char *want;
} groups[] = {
    {SWITCH_LEAVE, &v2, NULL},	{SWITCH_ON, &v2, "1"},	      {SWITCH_OFF, &v2, "0"},
    {SWITCH_ON, &v1, NULL},	{SWITCH_ON, &old, NULL},      {SWITCH_ON, &unknown, NULL},
    {SWITCH_ON, &hybrid, NULL}, {SWITCH_ON, &rootless, NULL},
};

START_TEST(oom_group_where_the_runtime_takes_it)
{
	struct profile profile = profile_builtin;
	struct spec_changes changes;

	profile.settings.oom_group = groups[_i].group;
	changes = changes_of(&profile, "{}", groups[_i].host);
	ck_assert_pstr_eq(changes.oom_group, groups[_i].want);
}
END_TEST

#define KILLER(word) "{\"linux\":{\"resources\":{\"memory\":{\"disableOOMKiller\":" word "}}}}"

START_TEST(the_oom_killer_is_switched_on_where_it_is_off)
{
	struct profile profile = profile_builtin;

	ck_assert(changes_of(&profile, KILLER("true"), &v1).enable_oom_killer);
	ck_assert(!changes_of(&profile, KILLER("false"), &v1).enable_oom_killer);
	ck_assert(!changes_of(&profile, "{}", &v1).enable_oom_killer);
	profile.settings.oom_killer = SWITCH_LEAVE;
	ck_assert(!changes_of(&profile, KILLER("true"), &v1).enable_oom_killer);
}
END_TEST

#define ARGS(words) "{\"process\":{\"args\":[" words "]}}"

static const struct {
	const char *config;
	struct score_spec workload;
	bool init;
	const char *score;
} inits[] = {
    {ARGS("\"sh\""), {SCORE_LEAVE}, true, ""},
    {ARGS("\"sh\""), {SCORE_ABSOLUTE, 500}, true, "500"},
    {ARGS("\"sh\""), {SCORE_ABSOLUTE, -5}, true, "-5"},
    /* What it would be added to is not known yet: the hook does it. */
    {ARGS("\"sh\""), {SCORE_RELATIVE, 100}, true, ""},
    {"{\"process\":{\"args\":[\"sh\"],\"oomScoreAdj\":-50}}", {SCORE_RELATIVE, 100}, true, "50"},
    {"{\"process\":{\"args\":[\"sh\"],\"oomScoreAdj\":950}}", {SCORE_RELATIVE, 100}, true, "1000"},
    {"{\"process\":{\"args\":[\"sh\"],\"oomScoreAdj\":-999}}", {SCORE_RELATIVE, -9}, true, "-999"},
    {ARGS("\"/sbin/tini\",\"--\",\"sh\""), {SCORE_ABSOLUTE, 1}, false, ""},
    {ARGS("\"/lib/systemd/systemd\""), {SCORE_LEAVE}, false, ""},
    {ARGS("\"/sbin/docker-init\""), {SCORE_LEAVE}, false, ""},
    {ARGS("\"/dev/init\",\"x\""), {SCORE_LEAVE}, false, ""},
    {ARGS("\"catatonit\""), {SCORE_LEAVE}, false, ""},
    {ARGS("\"/bin/busybox\",\"init\""), {SCORE_LEAVE}, false, ""},
    {ARGS("\"/bin/busybox\",\"sh\",\"init\""), {SCORE_LEAVE}, true, ""},
    {ARGS("7"), {SCORE_LEAVE}, true, ""},
    /* An earlier edit's is no other init. */
    {ARGS("\"/dev/.oomguard-init\",\"--\",\"sh\""), {SCORE_LEAVE}, true, ""},
};

START_TEST(the_init_never_above_another)
{
	struct profile profile = profile_builtin;
	struct spec_changes changes;

	profile.settings.score_workload = inits[_i].workload;
	changes = changes_of(&profile, inits[_i].config, &v1);
	ck_assert_ptr_null(changes.init);
	profile.settings.add_init = 1;
	changes = changes_of(&profile, inits[_i].config, &v1);
	ck_assert_pstr_eq(changes.init, inits[_i].init ? "/i" : NULL);
	ck_assert_str_eq(changes.init_score, inits[_i].score);
	changes = changes_of(&profile, inits[_i].config, &hybrid);
	ck_assert_ptr_null(changes.init);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("spec_changes");
	TCase *tcase = tcase_create("all");

	tcase_add_loop_test(tcase, limit_and_swap, 0, COUNT(sizes));
	tcase_add_loop_test(tcase, oom_group_where_the_runtime_takes_it, 0, COUNT(groups));
	tcase_add_test(tcase, the_oom_killer_is_switched_on_where_it_is_off);
	tcase_add_loop_test(tcase, the_init_never_above_another, 0, COUNT(inits));
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
