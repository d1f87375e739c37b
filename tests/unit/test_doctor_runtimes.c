/* SPDX-License-Identifier: Apache-2.0 */
/* Runtimes that engines name, as `oomguard doctor` reads them: ours, and the default. */
#include <stdio.h>

#include "doctor_tree.h"
#include "unit.h"

START_TEST(docker)
{
	static const struct fake_file files[] = {
	    {"etc/docker/daemon.json", "{\"runtimes\": {\"oomguard\": {\"path\": \"" RUNC "\"},"
				       " \"other\": {\"path\": \"/usr/bin/runsc\"}, \"odd\": {},"
				       " \"own\": {\"path\": \"" RUNC "\", \"runtimeArgs\":"
				       " [1, \"--oomguard-policy\", \"/x\"]}}}"},
	};
	struct fake_tree tree;
	struct engine_facts *facts;

	fake_tree_make(&tree, files, FAKE_TREE_LEN(files));
	facts = engines_of(&tree);
	ck_assert_uint_eq(facts->len, 2);
	ck_assert(!facts->items[0].own_policy && facts->items[1].own_policy);
	ck_assert_str_eq(facts->items[0].engine, "docker");
	ck_assert_str_eq(facts->items[0].name, "oomguard");
	ck_assert_int_eq(facts->items[0].program.missing, ENOENT);
	free(facts);
	fake_tree_write(&tree, RUNC + 1, "");
	make_executable(&tree, RUNC + 1);
	facts = engines_of(&tree);
	ck_assert_int_eq(facts->items[0].program.missing, 0);
	ck_assert(facts->items[0].program.executable);
	free(facts);
	fake_tree_remove(&tree);
}
END_TEST

START_TEST(crio)
{
	static const struct fake_file files[] = {
	    {"etc/crio/crio.conf.d/20-oomguard.conf",
	     "[crio.runtime.runtimes.oomguard]\nruntime_path = \"" RUNC "\"\n"},
	};
	struct fake_tree tree;
	struct engine_facts *facts;

	fake_tree_make(&tree, files, FAKE_TREE_LEN(files));
	facts = engines_of(&tree);
	ck_assert_uint_eq(facts->len, 1);
	ck_assert_str_eq(facts->items[0].engine, "crio");
	ck_assert_str_eq(facts->items[0].name, "oomguard");
	ck_assert_str_eq(facts->items[0].program.path, RUNC);
	free(facts);
	fake_tree_remove(&tree);
}
END_TEST

/* The drop-in of `configure podman --mode wrapper`, and the program moved away. */
START_TEST(podman)
{
	static const struct fake_file files[] = {
	    {"usr/share/containers/containers.conf",
	     "[engine.runtimes]\noomguard = ['/old/oomguard-runc']\nrunc = ['/usr/bin/runc']\n"},
	    {"etc/containers/containers.conf", "[engine]\nruntime = '/opt/oomguard-crun'\n"},
	    {"etc/containers/containers.conf.d/oomguard.conf",
	     "[engine.runtimes]\noomguard = [\"" RUNC "\"]\n"},
	};
	struct fake_tree tree;
	struct engine_facts *facts;

	fake_tree_make(&tree, files, FAKE_TREE_LEN(files));
	facts = engines_of(&tree);
	/* What a later file says of a name holds. */
	ck_assert_uint_eq(facts->len, 2);
	ck_assert_str_eq(facts->items[0].engine, "podman");
	ck_assert_str_eq(facts->items[0].name, "oomguard");
	ck_assert_str_eq(facts->items[0].program.path, RUNC);
	ck_assert_int_eq(facts->items[0].program.missing, ENOENT);
	ck_assert_str_eq(facts->items[1].file, "/etc/containers/containers.conf");
	ck_assert_str_eq(facts->items[1].program.path, "/opt/oomguard-crun");
	free(facts);
	fake_tree_remove(&tree);
}
END_TEST

#define PLUGIN "plugins.\"io.containerd.grpc.v1.cri\".containerd"

/* A default that names no runtime that is there. */
static const struct {
	const char *path, *text, *lost; /* NULL: it is there, or may be */
} defaults[] = {
    {"etc/docker/daemon.json", "{\"default-runtime\": \"oomguard\"}", "oomguard"},
    {"etc/docker/daemon.json",
     "{\"default-runtime\": \"oomguard\", \"runtimes\": {\"oomguard\": {\"path\": \"/x\"}}}", NULL},
    {"etc/docker/daemon.json", "{\"default-runtime\": \"runc\"}", NULL},
    {"etc/docker/daemon.json", "{\"default-runtime\": \"io.containerd.runc.v2\"}", NULL},
    {"etc/docker/daemon.json", "{\"default-runtime\": \"/bin/false\"}", NULL},
    {"etc/docker/daemon.json", "{\"default-runtime\": 1}", NULL},
    {"etc/containers/containers.conf", "[engine]\nruntime = \"oomguard\"\n", "oomguard"},
    {"etc/containers/containers.conf", "engine.runtime = '/usr/bin/gone'\n", "/usr/bin/gone"},
    {"etc/containers/containers.conf", "engine.runtime = '/bin/false'\n", NULL},
    {"etc/containers/containers.conf", "[engine]\nruntime = ''\n", NULL},
    {"etc/containers/containers.conf", "[engine]\nruntime = 'crun'\n", NULL},
    {"etc/containers/containers.conf.d/a.conf",
     "[engine]\nruntime = 'x'\nruntimes = {x = ['/x'], y = []}\n", NULL},
    {"etc/containerd/config.toml", "[" PLUGIN "]\ndefault_runtime_name = 'oomguard'\n", "oomguard"},
    {"etc/containerd/config.toml",
     "[" PLUGIN "]\ndefault_runtime_name = 'x'\n[" PLUGIN ".runtimes.x]\n", NULL},
    {"etc/containerd/config.toml", "[" PLUGIN "]\ndefault_runtime_name = 'runc'\n", NULL},
    {"etc/crio/crio.conf", "[crio.runtime]\ndefault_runtime = 'oomguard'\n", "oomguard"},
    {"etc/crio/crio.conf.d/1",
     "[crio.runtime]\ndefault_runtime = 'x'\nruntimes.x.runtime_type = 'oci'\n", NULL},
    {"etc/crio/crio.conf.d/1", "[crio.runtime]\ndefault_runtime = 'crun'\n", NULL},
};

