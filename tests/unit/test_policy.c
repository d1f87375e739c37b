/* SPDX-License-Identifier: Apache-2.0 */
/* From files to a checked document: messages, drop-ins, trust, regular expressions. */
#include <errno.h>
#include <unistd.h>

#include "ere.h"
#include "policy_chain.h"
#include "policy_keys.h"
#include "policy_text.h"
#include "unit.h"

/* What the message says behind "…/policy.json:". */
static const struct {
	const char *text;
	const char *message;
} wrong[] = {
    {"{\n\"version\": 2}", "2: version: found the number 2, allowed 1"},
    {"{}", "1: version: found nothing, allowed 1"},
    {"[]", "1: found a list of 0, allowed an object"},
    {"{\"version\": 1, \"profile\": {}}",
     "1: profile: found an unknown key, allowed \"version\", \"runtimes\", \"host\", "
     "\"profiles\", \"rules\", \"annotations\", \"$schema\""},
    {"{\"version\": 1, \"profiles\": {\"a\":\n {\"onOom\": {\"process\":\n \"reboot\"}}}}",
     "3: profiles.a.onOom.process: found the string \"reboot\", allowed \"report\", \"kill\" "
     "or \"restart\""},
    {"{\"version\": 1, \"profiles\": {\"a\": {\"onOom\": {\"pid1\": \"kill\"}}}}",
     "1: profiles.a.onOom.pid1: found an unknown key, allowed \"init\", \"process\", "
     "\"group\", \"ancestor\", \"global\", \"unknown\", \"respawnGrace\""},
    {"{\"version\": 1, \"profiles\": {\"a\": {\"kill.grace\": \"1s\"}}}",
     "1: profiles.a.kill.grace: found an unknown key, allowed \"extends\", \"settings\", "
     "\"onOom\", \"onStall\", \"victims\", \"onNearLimit\", \"onZombies\", \"restart\", "
     "\"kill\", \"evidence\""},
    {"{\"version\": 1, \"profiles\": {\"a\": {\"restart\": {\"max\": 101}}}}",
     "1: profiles.a.restart.max: found the number 101, allowed a whole number from 0 to 100"},
    {"{\"version\": 1, \"profiles\": {\"a\": {\"restart\": {\"within\": \"0s\"}}}}",
     "1: profiles.a.restart.within: found the string \"0s\", allowed a duration above zero "
     "like \"500ms\", \"10s\", \"5m\" or \"2h\""},
    {"{\"version\": 1, \"profiles\": {\"a\": {\"settings\": {\"swap\": \"lots\"}}}}",
     "1: profiles.a.settings.swap: found the string \"lots\", allowed \"leave\", bytes, a size "
     "like \"512MiB\", or a share of the limit like \"25%\""},
    {"{\"version\": 1, \"profiles\": {\"a\": {\"kill\": {\"signal\": \"SIGTERM\"}}}}",
     "1: profiles.a: found \"kill.signal\" other than SIGKILL with \"kill.grace\" of zero, "
     "allowed a grace above zero (an init without a handler ignores the signal)"},
    {"{\"version\": 1, \"profiles\": {\"a\": {\"extends\": \"b\"}, \"b\": {\"extends\": "
     "\"a\"}}}",
     "1: profiles.a.extends: profile \"a\" extends itself"},
    {"{\"version\": 1, \"profiles\": {\"a\": {\"extends\": \"b\"}}}",
     "1: profiles.a.extends: found the string \"b\", allowed a profile that exists"},
    {"{\"version\": 1, \"rules\": [{\"match\": {\"pod\": \"(\"}, \"profile\": \"default\"}]}",
     "1: rules[0].match.pod: found a regular expression that does not compile (Unmatched ( or "
     "\\()"},
    {"{\"version\": 1, \"rules\": [{\"match\": {}, \"profile\": \"x\"}]}",
     "1: rules[0].profile: found the string \"x\", allowed a profile that exists"},
    {"{\"version\": 1, \"rules\": [{\"match\": {}}]}",
     "1: rules[0]: found no \"profile\", allowed a rule that has it"},
    {"{\"version\": 1, \"annotations\": {\"bounds\": {\"restart-max\": [5, 1]}}}",
     "1: annotations.bounds.restart-max: found a lowest above the highest, allowed the lowest "
     "first"},
    {"{\"version\": 1, \"annotations\": {\"bounds\": {\"oom-score-adj-init\": [-1000, 0]}}}",
     "1: annotations.bounds.oom-score-adj-init: found a score of -1000, allowed from -999"},
    {"{\"version\": 1, \"runtimes\": [\"runc\"]}",
     "1: runtimes[0]: found the string \"runc\", allowed an absolute path of printable ASCII "
     "characters"},
    {"{\"version\": 1, \"host\": {\"maxConcurrentRestarts\": 0}}",
     "1: host.maxConcurrentRestarts: found the number 0, allowed a whole number from 1 to 64"},
    {"{\"version\": 1, \"profiles\": {\"a\": {\"settings\": {\"keep\": \"true\"}}}}",
     "1: profiles.a.settings.keep: found the string \"true\", allowed true or false"},
    {"{\"version\": 1, \"profiles\": {\"a\": {\"onStall\": {\"after\": \"99ms\"}}}}",
     "1: profiles.a.onStall.after: found the string \"99ms\", allowed a duration of at least 100ms "
     "like \"10s\", \"5m\" or \"2h\""},
    {"{\"version\": 1, \"profiles\": {\"a\": {\"onStall\": {\"pressure\": {\"share\": \"off\"}}}}}",
     "1: profiles.a.onStall.pressure.share: found the string \"off\", allowed a share from 1% to "
     "100% like \"90%\""},
    {"{\"version\": 1, \"profiles\": {\"a\": {\"onNearLimit\": {\"at\": \"100%\"}}}}",
     "1: profiles.a.onNearLimit.at: found the string \"100%\", allowed \"off\" or a share from 1% "
     "to 99% like \"90%\""},
    {"{\"version\": 1, \"profiles\": {\"a\": {\"onZombies\": {\"above\": 0}}}}",
     "1: profiles.a.onZombies.above: found the number 0, allowed \"off\" or a whole number from 1 "
     "to 100000"},
    {"{\"version\": 1, \"profiles\": {\"a\": {\"onStall\": {\"ladder\": []}}}}",
     "1: profiles.a.onStall.ladder: found a list of 0, allowed a list of 1 to 8 rungs"},
    {"{\"version\": 1, \"profiles\": {\"a\": {\"onStall\": {\"ladder\": [\"kill\", \"pray\"]}}}}",
     "1: profiles.a.onStall.ladder: rung 2: found the string \"pray\", allowed "
     "\"enable-oom-killer\", \"kill-largest\", \"raise-limit\", \"kill\" or \"report\""},
    {"{\"version\": 1, \"profiles\": {\"a\": {\"onStall\": {\"ladder\": [\"raise-limit\", "
     "\"raise-limit\"]}}}}",
     "1: profiles.a.onStall.ladder: rung 2: found \"raise-limit\" again, allowed each rung once"},
    {"{\"version\": 1, \"profiles\": {\"a\": {\"onStall\": {\"ladder\": [\"kill\", "
     "\"raise-limit\"]}}}}",
     "1: profiles.a.onStall.ladder: rung 2: found \"raise-limit\", allowed behind \"kill\" only "
     "\"report\""},
    {"{\"version\": 1, \"profiles\": {\"a\": {\"onStall\": {\"ladder\": [\"report\", \"kill\"]}}}}",
     "1: profiles.a.onStall.ladder: rung 2: found \"kill\", allowed nothing behind \"report\""},
    {"{\"version\": 1, \"profiles\": {\"a\": {\"victims\": {\"prefer\": \"x\"}}}}",
     "1: profiles.a.victims.prefer: found the string \"x\", allowed a list of at most 8 regular "
     "expressions"},
    {"{\"version\": 1, \"profiles\": {\"a\": {\"victims\": {\"avoid\": [\"x\", \"(\"]}}}}",
     "1: profiles.a.victims.avoid: name 2: found a regular expression that does not compile "
     "(Unmatched ( or \\()"},
    {"{\"version\": 1, \"profiles\": {\"a\": {\"onNearLimit\": {\"process\": 1}}}}",
     "1: profiles.a.onNearLimit.process: found the number 1, allowed a regular expression"},
    {"{\"version\": 1, \"profiles\": {\"a\": {\"onNearLimit\": {\"actions\": [\"report\", "
     "\"signal:SIGKILL\"]}}}}",
     "1: profiles.a.onNearLimit.actions: action 2: found the string \"signal:SIGKILL\", allowed "
     "\"report\", \"snapshot\", \"rescore\" or \"kill-largest\", or \"signal:\" with a signal "
     "other than SIGKILL"},
    {"{\"version\": 1, \"profiles\": {\"a\": {\"onNearLimit\": {\"actions\": [\"report\", "
     "\"report\"]}}}}",
     "1: profiles.a.onNearLimit.actions: action 2: found \"report\" again, allowed each action "
     "once"},
    {"{\"version\": 1, \"annotations\": {\"bounds\": {\"near-limit-actions\": [\"report\", "
     "\"report,snapshot\"]}}}",
     "1: annotations.bounds.near-limit-actions[1]: found the string \"report,snapshot\", allowed "
     "\"report\", \"snapshot\", \"rescore\" or \"kill-largest\", or \"signal:\" with a signal "
     "other than SIGKILL"},
    {"{\"version\": 1, \"annotations\": {\"bounds\": {\"keep\": [true, false, true]}}}",
     "1: annotations.bounds.keep[2]: found true again, allowed each word once"},
    {"{\"version\": 1, \"annotations\": {\"bounds\": {\"zombies-above\": [\"off\", 5]}}}",
     "1: annotations.bounds.zombies-above: found bounds of different kinds, allowed two numbers, "
     "two sizes, two shares or two durations"},
    {"{\"version\": 1, \"a\\u001b[2Jb\": 1}",
     "1: a\\x1B[2Jb: found an unknown key, allowed \"version\", \"runtimes\", \"host\", "
     "\"profiles\", \"rules\", \"annotations\", \"$schema\""},
};

