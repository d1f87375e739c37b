/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "plan.h"
#include "state.h"
#include "tempdir.h"
#include "unit.h"

static char dir[64];
static int fd;
static struct error err;
static struct plan plan;
static char text[65536], broken[65536];

static char **words(const char *first, const char *second)
{
	char **list = calloc(3, sizeof(*list));

	list[0] = strdup(first);
	list[1] = strdup(second);
	return list;
}

static void fill_identity(struct identity *id)
{
	char **const texts[] = {&id->bundle,	   &id->cgroup,	 &id->runtime,
				&id->runtime_root, &id->image,	 &id->namespace,
				&id->pod,	   &id->pod_uid, &id->container};

	id->id = strdup("web");
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		ck_assert_int_gt(asprintf(texts[i], "/text/%zu", i), 0);
	}
	id->manager = "podman";
}

static void fill_policy(void)
{
	const struct policy_document none = {.host = host_policy_builtin};

	plan.policy = effective_policy_new();
	ck_assert_int_eq(policy_effective(&none, &plan.identity, plan.policy, &err), 0);
}

static void setup(void)
{
	tempdir_make(dir);
	fd = tempdir_open(dir);
	memset(&plan, 0, sizeof(plan));
	fill_identity(&plan.identity);
	plan.init_pid = 4711;
	plan.init_start_ticks = UINT64_MAX;
	strcpy(plan.boot_id, "01234567-89ab-cdef-0123-456789abcdef");
	strcpy(plan.created, "2026-11-22T00:05:12.123Z");
	plan.cgroup_version = CGROUP_V2;
	plan.cgroup_dir = strdup("/sys/fs/cgroup/web");
	plan.baseline = (struct memcg_counters){
	    .known = true, .oom_kill = 1, .oom_group_kill = 2, .oom = 3, .max = UINT64_MAX};
	plan.guarded = plan.cleanup_by_poststop = true;
	plan.restart = (struct restart_plan){
	    RESTART_RUNTIME, strdup("started by runc run -d"), words("/usr/sbin/runc", "run"),
	    words("/usr/sbin/runc", "delete"), strdup("/run/runc/web")};
	plan.settings = calloc(1, sizeof(*plan.settings));
	plan.caller_score = -17;
	plan.caller_umask = 027;
	plan.caller_cgroups = strdup("0::/user\n");
	plan_problem(&plan, "no %s", "swap");
	fill_policy();
}

static void teardown(void)
{
	plan_free(&plan);
	close(fd);
	tempdir_remove(dir);
}

START_TEST(test_round_trip)
{
	struct plan out;

	ck_assert_int_eq(plan_write(fd, &plan, &err), 0);
	ck_assert_msg(plan_read(fd, &out, &err) == 0, "%s", err.message);
	ck_assert_str_eq(out.identity.id, "web");
	ck_assert_str_eq(out.identity.container, plan.identity.container);
	ck_assert_str_eq(out.identity.runtime_root, plan.identity.runtime_root);
	ck_assert_str_eq(out.identity.manager, "podman");
	ck_assert_int_eq(out.init_pid, 4711);
	ck_assert_uint_eq(out.init_start_ticks, UINT64_MAX);
	ck_assert_str_eq(out.boot_id, plan.boot_id);
	ck_assert_str_eq(out.created, plan.created);
	ck_assert_int_eq(out.cgroup_version, CGROUP_V2);
	ck_assert_str_eq(out.cgroup_dir, plan.cgroup_dir);
	ck_assert(out.baseline.known);
	ck_assert_uint_eq(out.baseline.oom_kill, 1);
	ck_assert_uint_eq(out.baseline.oom_group_kill, 2);
	ck_assert_uint_eq(out.baseline.oom, 3);
	ck_assert_uint_eq(out.baseline.max, UINT64_MAX);
	ck_assert(out.guarded && out.cleanup_by_poststop);
	ck_assert_int_eq(out.restart.way, RESTART_RUNTIME);
	ck_assert_str_eq(out.restart.why, plan.restart.why);
	ck_assert_str_eq(out.restart.argv[1], "run");
	ck_assert_ptr_null(out.restart.argv[2]);
	ck_assert_str_eq(out.restart.delete_argv[1], "delete");
	ck_assert_str_eq(out.restart.state_dir, "/run/runc/web");
	ck_assert_int_eq(out.caller_score, -17);
	ck_assert_uint_eq(out.caller_umask, 027);
	ck_assert_str_eq(out.caller_cgroups, "0::/user\n");
	ck_assert_uint_eq(out.problems_len, 1);
	ck_assert_str_eq(out.problems[0], "no swap");
	ck_assert_str_eq(out.policy->profile_name, plan.policy->profile_name);
	ck_assert_uint_eq(out.policy->profile.restart.max, plan.policy->profile.restart.max);
	plan_free(&out);
}
END_TEST

START_TEST(test_brief)
{
	struct plan out;

	ck_assert_int_eq(plan_write(fd, &plan, &err), 0);
	ck_assert_msg(plan_read_brief(fd, &out, &err) == 0, "%s", err.message);
	ck_assert_str_eq(out.identity.id, "web");
	ck_assert_int_eq(out.init_pid, 4711);
	ck_assert(out.guarded && out.cleanup_by_poststop);
	ck_assert_int_eq(out.restart.way, RESTART_RUNTIME);
	ck_assert_ptr_null(out.policy);
	ck_assert_ptr_null(out.settings);
	plan_free(&out);
}
END_TEST

