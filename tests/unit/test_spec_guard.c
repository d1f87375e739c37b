/* SPDX-License-Identifier: Apache-2.0 */
/* From a config.json and a policy to the config.json of a guarded container. */
#include "spec_guard.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "config.h"
#include "fake_tree.h"
#include "unit.h"

#define HOOK "oomguard-hook"
#define CONFIG(annotations) "{\"ociVersion\":\"1.0.2\",\"annotations\":{" annotations "}}"

static struct fake_tree tree;
static char hook_path[128];
static int procfd;

/* A host with cgroup v1, and a hook. */
static void setup(void)
{
	static const struct fake_file files[] = {
	    {HOOK, ""},
	    {"proc/self/cgroup", "4:memory:/\n"},
	    {"memory/memory.limit_in_bytes", "1\n"},
	    {"memory/memory.memsw.limit_in_bytes", "1\n"},
	};

	fake_tree_make(&tree, files, FAKE_TREE_LEN(files));
	fake_tree_mount(&tree, "/", "memory", "cgroup", "rw,memory");
	procfd = fake_tree_open(&tree, "proc");
	snprintf(hook_path, sizeof(hook_path), "%s/" HOOK, tree.root);
	ck_assert_int_eq(chmod(hook_path, 0755), 0);
}

static void teardown(void)
{
	close(procfd);
	close(tree.fd);
	fake_tree_remove(&tree);
}

/* What is made of the text under this policy, NULL: the built-in one. */
static int guard(const char *policy, const char *profile, const char *text,
		 struct spec_guarded *out, struct error *err)
{
	struct policy_document document = {.host = host_policy_builtin};
	const struct spec_hook hook = {.path = hook_path};
	const struct spec_guard what = {.policy = &document,
					.procfd = procfd,
					.hook = &hook,
					.id = "web",
					.bundle = "/b",
					.runtime = "/usr/sbin/runc"};
	char file[128];
	int r;

	if (policy) {
		struct error why = {0};

		snprintf(file, sizeof(file), "%s/policy.json", tree.root);
		fake_tree_write(&tree, "policy.json", policy);
		ck_assert_msg(policy_load(file, &document, NULL, &why) == 0, "%s", why.message);
	}
	document.profile = profile;
	r = spec_guard(&what, text, strlen(text), out, err);
	policy_document_free(&document);
	return r;
}

static const char limited[] =
    "{\"version\":1,\"annotations\":{\"allow\":[\"disable\"]},"
    "\"profiles\":{\"default\":{\"settings\":{\"limit\":{\"default\":67108864}}}}}";

static const struct {
	const char *policy, *profile, *text;
	const char *has[2], *lacks, *problem; /* NULL: not looked for; problem NULL: none */
} edits[] = {
    {NULL, NULL, CONFIG(""), {"\"createRuntime\"", "/" HOOK}, "memory", NULL},
    {limited, NULL, CONFIG(""), {"\"createRuntime\"", "67108864"}, NULL, NULL},
    /* It asked to be left alone: the hooks write that down, nothing is set. */
    {limited,
     NULL,
     CONFIG("\"oomguard.io/disable\":\"true\""),
     {"\"createRuntime\"", NULL},
     "67108864",
     NULL},
    /* A rule that needs what is known of it: the id, and its annotations. */
    {"{\"version\":1,\"profiles\":{\"big\":{\"settings\":{\"limit\":{\"default\":99999744}}}},"
     "\"rules\":[{\"match\":{\"id\":\"^web$\",\"namespace\":\"^prod$\"},\"profile\":\"big\"}]}",
     NULL,
     CONFIG("\"io.kubernetes.cri.sandbox-namespace\":\"prod\""),
     {"\"poststop\"", "99999744"},
     NULL,
     NULL},
    /* What cannot be resolved is told, and the built-in policy takes its place. */
    {limited,
     "nobody",
     CONFIG(""),
     {"\"createRuntime\"", NULL},
     "67108864",
     "the policy cannot be resolved"},
    {NULL,
     NULL,
     "{\"linux\":{\"resources\":{\"memory\":{\"disableOOMKiller\":true}}}}",
     {"\"disableOOMKiller\":false", "\"poststart\""},
     NULL,
     NULL},
};

START_TEST(what_goes_in)
{
	struct spec_guarded out, again;
	struct error err = {0};

	ck_assert_msg(guard(edits[_i].policy, edits[_i].profile, edits[_i].text, &out, &err) == 0,
		      "%s", err.message);
	ck_assert_ptr_nonnull(out.text);
	ck_assert_uint_eq(out.len, strlen(out.text));
	/* A user's limits are left to the hook. */
	for (size_t i = 0; i < 2 && edits[_i].has[i]; i++)
		ck_assert_msg((geteuid() && isdigit(edits[_i].has[i][0])) ||
				  strstr(out.text, edits[_i].has[i]) != NULL,
			      "%s", out.text);
	if (edits[_i].lacks)
		ck_assert_msg(!strstr(out.text, edits[_i].lacks), "%s", out.text);
	ck_assert_msg(edits[_i].problem ? strstr(out.problem, edits[_i].problem) != NULL
					: !out.problem[0],
		      "%s", out.problem);
	/* Twice is once. */
	ck_assert_int_eq(guard(edits[_i].policy, edits[_i].profile, out.text, &again, &err), 0);
	ck_assert_ptr_null(again.text);
	spec_guarded_free(&again);
	spec_guarded_free(&out);
}
END_TEST