START_TEST(a_message_names_line_key_found_and_allowed)
{
	struct policy_document doc;
	struct error err = {0};
	const char *behind;

	ck_assert_int_eq(policy_load_text(wrong[_i].text, &doc, NULL, &err), -EINVAL);
	behind = strstr(err.message, "/policy.json:");
	ck_assert_ptr_nonnull(behind);
	ck_assert_str_eq(behind + strlen("/policy.json:"), wrong[_i].message);
	ck_assert_ptr_null(doc.root);
}
END_TEST

START_TEST(all_problems_are_told_with_their_lines)
{
	struct policy_problems problems = {0};
	struct policy_document doc;

	ck_assert_int_eq(policy_load_text("{\"version\": 1,\n\"host\": 1,\n\"rules\": 2,\n"
					  "\"rules\": 3}",
					  &doc, &problems, NULL),
			 -EINVAL);
	ck_assert_uint_eq(problems.len, 3);
	ck_assert(problems.items[0].warning);
	ck_assert_str_eq(problems.items[0].key, "rules");
	ck_assert_uint_eq(problems.items[0].line, 3);
	ck_assert_str_eq(problems.items[1].key, "host");
	ck_assert_uint_eq(problems.items[1].line, 2);
	ck_assert_uint_eq(problems.items[2].line, 4);
	policy_problems_free(&problems);
}
END_TEST

