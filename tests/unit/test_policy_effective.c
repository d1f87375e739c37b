/* SPDX-License-Identifier: Apache-2.0 */
/* Which policy a container gets: rules, chain, annotations within bounds. */
#include <errno.h>
#include <signal.h>

#include "policy_scene.h"

static const struct origin *origin_of(const struct effective_policy *policy, const char *path)
{
	return &policy->from[policy_key_by_path(path) - policy_keys];
}

START_TEST(a_profile_that_the_program_was_started_for_goes_before_the_rules)
{
	struct scene *scene = scene_new("{\"team\": \"a1\"}");
	struct effective_policy *out = scene_solve(scene);
	char text[64];

	ck_assert_str_eq(out->profile_name, "alone");
	scene->doc.profile = "worker";
	scene_solve(scene);
	ck_assert_str_eq(out->profile_name, "worker");
	ck_assert_int_eq(out->profile.kill.signal, SIGTERM);
	ck_assert_str_eq(origin_text(&out->profile_from, text, sizeof(text)), "argument --profile");
	scene->doc.profile = "unknown";
	ck_assert_int_eq(policy_effective(&scene->doc, &scene->id, &scene->out, NULL), -ENOENT);
	scene_free(scene);
	/* An annotation that the host allows is about this container alone. */
	scene = scene_new("{\"oomguard.io/profile\": \"alone\"}");
	scene->doc.profile = "worker";
	ck_assert_str_eq(scene_solve(scene)->profile_name, "alone");
	scene_free(scene);
}
END_TEST

START_TEST(without_a_policy_the_builtin_holds)
{
	struct scene *scene = scene_new("{\"oomguard.io/on-oom-process\": \"kill\"}");
	struct effective_policy *out;

	policy_document_free(&scene->doc);
	out = scene_solve(scene);
	ck_assert_str_eq(out->profile_name, "default");
	ck_assert_int_eq(out->profile.on_oom[OOM_SLOT_PROCESS], POLICY_REPORT);
	ck_assert_int_eq(out->profile.kill.signal, SIGKILL);
	ck_assert_uint_eq(out->host.runtimes_len, 2);
	ck_assert_uint_eq(out->refused_len, 1);
	ck_assert_str_eq(out->refused[0].reason, "the host does not allow \"on-oom-process\"");
	scene_free(scene);
}
END_TEST

START_TEST(rules_and_chain_give_values_and_origins)
{
	struct scene *scene = scene_new(NULL);
	struct effective_policy *out;
	char text[200];

	scene->id.namespace = (char *)"prod-eu";
	scene->id.container = (char *)"php-fpm";
	out = scene_solve(scene);
	ck_assert_str_eq(out->profile_name, "worker");
	ck_assert_ptr_nonnull(
	    strstr(origin_text(&out->profile_from, text, sizeof(text)), "policy.json:15 (rule 1)"));
	ck_assert_int_eq(out->profile.on_oom[OOM_SLOT_INIT], POLICY_KILL);
	ck_assert_int_eq(out->profile.on_oom[OOM_SLOT_PROCESS], POLICY_RESTART);
	ck_assert_int_eq(out->profile.kill.signal, SIGTERM);
	ck_assert_uint_eq(out->profile.kill.grace_ms, 5000);
	ck_assert_ptr_nonnull(
	    strstr(origin_of(out, "kill.grace")->where, "policy.json:6 (profile base)"));
	ck_assert_ptr_nonnull(
	    strstr(origin_of(out, "onOom.init")->where, "policy.json:5 (profile default)"));
	ck_assert_int_eq(origin_of(out, "restart.max")->kind, ORIGIN_BUILTIN);
	scene_free(scene);
}
END_TEST

START_TEST(the_first_rule_whose_conditions_all_hold_wins)
{
	struct scene *scene = scene_new("{\"team\": \"alpha\"}");

	scene->id.namespace = (char *)"prod-eu";
	ck_assert_str_eq(scene_solve(scene)->profile_name, "alone");
	scene->id.annotations = NULL;
	ck_assert_str_eq(scene_solve(scene)->profile_name, "default");
	ck_assert_int_eq(scene->out.profile_from.kind, ORIGIN_BUILTIN);
	scene_free(scene);
}
END_TEST