/* Is the limit put in where our cgroup has this file, NULL: none, under this map of users? */
static bool limit_goes_in(const char *own, const char *map)
{
	struct spec_guarded out;
	struct error err = {0};
	bool is;

	fake_tree_write(&tree, "proc/self/uid_map", map);
	fake_tree_write(&tree, "proc/self/gid_map", map);
	if (own)
		fake_tree_write(&tree, own, "max\n");
	ck_assert_msg(guard(limited, NULL, CONFIG(""), &out, &err) == 0, "%s", err.message);
	is = strstr(out.text, "67108864") != NULL;
	ck_assert_ptr_nonnull(strstr(out.text, "createRuntime"));
	spec_guarded_free(&out);
	return is;
}

/* The runtime of a user without a memory cgroup would refuse it, and the container with it. */
START_TEST(a_limit_where_there_may_be_no_cgroup)
{
	static const char all[] = "0 0 4294967295\n", some[] = "0 1000 1\n1 100000 65536\n";

	fake_tree_write(&tree, "proc/self/mountinfo", "");
	fake_tree_write(&tree, "proc/self/cgroup", "0::/own\n");
	fake_tree_dir(&tree, "unified/own");
	fake_tree_mount(&tree, "/", "unified", "cgroup2", "rw");
	ck_assert(limit_goes_in(NULL, all) == (geteuid() == 0));
	ck_assert(!limit_goes_in(NULL, some));
	ck_assert(limit_goes_in("unified/own/memory.max", some) == (geteuid() == 0));
}
END_TEST

START_TEST(a_sandbox_is_passed_over)
{
	struct spec_guarded out;

	ck_assert_int_eq(guard(limited, NULL,
			       CONFIG("\"io.kubernetes.cri.container-type\":\"sandbox\""), &out,
			       NULL),
			 0);
	ck_assert_ptr_null(out.text);
	ck_assert_str_eq(out.problem, "");
}
END_TEST

/* An entry for a program that is not there would stop the container. */
START_TEST(without_a_hook_nothing_is_edited)
{
	struct spec_guarded out;
	struct error err = {0};

	ck_assert_int_eq(chmod(hook_path, 0644), 0);
	ck_assert_int_eq(guard(NULL, NULL, "{}", &out, &err), -EACCES);
	ck_assert_ptr_nonnull(strstr(err.message, hook_path));
	ck_assert_int_eq(unlink(hook_path), 0);
	ck_assert_int_eq(guard(NULL, NULL, "{}", &out, NULL), -ENOENT);
	ck_assert_ptr_null(out.text);
}
END_TEST

START_TEST(what_cannot_be_parsed)
{
	static const char *const texts[] = {"", "[]", "{\"a\":", "null"};

	for (size_t i = 0; i < FAKE_TREE_LEN(texts); i++) {
		struct spec_guarded out;
		struct error err = {0};

		ck_assert_int_eq(guard(NULL, NULL, texts[i], &out, &err), -EINVAL);
		ck_assert_ptr_null(out.text);
		ck_assert_ptr_nonnull(strstr(err.message, "config.json"));
	}
}
END_TEST

/* The init is wanted where it may not be installed. */
START_TEST(init)
{
	struct spec_guarded out;
	bool there = access(OOMGUARD_INIT_PATH, X_OK) == 0;

	ck_assert_int_eq(
	    guard("{\"version\":1,\"profiles\":{\"default\":{\"settings\":{\"addInit\":"
		  "true}}}}",
		  NULL,
		  "{\"process\":{\"args\":[\"sh\"]},\"root\":{\"path\":\"/r\"},"
		  "\"mounts\":[]}",
		  &out, NULL),
	    0);
	ck_assert_ptr_nonnull(out.text);
	ck_assert_int_eq(strstr(out.text, OOMGUARD_INIT_PATH) != NULL, there);
	ck_assert_int_eq(strstr(out.problem, "the container goes without") != NULL, !there);
	spec_guarded_free(&out);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("spec_guard");
	TCase *tcase = tcase_create("all");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_loop_test(tcase, what_goes_in, 0, FAKE_TREE_LEN(edits));
	tcase_add_test(tcase, a_limit_where_there_may_be_no_cgroup);
	tcase_add_test(tcase, a_sandbox_is_passed_over);
	tcase_add_test(tcase, without_a_hook_nothing_is_edited);
	tcase_add_test(tcase, what_cannot_be_parsed);
	tcase_add_test(tcase, init);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