START_TEST(what_is_no_json_has_a_line)
{
	struct policy_problems problems = {0};
	struct policy_document doc;

	ck_assert_int_lt(policy_load_text("{\n\n\"version\": ]}", &doc, &problems, NULL), 0);
	ck_assert_uint_eq(problems.len, 1);
	ck_assert_uint_eq(problems.items[0].line, 3);
	policy_problems_free(&problems);
}
END_TEST

START_TEST(drop_ins_merge_in_lexical_order)
{
	struct policy_folder folder;
	struct policy_document doc;
	int64_t max;
	struct error err = {0};

	policy_folder_make(&folder);
	policy_folder_add(
	    &folder, "policy.json",
	    "{\"version\": 1, \"host\": {\"maxConcurrentRestarts\": 2}, \"profiles\": "
	    "{\"default\": {\"restart\": {\"max\": 1, \"giveUp\": \"leave\"}}},"
	    "\"rules\": [{\"match\": {}, \"profile\": \"default\"}]}");
	policy_folder_add(
	    &folder, "policy.d/20-b.json",
	    "{\"profiles\": {\"default\": {\"restart\": {\"max\": 20}}},\n\"rules\": []}");
	policy_folder_add(&folder, "policy.d/10-a.json",
			  "{\"profiles\": {\"default\": {\"restart\": {\"max\": 10, \"giveUp\": "
			  "null}}}}");
	policy_folder_add(&folder, "policy.d/30-c.json.off", "not read");
	policy_folder_add(&folder, "policy.d/.hidden.json", "not read");
	ck_assert_int_eq(policy_load(folder.file, &doc, NULL, &err), 0);
	ck_assert_int_eq(json_int64(json_path(doc.root, "profiles.default.restart.max"), &max), 0);
	ck_assert_int_eq(max, 20);
	ck_assert_ptr_null(json_path(doc.root, "profiles.default.restart.giveUp"));
	ck_assert_uint_eq(json_get(doc.root, "rules")->array.len, 0);
	ck_assert_uint_eq(json_get(doc.root, "rules")->line, 2);
	ck_assert_uint_eq(doc.host.max_concurrent_restarts, 2);
	policy_document_free(&doc);
	policy_folder_remove(&folder);
}
END_TEST