/* A request and what becomes of it: the value, where it is from, what the refusal says. */
static const struct {
	const char *annotations, *path, *value;
	enum origin_kind kind;
	const char *refusal; /* NULL: none */
} requests[] = {
    {"{\"oomguard.io/restart-max\": \"7\"}", "restart.max", "7", ORIGIN_ANNOTATION, NULL},
    {"{\"oomguard.io/restart-max\": \"99\"}", "restart.max", "10", ORIGIN_BOUND,
     "outside of the host's bounds 1 to 10: 10"},
    {"{\"oomguard.io/restart-max\": \"0\"}", "restart.max", "1", ORIGIN_BOUND,
     "outside of the host's bounds 1 to 10: 1"},
    {"{\"oomguard.io/restart-max\": \"-1\"}", "restart.max", "5", ORIGIN_BUILTIN,
     "found the number -1, allowed a whole number from 0 to 100"},
    {"{\"oomguard.io/restart-max\": 7}", "restart.max", "5", ORIGIN_BUILTIN, "it is not a string"},
    {"{\"oomguard.io/on-oom-process\": \"kill\"}", "onOom.process", "kill", ORIGIN_ANNOTATION,
     NULL},
    {"{\"oomguard.io/on-oom-process\": \"restart\"}", "onOom.process", "report", ORIGIN_BUILTIN,
     "the host's bounds do not hold that word"},
    {"{\"oomguard.io/oom-group\": \"off\"}", "settings.oomGroup", "off", ORIGIN_ANNOTATION, NULL},
    {"{\"oomguard.io/oom-killer\": \"leave\"}", "settings.oomKiller", "on", ORIGIN_BUILTIN,
     "the host does not allow \"oom-killer\""},
    {"{\"oomguard.io/respawn-grace\": \"1h\"}", "onOom.respawnGrace", "2s", ORIGIN_BOUND,
     "outside of the host's bounds 0s to 2s: 2s"},
    {"{\"oomguard.io/swap\": \"2GiB\"}", "settings.swap", "1GiB", ORIGIN_BOUND,
     "outside of the host's bounds 0 to 1GiB: 1GiB"},
    {"{\"oomguard.io/swap\": \"1%\"}", "settings.swap", "leave", ORIGIN_BUILTIN,
     "it cannot be held to the host's bounds, which are absolute"},
    {"{\"oomguard.io/swap\": \"leave\"}", "settings.swap", "leave", ORIGIN_BUILTIN,
     "it cannot be held to the host's bounds, which are absolute"},
    {"{\"oomguard.io/swappiness\": \"leave\"}", "settings.swappiness", "leave", ORIGIN_BUILTIN,
     "it cannot be held to the host's bounds, which are absolute"},
    {"{\"oomguard.io/restart-backoff-factor\": \"50\"}", "restart.backoff.factor", "3",
     ORIGIN_BOUND, "outside of the host's bounds 1.5 to 3: 3"},
    /* The lowest score is out of reach, by whichever way. */
    {"{\"oomguard.io/oom-score-adj-workload\": \"-1000\"}", "settings.oomScoreAdj.workload",
     "leave", ORIGIN_BUILTIN, "found the number -1000, allowed"},
    {"{\"oomguard.io/oom-score-adj-workload\": \"-999\"}", "settings.oomScoreAdj.workload", "-999",
     ORIGIN_ANNOTATION, NULL},
    {"{\"oomguard.io/oom-score-adj-workload\": \"+-1000\"}", "settings.oomScoreAdj.workload",
     "leave", ORIGIN_BUILTIN, "found the string"},
    {"{\"oomguard.io/oom-score-adj-workload\": \"+100\"}", "settings.oomScoreAdj.workload", "leave",
     ORIGIN_BUILTIN, "it cannot be held to the host's bounds, which are absolute"},
    {"{\"oomguard.io/oom-score-adj-init\": \"-1000\"}", "settings.oomScoreAdj.init", "0",
     ORIGIN_BOUND, "outside of the host's bounds 0 to 1000: 0"},
    {"{\"oomguard.io/keep\": \"true\"}", "settings.keep", "true", ORIGIN_ANNOTATION, NULL},
    {"{\"oomguard.io/keep\": \"false\"}", "settings.keep", "true", ORIGIN_BUILTIN,
     "the host's bounds do not hold that word"},
    {"{\"oomguard.io/empty-on-exit\": \"false\"}", "settings.emptyOnExit", "false",
     ORIGIN_ANNOTATION, NULL},
    {"{\"oomguard.io/empty-on-exit\": \"no\"}", "settings.emptyOnExit", "true", ORIGIN_BUILTIN,
     "found the string \"no\", allowed true or false"},
    {"{\"oomguard.io/add-init\": \"true\"}", "settings.addInit", "false", ORIGIN_BUILTIN,
     "the host does not allow \"add-init\""},
    {"{\"oomguard.io/on-stall-after\": \"1h\"}", "onStall.after", "5s", ORIGIN_BOUND,
     "outside of the host's bounds 200ms to 5s: 5s"},
    {"{\"oomguard.io/near-limit-at\": \"60.5%\"}", "onNearLimit.at", "60.5%", ORIGIN_ANNOTATION,
     NULL},
    {"{\"oomguard.io/near-limit-at\": \"99%\"}", "onNearLimit.at", "95%", ORIGIN_BOUND,
     "outside of the host's bounds 50% to 95%: 95%"},
    {"{\"oomguard.io/near-limit-at\": \"off\"}", "onNearLimit.at", "90%", ORIGIN_BUILTIN,
     "it cannot be held to the host's bounds, which are absolute"},
    {"{\"oomguard.io/near-limit-actions\": \"signal:SIGUSR1,report\"}", "onNearLimit.actions",
     "signal:SIGUSR1,report", ORIGIN_ANNOTATION, NULL},
    {"{\"oomguard.io/near-limit-actions\": \"none\"}", "onNearLimit.actions", "none",
     ORIGIN_ANNOTATION, NULL},
    {"{\"oomguard.io/near-limit-actions\": \"report,kill-largest\"}", "onNearLimit.actions",
     "report", ORIGIN_BUILTIN, "the host's bounds do not hold all of that"},
    {"{\"oomguard.io/near-limit-actions\": \"signal:SIGUSR2\"}", "onNearLimit.actions", "report",
     ORIGIN_BUILTIN, "the host's bounds do not hold all of that"},
    {"{\"oomguard.io/near-limit-rearm\": \"5m\"}", "onNearLimit.rearm", "5m", ORIGIN_ANNOTATION,
     NULL},
    {"{\"oomguard.io/zombies-above\": \"1\"}", "onZombies.above", "10", ORIGIN_BOUND,
     "outside of the host's bounds 10 to 1000: 10"},
    {"{\"oomguard.io/zombies-above\": \"off\"}", "onZombies.above", "500", ORIGIN_BUILTIN,
     "it cannot be held to the host's bounds, which are absolute"},
    {"{\"oomguard.io/zombies-action\": \"restart\"}", "onZombies.action", "report", ORIGIN_BUILTIN,
     "the host's bounds do not hold that word"},
    /* No name for what chooses victims and what frees a stalled container. */
    {"{\"oomguard.io/on-stall-ladder\": \"report\"}", "onStall.ladder",
     "enable-oom-killer,kill-largest,raise-limit,kill,report", ORIGIN_BUILTIN,
     "there is no such key"},
    {"{\"oomguard.io/victims-avoid\": \"x\"}", "victims.avoid", "0 names", ORIGIN_BUILTIN,
     "there is no such key"},
    /* For one container of a pod. */
    {"{\"oomguard.io/restart-max.web\": \"3\", \"oomguard.io/restart-max\": \"4\"}", "restart.max",
     "3", ORIGIN_ANNOTATION, NULL},
    {"{\"oomguard.io/restart-max.db\": \"3\"}", "restart.max", "5", ORIGIN_BUILTIN, NULL},
    {"{\"oomguard.io/restart-max.\": \"3\"}", "restart.max", "5", ORIGIN_BUILTIN, NULL},
    /* Names that mean nothing, and what is not ours. */
    {"{\"oomguard.io/restartmax\": \"3\"}", "restart.max", "5", ORIGIN_BUILTIN,
     "there is no such key"},
    {"{\"oomguard.io/limit\": \"1\"}", "settings.limit", "leave", ORIGIN_BUILTIN,
     "there is no such key"},
    {"{\"io.oomguard/restart-max\": \"3\"}", "restart.max", "5", ORIGIN_BUILTIN, NULL},
    /* It brought the hook here, and asks for nothing else. */
    {"{\"oomguard.io/enable\": \"true\", \"oomguard.io/restart-max\": \"3\"}", "restart.max", "3",
     ORIGIN_ANNOTATION, NULL},
    {"{\"oomguard.io/enabled\": \"true\"}", "restart.max", "5", ORIGIN_BUILTIN,
     "there is no such key"},
    /* A signal that may be ignored needs a grace. */
    {"{\"oomguard.io/kill-signal\": \"SIGTERM\"}", "kill.signal", "SIGKILL", ORIGIN_BUILTIN,
     "a signal other than SIGKILL needs a grace above zero"},
    {"{\"oomguard.io/kill-signal\": \"SIGTERM\", \"oomguard.io/kill-grace\": \"3s\"}",
     "kill.signal", "SIGTERM", ORIGIN_ANNOTATION, NULL},
};