START_TEST(a_default)
{
	static const struct fake_file files[] = {{"bin/false", ""}};
	struct fake_tree tree;
	struct engine_facts *facts;

	fake_tree_make(&tree, files, FAKE_TREE_LEN(files));
	make_executable(&tree, "bin/false");
	fake_tree_write(&tree, defaults[_i].path, defaults[_i].text);
	facts = engines_of(&tree);
	ck_assert_msg(facts->lost_len == (defaults[_i].lost ? 1 : 0), "%s", defaults[_i].text);
	if (defaults[_i].lost) {
		ck_assert_str_eq(facts->lost[0].name, defaults[_i].lost);
		ck_assert_str_eq(facts->lost[0].file + 1, defaults[_i].path);
	}
	free(facts);
	fake_tree_remove(&tree);
}
END_TEST

/* More runtimes than are looked at: nothing is said of a default among them. */
START_TEST(many_runtimes)
{
	struct fake_tree tree;
	struct engine_facts *facts;
	char text[8192] = "[engine]\nruntime = 'r99'\n[engine.runtimes]\n";

	for (int i = 0; i < 100; i++)
		sprintf(text + strlen(text), "r%d = ['/x/oomguard-runc']\n", i);
	fake_tree_make(&tree, NULL, 0);
	fake_tree_write(&tree, "etc/containers/containers.conf", text);
	facts = engines_of(&tree);
	ck_assert_uint_eq(facts->len, REGISTRATIONS_MAX);
	ck_assert_uint_eq(facts->lost_len, 0);
	free(facts);
	fake_tree_remove(&tree);
}
END_TEST

/* What the wrapper becomes: the policy's runtime of its name. */
START_TEST(wrappers)
{
	static const struct fake_file files[] = {
	    {"oomguard-runc", ""}, {"oomguard-crun", ""}, {"runc", ""}, {"hook", ""}};
	static struct host_policy host = {.runtimes_len = 1};
	struct engine_facts *facts = calloc(1, sizeof(*facts));
	struct fake_tree tree;
	char path[128];

	fake_tree_make(&tree, files, FAKE_TREE_LEN(files));
	for (size_t i = 0; i < FAKE_TREE_LEN(files); i++) {
		make_executable(&tree, files[i].path);
		snprintf(path, sizeof(path), "%s/%s", tree.root, files[i].path);
		facts_named_file("", path, &facts->items[i].program);
	}
	facts->len = 4;
	facts->items[3].is_hook = true;
	snprintf(host.runtimes[0], sizeof(host.runtimes[0]), "%s/runc", tree.root);
	facts_wrappers(&host, facts);
	ck_assert_int_eq(facts->items[0].runtime.code, 0);
	ck_assert_int_eq(facts->items[1].runtime.code, ENOENT);
	ck_assert_ptr_nonnull(strstr(facts->items[1].runtime.message, "called crun"));
	ck_assert_int_eq(facts->items[3].runtime.code, 0);
	/* The file is gone; and with a policy of its own the wrapper may know better. */
	ck_assert_int_eq(unlinkat(tree.fd, "runc", 0), 0);
	facts->items[1] =
	    (struct registration){.program = facts->items[1].program, .own_policy = true};
	facts_wrappers(&host, facts);
	ck_assert_int_eq(facts->items[0].runtime.code, ENOENT);
	ck_assert_int_eq(facts->items[1].runtime.code, 0);
	/* It is the wrapper. */
	ck_assert_int_eq(symlinkat("oomguard-runc", tree.fd, "runc"), 0);
	facts_wrappers(&host, facts);
	ck_assert_int_eq(facts->items[0].runtime.code, ELOOP);
	free(facts);
	fake_tree_remove(&tree);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("doctor_runtimes");
	TCase *tests = tcase_create("runtimes");

	tcase_add_test(tests, docker);
	tcase_add_test(tests, crio);
	tcase_add_test(tests, podman);
	tcase_add_loop_test(tests, a_default, 0, FAKE_TREE_LEN(defaults));
	tcase_add_test(tests, many_runtimes);
	tcase_add_test(tests, wrappers);
	suite_add_tcase(suite, tests);
	return unit_run(suite);
}