START_TEST(an_error_in_a_drop_in_names_the_drop_in)
{
	struct policy_folder folder;
	struct policy_document doc;
	struct error err = {0};

	policy_folder_make(&folder);
	policy_folder_add(&folder, "policy.json", "{\"version\": 1}");
	policy_folder_add(&folder, "policy.d/50-x.json", "{\n\"host\": {\"slots\": 3}}");
	ck_assert_int_eq(policy_load(folder.file, &doc, NULL, &err), -EINVAL);
	ck_assert_ptr_nonnull(strstr(err.message, "/policy.d/50-x.json:2: host.slots: "));
	policy_folder_remove(&folder);
}
END_TEST

#define LIST "\"runtimes\": [\"/opt/runc\"]"

/* Another program must never run because of a wrong word elsewhere. */
START_TEST(of_a_wrong_policy_the_runtimes_hold)
{
	static const struct {
		const char *file, *drop_in, *runtime; /* NULL: cannot be told */
		mode_t mode;
	} cases[] = {
	    {"{\"version\": 1, \"oops\": 1," LIST "}", NULL, "/opt/runc", 0644},
	    {"{\"version\": 1," LIST "}", "{\"rules\": 7}", "/opt/runc", 0644},
	    {"{\"version\": 1," LIST "}", "{", "/opt/runc", 0644},
	    {"{\"version\": 1, \"oops\": 1}", NULL, "/usr/sbin/runc", 0644},
	    {"{\"version\": 1}", "{", NULL, 0644},
	    {"{\"version\": 1, \"oops\": 1," LIST "}", NULL, NULL, 0666},
	    {"{\"version\": 1," LIST "", NULL, NULL, 0644},
	    {"{\"version\": 1, \"runtimes\": [\"runc\"]}", NULL, NULL, 0644},
	    {"{\"version\": 1, \"runtimes\": 1}", NULL, NULL, 0644},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct policy_folder folder;
		struct policy_document doc;

		policy_folder_make(&folder);
		policy_folder_add(&folder, "policy.json", cases[i].file);
		ck_assert_int_eq(chmod(folder.file, cases[i].mode), 0);
		if (cases[i].drop_in)
			policy_folder_add(&folder, "policy.d/1.json", cases[i].drop_in);
		ck_assert_int_lt(policy_load(folder.file, &doc, NULL, NULL), 0);
		ck_assert_ptr_null(doc.root);
		ck_assert_msg(doc.runtimes_told == (cases[i].runtime != NULL), "%s", cases[i].file);
		ck_assert_str_eq(doc.host.runtimes[0],
				 cases[i].runtime ? cases[i].runtime : "/usr/sbin/runc");
		policy_document_free(&doc);
		policy_folder_remove(&folder);
	}
}
END_TEST