/* The hook could do nothing: the plan still tells why. */
START_TEST(test_unguarded)
{
	struct plan bare = {.identity = {.id = (char *)"web"}}, out;

	plan_problem(&bare, "no policy");
	ck_assert_int_eq(plan_write(fd, &bare, &err), 0);
	ck_assert_msg(plan_read(fd, &out, &err) == 0, "%s", err.message);
	ck_assert(!out.guarded);
	ck_assert_ptr_null(out.policy);
	ck_assert(!out.baseline.known);
	ck_assert_str_eq(out.identity.image, "");
	ck_assert_uint_eq(out.problems_len, 1);
	plan_free(&out);
	free(bare.problems[0]);
}
END_TEST

START_TEST(test_problems_are_bounded)
{
	struct plan many = {0};

	for (int i = 0; i < PLAN_PROBLEMS_MAX + 3; i++)
		plan_problem(&many, "problem %d", i);
	ck_assert_uint_eq(many.problems_len, PLAN_PROBLEMS_MAX);
	plan_free(&many);
}
END_TEST

START_TEST(test_command_not_utf8)
{
	struct plan out;

	plan.restart.argv[1][0] = '\xff';
	ck_assert_int_eq(plan_write(fd, &plan, &err), 0);
	ck_assert_int_eq(plan_read(fd, &out, &err), 0);
	ck_assert_int_eq(out.restart.way, RESTART_NONE);
	ck_assert_ptr_null(out.restart.argv);
	ck_assert_ptr_nonnull(strstr(out.restart.why, "UTF-8"));
	plan_free(&out);
}
END_TEST

START_TEST(test_wrong_members)
{
	static const char *const wrong[][2] = {
	    {"\"guarded\": true", "\"guarded\": 1"},
	    {"\"id\": \"web\"", "\"id\": \"\""},
	    {"\"manager\": \"podman\"", "\"manager\": \"me\""},
	    {"\"pid\": 4711", "\"pid\": 0"},
	    {"\"pid\": 4711", "\"pid\": 4294967297"},
	    {"\"way\": \"runtime\"", "\"way\": \"magic\""},
	    {"\"/usr/sbin/runc\",\n      \"run\"", "\"runc\",\n      \"run\""},
	    {"\"/usr/sbin/runc\",\n      \"run\"", ""},
	    {"\"/usr/sbin/runc\",\n      \"delete\"", "1"},
	    {"\"/run/runc/web\"", "\"web\""},
	    {"\"cgroupVersion\": 2", "\"cgroupVersion\": 3"},
	    {"\"cgroupVersion\": 2", "\"cgroupVersion\": 0"},
	    {"\"oomKill\": 1", "\"oomKill\": \"1\""},
	    {"\"baseline\": {", "\"baselines\": {"},
	    {"\"score\": -17", "\"score\": -1001"},
	    {"\"umask\": 23", "\"umask\": 512"},
	    {"\"umask\": 23", "\"umask\": -1"},
	    {"\"problems\": [", "\"problems\": [ 1,"},
	    {"\"settings\": [", "\"setting\": ["},
	};
	struct plan out;

	ck_assert_int_eq(plan_write(fd, &plan, &err), 0);
	tempdir_read(fd, STATE_PLAN, text, sizeof(text));
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		const char *at = strstr(text, wrong[i][0]);

		ck_assert_msg(at != NULL, "%s", wrong[i][0]);
		snprintf(broken, sizeof(broken), "%.*s%s%s", (int)(at - text), text, wrong[i][1],
			 at + strlen(wrong[i][0]));
		tempdir_write(fd, STATE_PLAN, broken);
		ck_assert_msg(plan_read(fd, &out, &err) == -EINVAL, "%s", wrong[i][1]);
	}
}
END_TEST

/* Whatever stands in the file: an answer that holds what plan.h promises, or an error. */
START_TEST(test_mutilated)
{
	struct plan out;
	size_t len;

	ck_assert_int_eq(plan_write(fd, &plan, &err), 0);
	len = tempdir_read(fd, STATE_PLAN, text, sizeof(text));
	for (size_t i = 0; i < len; i++) {
		memcpy(broken, text, len + 1);
		broken[i] ^= i % 2 ? 1 : 0x20;
		tempdir_write(fd, STATE_PLAN, broken);
		if (plan_read(fd, &out, &err) < 0)
			continue;
		ck_assert(!out.guarded || out.policy);
		ck_assert(out.restart.way != RESTART_RUNTIME || out.restart.argv[0][0] == '/');
		plan_free(&out);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("plan");
	TCase *tc = tcase_create("plan");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, test_round_trip);
	tcase_add_test(tc, test_brief);
	tcase_add_test(tc, test_unguarded);
	tcase_add_test(tc, test_problems_are_bounded);
	tcase_add_test(tc, test_command_not_utf8);
	tcase_add_test(tc, test_wrong_members);
	tcase_add_test(tc, test_mutilated);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