START_TEST(a_request_is_held_to_what_the_host_allows)
{
	struct scene *scene = scene_new(requests[_i].annotations);
	struct effective_policy *out = scene_solve(scene);
	const struct policy_key *key = policy_key_by_path(requests[_i].path);
	char text[64];

	ck_assert_str_eq(policy_key_text(key, &out->profile, text, sizeof(text)),
			 requests[_i].value);
	ck_assert_int_eq(origin_of(out, requests[_i].path)->kind, requests[_i].kind);
	ck_assert_uint_eq(out->refused_len, requests[_i].refusal ? 1 : 0);
	if (requests[_i].refusal)
		ck_assert_msg(strstr(out->refused[0].reason, requests[_i].refusal) ==
				  out->refused[0].reason,
			      "%s", out->refused[0].reason);
	scene_free(scene);
}
END_TEST

START_TEST(a_grace_that_is_taken_away_is_given_back)
{
	struct scene *scene = scene_new("{\"oomguard.io/kill-grace\": \"0\"}");

	scene->id.namespace = (char *)"prod-eu";
	scene->id.container = (char *)"php";
	ck_assert_uint_eq(scene_solve(scene)->profile.kill.grace_ms, 5000);
	ck_assert_int_eq(scene->out.profile.kill.signal, SIGTERM);
	ck_assert_int_eq(origin_of(&scene->out, "kill.grace")->kind, ORIGIN_FILE);
	ck_assert_uint_eq(scene->out.refused_len, 1);
	scene_free(scene);
}
END_TEST