START_TEST(null_is_no_value_in_the_first_file)
{
	struct policy_document doc;
	struct error err = {0};

	ck_assert_int_eq(policy_load_text("{\"version\": 1, \"rules\": null}", &doc, NULL, &err),
			 -EINVAL);
	ck_assert_ptr_nonnull(strstr(err.message, "rules: found null, allowed a list"));
}
END_TEST

START_TEST(a_named_file_must_be_there)
{
	struct policy_folder folder;
	struct policy_document doc;
	struct error err = {0};

	policy_folder_make(&folder);
	ck_assert_int_eq(policy_load(folder.file, &doc, NULL, &err), -ENOENT);
	policy_folder_add(&folder, "policy.d/1.json", "{\"version\": 1}");
	ck_assert_int_eq(policy_load(folder.file, &doc, NULL, &err), 0);
	policy_document_free(&doc);
	policy_folder_remove(&folder);
}
END_TEST

START_TEST(what_others_can_write_is_refused)
{
	struct policy_folder folder;
	struct policy_document doc;
	struct error err = {0};

	policy_folder_make(&folder);
	policy_folder_add(&folder, "policy.json", "{\"version\": 1}");
	ck_assert_int_eq(chmod(folder.file, 0666), 0);
	ck_assert_int_eq(policy_load(folder.file, &doc, NULL, &err), -EPERM);
	ck_assert_ptr_nonnull(strstr(err.hint, "chmod go-w"));
	ck_assert_int_eq(unlink(folder.file), 0);
	ck_assert_int_eq(mkfifo(folder.file, 0600), 0);
	ck_assert_int_eq(policy_load(folder.file, &doc, NULL, &err), -EINVAL);
	policy_folder_remove(&folder);
}
END_TEST

static const struct {
	const char *pattern;
	const char *why; /* NULL: it can be used */
} patterns[] = {
    {"^prod-", NULL},
    {"a{1,64}", NULL},
    {"[]{}9]{2}", NULL},
    {"[[:alpha:]{9}]*", NULL},
    {"\\{9{3}", NULL},
    {"", "empty"},
    {"(", "does not compile"},
    {"(a)\\1", "back-reference"},
    {"(a{1,255}){1,255}", "repetitions"},
    {"((a{1,60})+){1,60}", "repetitions"},
    {"(abcdefgh)*{200}", "repetitions"},
    {"a{40}{40}", "repetitions"},
    {"((((((((((x{4}){4}){4}){4}){4}){4}){4}){4}){4}){4})", "repetitions"},
    {"a{99999}", "repetitions"},
};

START_TEST(a_pattern_is_bounded)
{
	struct error err = {0};
	int r = ere_check(patterns[_i].pattern, &err);

	ck_assert_int_eq(r, patterns[_i].why ? -EINVAL : 0);
	if (patterns[_i].why)
		ck_assert_msg(strstr(err.message, patterns[_i].why), "%s: %s", patterns[_i].pattern,
			      err.message);
}
END_TEST

START_TEST(a_subject_is_bounded)
{
	char subject[ERE_SUBJECT_MAX + 3];
	char pattern[POLICY_ERE_MAX + 1];

	memset(subject, 'a', sizeof(subject) - 2);
	subject[sizeof(subject) - 2] = 'b';
	subject[sizeof(subject) - 1] = '\0';
	ck_assert_int_eq(ere_match("a", subject), 1);
	ck_assert_int_eq(ere_match("b", subject), 0);
	memset(pattern, 'a', POLICY_ERE_MAX);
	pattern[POLICY_ERE_MAX] = '\0';
	ck_assert_int_eq(ere_match(pattern, "a"), -EINVAL);
	pattern[POLICY_ERE_MAX - 1] = '\0';
	ck_assert_int_eq(ere_match(pattern, subject), 1);
}
END_TEST

START_TEST(every_name_of_an_annotation_is_told)
{
	struct policy_document doc;
	struct error err = {0};

	ck_assert_int_eq(policy_load_text("{\"version\": 1, \"annotations\": {\"allow\": [\"x\"]}}",
					  &doc, NULL, &err),
			 -EINVAL);
	ck_assert_ptr_nonnull(strstr(err.message, ", zombies-action, restart-via, "));
	ck_assert_ptr_nonnull(strstr(err.message, ", evidence-budget"));
}
END_TEST

/* Parses and checks text of any kind, and resolves what is right. Only a crash can fail here. */
static void check_text(const char *text, size_t len)
{
	struct json_limits limits = {.source = "p", .max_bytes = 65536, .max_depth = 32};
	struct policy_problems problems = {0};
	struct profile profile;
	struct json *tree = NULL;

	if (json_parse(text, len, &limits, &tree, NULL) == 0 && policy_check(tree, &problems) == 0)
		ck_assert_int_eq(policy_profile_resolve(tree, "default", &profile, NULL, NULL), 0);
	policy_problems_free(&problems);
	json_free(tree);
}

START_TEST(a_mutilated_policy_is_refused_or_understood)
{
	static const char bytes[] = {'"', '{', ']', '9', '-', '\\', '\n', '\0', '\xff'};
	char text[8192];
	FILE *file = fopen(TEST_SOURCE_ROOT "/tests/policies/valid/readme.json", "re");
	size_t len;

	ck_assert_ptr_nonnull(file);
	len = fread(text, 1, sizeof(text), file);
	fclose(file);
	ck_assert_uint_gt(len, 1000);
	for (size_t i = 0; i < len; i++) {
		char kept = text[i];

		check_text(text, i);
		for (size_t b = 0; b < sizeof(bytes); b++) {
			text[i] = bytes[b];
			check_text(text, len);
		}
		text[i] = kept;
	}
}
END_TEST

#define COUNT(table) ((int)(sizeof(table) / sizeof((table)[0])))

int main(void)
{
	Suite *suite = suite_create("policy");
	TCase *tests = tcase_create("policy");

	tcase_add_loop_test(tests, a_message_names_line_key_found_and_allowed, 0, COUNT(wrong));
	tcase_add_test(tests, all_problems_are_told_with_their_lines);
	tcase_add_test(tests, what_is_no_json_has_a_line);
	tcase_add_test(tests, drop_ins_merge_in_lexical_order);
	tcase_add_test(tests, an_error_in_a_drop_in_names_the_drop_in);
	tcase_add_test(tests, of_a_wrong_policy_the_runtimes_hold);
	tcase_add_test(tests, null_is_no_value_in_the_first_file);
	tcase_add_test(tests, a_named_file_must_be_there);
	tcase_add_test(tests, what_others_can_write_is_refused);
	tcase_add_loop_test(tests, a_pattern_is_bounded, 0, COUNT(patterns));
	tcase_add_test(tests, a_subject_is_bounded);
	tcase_add_test(tests, every_name_of_an_annotation_is_told);
	tcase_add_test(tests, a_mutilated_policy_is_refused_or_understood);
	tcase_set_timeout(tests, 60);
	suite_add_tcase(suite, tests);
	return unit_run(suite);
}