START_TEST(a_profile_can_be_asked_for)
{
	struct scene *scene = scene_new("{\"oomguard.io/profile.web\": \"alone\","
					" \"oomguard.io/profile\": \"worker\"}");

	ck_assert_str_eq(scene_solve(scene)->profile_name, "alone");
	ck_assert_str_eq(scene->out.profile_from.where, "oomguard.io/profile.web");
	scene->id.container = (char *)"db";
	ck_assert_str_eq(scene_solve(scene)->profile_name, "default");
	ck_assert_uint_eq(scene->out.refused_len, 1);
	ck_assert_str_eq(scene->out.refused[0].value, "worker");
	scene_free(scene);
}
END_TEST

START_TEST(a_container_can_be_left_alone_where_that_is_allowed)
{
	struct scene *scene = scene_new("{\"oomguard.io/disable\": \"true\"}");
	struct json *allow;

	ck_assert(scene_solve(scene)->disabled);
	allow = json_path(scene->doc.root, "annotations.allow");
	strcpy(allow->array.items[1]->text, "-");
	ck_assert(!scene_solve(scene)->disabled);
	ck_assert_uint_eq(scene->out.refused_len, 1);
	scene_free(scene);
}
END_TEST

START_TEST(a_suffix_needs_a_container_that_has_a_name)
{
	struct scene *scene = scene_new("{\"oomguard.io/restart-max.web\": \"3\"}");

	scene->id.container = (char *)"";
	ck_assert_uint_eq(scene_solve(scene)->profile.restart.max, 5);
	ck_assert_str_eq(scene->out.refused[0].reason, "this container has no name");
	scene_free(scene);
}
END_TEST

START_TEST(refusals_are_bounded)
{
	char text[4096] = "{";
	struct scene *scene;

	for (int i = 0; i < 40; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text),
			 "\"oomguard.io/x%d\": \"1\",", i);
	strcpy(text + strlen(text) - 1, "}");
	scene = scene_new(text);
	ck_assert_uint_eq(scene_solve(scene)->refused_len, REFUSED_ANNOTATIONS_MAX);
	ck_assert_uint_eq(scene->out.refused_dropped, 40 - REFUSED_ANNOTATIONS_MAX);
	scene_free(scene);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("policy_effective");
	TCase *tests = tcase_create("policy_effective");

	tcase_add_test(tests, without_a_policy_the_builtin_holds);
	tcase_add_test(tests, rules_and_chain_give_values_and_origins);
	tcase_add_test(tests, the_first_rule_whose_conditions_all_hold_wins);
	tcase_add_loop_test(tests, a_request_is_held_to_what_the_host_allows, 0,
			    (int)(sizeof(requests) / sizeof(requests[0])));
	tcase_add_test(tests, a_grace_that_is_taken_away_is_given_back);
	tcase_add_test(tests, a_profile_can_be_asked_for);
	tcase_add_test(tests, a_profile_that_the_program_was_started_for_goes_before_the_rules);
	tcase_add_test(tests, a_container_can_be_left_alone_where_that_is_allowed);
	tcase_add_test(tests, a_suffix_needs_a_container_that_has_a_name);
	tcase_add_test(tests, refusals_are_bounded);
	suite_add_tcase(suite, tests);
	return unit_run(suite);
}
