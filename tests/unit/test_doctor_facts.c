/* SPDX-License-Identifier: Apache-2.0 */
/* What `oomguard doctor` reads of engines and of the kernel, on fake trees. */
#include "doctor_tree.h"
#include "hooks_dirs.h"
#include "unit.h"

#define HOOK_FILE "{\"version\": \"1.0.0\", \"hook\": {" ENTRY "}, \"stages\": [\"createRuntime\"]}"

START_TEST(no_engine)
{
	struct fake_tree tree;
	struct engine_facts *facts;

	fake_tree_make(&tree, NULL, 0);
	facts = engines_of(&tree);
	ck_assert_uint_eq(facts->len, 0);
	ck_assert_uint_eq(facts->installed_len, 0);
	ck_assert_uint_eq(facts->unreadable_len, 0);
	free(facts);
	fake_tree_remove(&tree);
}
END_TEST

START_TEST(hooks_d)
{
	static const struct fake_file files[] = {
	    {"usr/bin/podman", ""},
	    {HOOK + 1, ""},
	    {"etc/containers/oci/hooks.d/oomguard-createRuntime.json",
	     "{\"version\": \"1.0.0\", \"hook\": {" ENTRY "}, \"stages\": [\"createRuntime\"]}"},
	    {"etc/containers/oci/hooks.d/oomguard-poststop.json",
	     "{\"version\": \"1.0.0\", \"hook\": {\"path\": \"" HOOK
	     "\"}, \"stages\": [\"poststop\"]}"},
	    {"etc/containers/oci/hooks.d/other.json",
	     "{\"version\": \"1.0.0\", \"hook\": {\"path\": \"/bin/true\"}, \"stages\": []}"},
	    {"usr/share/containers/oci/hooks.d/torn.json", "{\"version\": "},
	};
	struct fake_tree tree;
	struct engine_facts *facts;

	fake_tree_make(&tree, files, FAKE_TREE_LEN(files));
	make_executable(&tree, "usr/bin/podman");
	facts = engines_of(&tree);
	ck_assert_uint_eq(facts->installed_len, 1);
	ck_assert_str_eq(facts->installed[0].path, "/usr/bin/podman");
	ck_assert_uint_eq(facts->len, 2);
	ck_assert_str_eq(facts->items[0].program.path, HOOK);
	ck_assert_int_eq(facts->items[0].program.missing, 0);
	ck_assert(!facts->items[0].program.executable);
	ck_assert(facts->items[0].is_hook && facts->items[0].has_env &&
		  facts->items[0].has_timeout);
	ck_assert(!facts->items[1].has_env && !facts->items[1].has_timeout);
	/* What one file lacks another one has. */
	ck_assert(facts->items[0].has_poststop && facts->items[1].has_create);
	ck_assert(!facts->items[0].has_poststart && !facts->items[1].has_poststart);
	ck_assert_uint_eq(facts->unreadable_len, 1);
	ck_assert_ptr_nonnull(strstr(facts->unreadable[0].why, "torn.json"));
	free(facts);
	fake_tree_write(&tree, "etc/containers/oci/hooks.d/oomguard-poststart.json",
			"{\"version\": \"1.0.0\", \"hook\": {" ENTRY
			"}, \"stages\": [\"poststart\"]}");
	facts = engines_of(&tree);
	ck_assert_uint_eq(facts->len, 3);
	for (size_t i = 0; i < 3; i++)
		ck_assert(facts->items[i].has_poststart);
	free(facts);
	/* In a directory that is not read it is as if it were not there. */
	fake_tree_write(&tree, "etc/containers/containers.conf",
			"[engine]\nhooks_dir = ['/usr/share/containers/oci/hooks.d']\n");
	fake_tree_write(&tree, "usr/share/containers/oci/hooks.d/oomguard.json", HOOK_FILE);
	facts = engines_of(&tree);
	ck_assert_uint_eq(facts->len, 4);
	ck_assert(!facts->items[0].not_read && !facts->items[0].has_poststart);
	ck_assert(facts->items[3].not_read && facts->items[3].has_poststart);
	free(facts);
	fake_tree_remove(&tree);
}
END_TEST

/* A directory that hooks_dir leaves out is not read. */
static const struct {
	const char *path, *text; /* of a configuration, NULL: none */
	bool crio;		 /* is installed, and reads what it reads by default */
	bool not_read[3]; /* of the default directory, the other default one, and /opt/hooks */
} hooks_dir[] = {
    {NULL, NULL, false, {false, false}},
    {"etc/containers/containers.conf", "[engine]\nhooks_dir = []\n", false, {false, false}},
    {"etc/containers/containers.conf",
     "# hooks_dir = ['/x']\n[engine]\nhooks_dir = [\n\"/opt/hooks/\", # ours\n]\n",
     false,
     {true, true, false}},
    {"etc/containers/containers.conf.d/a.conf",
     "[engine]\nhooks_dir = ['/opt/hooks', '/etc/containers/oci/hooks.d']\n",
     false,
     {true, false, false}},
    {"usr/share/containers/containers.conf",
     "engine.hooks_dir = ['/opt/hooks']\n",
     true,
     {false, true, false}},
    {"etc/containers/containers.conf",
     "[engine]\nhooks_dir = ['/usr/share/containers/oci/hooks.d']\n",
     false,
     {false, true}},
};

START_TEST(hooks_dir_of_the_engine)
{
	static const struct fake_file files[] = {
	    {"usr/share/containers/oci/hooks.d/oomguard.json", HOOK_FILE},
	    {"etc/containers/oci/hooks.d/oomguard.json", HOOK_FILE},
	    {"opt/hooks/oomguard.json", HOOK_FILE},
	    {"usr/bin/crio", ""},
	};
	bool has_third = hooks_dir[_i].text && strstr(hooks_dir[_i].text, "/opt/hooks");
	struct fake_tree tree;
	struct engine_facts *facts;

	fake_tree_make(&tree, files, FAKE_TREE_LEN(files));
	if (hooks_dir[_i].crio)
		make_executable(&tree, "usr/bin/crio");
	if (hooks_dir[_i].path)
		fake_tree_write(&tree, hooks_dir[_i].path, hooks_dir[_i].text);
	facts = engines_of(&tree);
	ck_assert_uint_eq(facts->len, has_third ? 3 : 2);
	for (size_t i = 0; i < facts->len; i++)
		ck_assert_msg(facts->items[i].not_read == hooks_dir[_i].not_read[i], "%s",
			      facts->items[i].file);
	ck_assert_uint_eq(facts->unreadable_len, 0);
	free(facts);
	fake_tree_remove(&tree);
}
END_TEST

/* A later file's list takes the place of an earlier one's, or goes on with it. */
START_TEST(hooks_dir_of_two_files)
{
	static const struct fake_file files[] = {
	    {"etc/containers/containers.conf", "[engine]\nhooks_dir = ['/a', '/b']\n"},
	    {"etc/containers/containers.conf.d/1.conf",
	     "[engine]\nhooks_dir = ['/c', {append = true}]\n"},
	    {"etc/containers/containers.conf.d/2.conf", "[containers]\nhooks_dir = ['/d']\n"},
	    {"etc/containers/containers.conf.d/3.other", "[engine]\nhooks_dir = ['/e']\n"},
	    {"etc/crio/crio.conf.d/1", "[crio.runtime]\nhooks_dir = [ '/f' ]\n"},
	};
	struct fake_tree tree;
	struct hooks_dirs dirs;
	struct error err = {0};

	fake_tree_make(&tree, files, FAKE_TREE_LEN(files));
	ck_assert_int_eq(hooks_dirs_read(tree.root, HOOKS_PODMAN, &dirs, NULL), 0);
	ck_assert_uint_eq(dirs.len, 3);
	ck_assert_str_eq(dirs.dirs[2], "/c");
	ck_assert_str_eq(dirs.file, "/etc/containers/containers.conf.d/1.conf");
	ck_assert(hooks_dirs_has(&dirs, "/a") && !hooks_dirs_has(&dirs, HOOKS_DIR));
	hooks_dirs_free(&dirs);
	ck_assert_int_eq(hooks_dirs_read(tree.root, HOOKS_CRIO, &dirs, NULL), 0);
	ck_assert_uint_eq(dirs.len, 1);
	ck_assert_str_eq(dirs.dirs[0], "/f");
	hooks_dirs_free(&dirs);
	fake_tree_write(&tree, files[1].path, "[engine]\nhooks_dir = ['/c']\n");
	ck_assert_int_eq(hooks_dirs_read(tree.root, HOOKS_PODMAN, &dirs, NULL), 0);
	ck_assert_uint_eq(dirs.len, 1);
	hooks_dirs_free(&dirs);
	fake_tree_write(&tree, files[1].path, "[engine]\nhooks_dir = [\"\\u0041\"]\n");
	ck_assert_int_eq(hooks_dirs_read(tree.root, HOOKS_PODMAN, &dirs, &err), -EINVAL);
	ck_assert_ptr_nonnull(strstr(err.message, "1.conf:2: an escape"));
	hooks_dirs_free(&dirs);
	fake_tree_remove(&tree);
}
END_TEST

#define CONTAINERD_MAIN "etc/containerd/config.toml"
#define CONTAINERD_DROPIN "etc/containerd/conf.d/oomguard.toml"
#define SPEC "/etc/oomguard/base-spec.json"

static const struct fake_file containerd_files[] = {
    {CONTAINERD_MAIN,
     "version = 2\nimports = [\"/etc/containerd/conf.d/*.toml\"] # ours\n"
     "# BinaryName = \"/opt/oomguard-commented\"\n"
     "note = \"BinaryName = '/opt/oomguard-quoted'\"\nXBinaryName = \"/x/oomguard-x\"\n"},
    {CONTAINERD_DROPIN,
     "version = 2\n[plugins.\"io.containerd.grpc.v1.cri\".containerd.runtimes.oomguard]\n"
     "  runtime_type = \"io.containerd.runc.v2\"\n  base_runtime_spec = \"" SPEC "\"\n"
     "[plugins.\"io.containerd.grpc.v1.cri\".containerd.runtimes.oomguard.options]\n"
     "  BinaryName='" RUNC "'\n"},
    {SPEC + 1, "{\"hooks\": {\"createRuntime\": [{" ENTRY "}, {\"path\": \"/bin/true\"}],"
	       " \"poststop\": [{" ENTRY "}], \"poststart\": null}}"},
};

START_TEST(containerd)
{
	struct fake_tree tree;
	struct engine_facts *facts;

	fake_tree_make(&tree, containerd_files, FAKE_TREE_LEN(containerd_files));
	facts = engines_of(&tree);
	ck_assert_uint_eq(facts->len, 3);
	ck_assert_str_eq(facts->items[2].name, "oomguard");
	ck_assert_str_eq(facts->items[2].program.path, RUNC);
	ck_assert_str_eq(facts->items[2].file, "/" CONTAINERD_DROPIN);
	ck_assert(!facts->items[2].not_read);
	ck_assert_str_eq(facts->items[0].name, "createRuntime");
	ck_assert_str_eq(facts->items[0].file, SPEC);
	ck_assert_str_eq(facts->items[0].program.path, HOOK);
	ck_assert(facts->items[0].is_hook && facts->items[0].has_env &&
		  facts->items[0].has_poststop);
	ck_assert_str_eq(facts->items[1].name, "poststop");
	ck_assert(facts->items[1].has_create);
	free(facts);
	fake_tree_remove(&tree);
}
END_TEST

START_TEST(containerd_without_import)
{
	struct fake_tree tree;
	struct engine_facts *facts;

	fake_tree_make(&tree, containerd_files, FAKE_TREE_LEN(containerd_files));
	fake_tree_write(&tree, CONTAINERD_MAIN, "version = 2\nimports = []\n");
	facts = engines_of(&tree);
	ck_assert_uint_eq(facts->len, 3);
	for (size_t i = 0; i < 3; i++)
		ck_assert(facts->items[i].not_read);
	free(facts);
	/* And where there is no main file at all. */
	ck_assert_int_eq(unlinkat(tree.fd, CONTAINERD_MAIN, 0), 0);
	facts = engines_of(&tree);
	ck_assert_uint_eq(facts->len, 3);
	ck_assert(facts->items[0].not_read);
	free(facts);
	fake_tree_remove(&tree);
}
END_TEST

/* A later file's section of the plugin, and what becomes of the drop-in before it. */
static const struct {
	const char *main, *later;
	bool replaced;
} sections[] = {
    {"version = 2\n", "[plugins.\"io.containerd.grpc.v1.cri\"]\nsandbox_image = 'x'\n", true},
    {"", "plugins = {cri = {}}\n", true},
    {"version = 3\n", "[plugins.\"io.containerd.grpc.v1.cri\"]\nsandbox_image = 'x'\n", false},
    {"version = 2\n", "[plugins.\"io.containerd.internal.v1.opt\"]\npath = '/x'\n", false},
    {"version = 2\n", "version = 2\n[metrics]\naddress = ''\n", false},
};

START_TEST(containerd_section_of_a_later_file)
{
	struct fake_tree tree;
	struct engine_facts *facts;
	char text[256];

	fake_tree_make(&tree, containerd_files, FAKE_TREE_LEN(containerd_files));
	snprintf(text, sizeof(text), "%simports = ['/etc/containerd/conf.d/*.toml']\n",
		 sections[_i].main);
	fake_tree_write(&tree, CONTAINERD_MAIN, text);
	fake_tree_write(&tree, "etc/containerd/conf.d/x.toml", sections[_i].later);
	/* What comes earlier does not matter. */
	fake_tree_write(&tree, "etc/containerd/conf.d/a.toml",
			"[plugins.\"io.containerd.grpc.v1.cri\"]\n");
	facts = engines_of(&tree);
	ck_assert_uint_eq(facts->len, 3);
	for (size_t i = 0; i < facts->len; i++)
		ck_assert_str_eq(facts->items[i].replaced_by,
				 sections[_i].replaced ? "/etc/containerd/conf.d/x.toml" : "");
	free(facts);
	/* The later one names the same hooks: those are in force. */
	fake_tree_write(&tree, "etc/containerd/conf.d/x.toml", containerd_files[1].text);
	facts = engines_of(&tree);
	ck_assert_str_eq(facts->items[facts->len - 1].file, "/etc/containerd/conf.d/x.toml");
	ck_assert_str_eq(facts->items[facts->len - 1].replaced_by, "");
	free(facts);
	fake_tree_remove(&tree);
}
END_TEST

START_TEST(containerd_spec_gone)
{
	struct fake_tree tree;
	struct engine_facts *facts;

	fake_tree_make(&tree, containerd_files, FAKE_TREE_LEN(containerd_files));
	ck_assert_int_eq(unlinkat(tree.fd, SPEC + 1, 0), 0);
	facts = engines_of(&tree);
	ck_assert_uint_eq(facts->len, 2);
	ck_assert_str_eq(facts->items[0].name, "base_runtime_spec");
	ck_assert_int_eq(facts->items[0].program.missing, ENOENT);
	free(facts);
	fake_tree_remove(&tree);
}
END_TEST

/* Whatever a file holds, it is an answer. */
START_TEST(mutilated)
{
	struct fake_tree tree;

	fake_tree_make(&tree, containerd_files, FAKE_TREE_LEN(containerd_files));
	for (size_t file = 0; file < FAKE_TREE_LEN(containerd_files); file++) {
		const char *text = containerd_files[file].text;
		char copy[1024];

		for (size_t at = 0; at < strlen(text); at += 13) {
			snprintf(copy, sizeof(copy), "%.*s", (int)at, text);
			fake_tree_write(&tree, containerd_files[file].path, copy);
			free(engines_of(&tree));
		}
		fake_tree_write(&tree, containerd_files[file].path, text);
	}
	fake_tree_remove(&tree);
}
END_TEST

static const struct fake_file v1_files[] = {
    {"proc/meminfo", "MemTotal:       16384 kB\nSwapTotal:         8 kB\n"},
    {"proc/cgroups", "#subsys_name\thierarchy\tnum_cgroups\tenabled\nmemory\t4\t24\t1\n"},
    {"proc/self/status", "Name:\tx\nCapEff:\t0000000000000003\n"},
    {"proc/sys/kernel/osrelease", "5.10.0\n"},
    {"memory/memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 0\n"},
};

START_TEST(kernel_v1)
{
	struct kernel_facts facts;
	struct fake_tree tree;
	int procfd;

	fake_tree_make(&tree, v1_files, FAKE_TREE_LEN(v1_files));
	fake_tree_mount(&tree, "/", "memory", "cgroup", "rw,memory");
	procfd = fake_tree_open(&tree, "proc");
	facts_kernel(procfd, &facts);
	ck_assert_str_eq(facts.release, "5.10.0");
	ck_assert(facts.has_v1 && !facts.has_v2 && facts.has_memory);
	ck_assert_int_eq(facts.version, CGROUP_V1);
	ck_assert_int_eq(facts.kill_counter, KNOWN_YES);
	ck_assert_int_eq(facts.swap_accounted, KNOWN_NO);
	ck_assert_uint_eq(facts.memcgs, 24);
	ck_assert_uint_eq(facts.mem_total, 16384 * 1024);
	ck_assert(facts.has_swap && !facts.pressure);
	ck_assert_uint_eq(facts.capabilities, 3);
	fake_tree_write(&tree, "memory/memory.oom_control", "oom_kill_disable 0\nunder_oom 0\n");
	fake_tree_write(&tree, "memory/memory.memsw.limit_in_bytes", "1\n");
	facts_kernel(procfd, &facts);
	ck_assert_int_eq(facts.kill_counter, KNOWN_NO);
	ck_assert_int_eq(facts.swap_accounted, KNOWN_YES);
	close(procfd);
	fake_tree_remove(&tree);
}
END_TEST

static const struct fake_file v2_files[] = {
    {"proc/meminfo", "MemTotal:       16384 kB\nSwapTotal:         0 kB\n"},
    {"proc/pressure/memory", "some avg10=0.00 avg60=0.00 avg300=0.00 total=0\n"},
    {"cgroup/cgroup.controllers", "cpu memory pids\n"},
    {"cgroup/cgroup.stat", "nr_descendants 9\nnr_dying_descendants 5\n"},
    {"cgroup/plain/cgroup.procs", ""},
    {"cgroup/plain/cgroup.kill", ""},
    {"cgroup/web/cgroup.procs", ""},
    {"cgroup/web/cgroup.kill", ""},
    {"cgroup/web/memory.events", "low 0\noom 0\noom_kill 0\n"},
    {"cgroup/web/memory.swap.max", "max\n"},
};

START_TEST(kernel_v2)
{
	struct kernel_facts facts;
	struct fake_tree tree;
	int procfd;

	fake_tree_make(&tree, v2_files, FAKE_TREE_LEN(v2_files));
	fake_tree_mount(&tree, "/", "cgroup", "cgroup2", "rw");
	procfd = fake_tree_open(&tree, "proc");
	facts_kernel(procfd, &facts);
	ck_assert(!facts.has_v1 && facts.has_v2 && facts.has_memory);
	ck_assert_int_eq(facts.version, CGROUP_V2);
	ck_assert_int_eq(facts.kill_counter, KNOWN_YES);
	ck_assert_int_eq(facts.swap_accounted, KNOWN_YES);
	ck_assert_int_eq(facts.oom_group, KNOWN_NO);
	ck_assert_int_eq(facts.cgroup_kill, KNOWN_YES);
	ck_assert_uint_eq(facts.memcgs, 9 + 1 + 5);
	ck_assert(facts.pressure && !facts.has_swap);
	fake_tree_remove_dir(&tree, "cgroup/web");
	facts_kernel(procfd, &facts);
	ck_assert_int_eq(facts.kill_counter, KNOWN_NOT);
	ck_assert_int_eq(facts.swap_accounted, KNOWN_NOT);
	ck_assert_int_eq(facts.cgroup_kill, KNOWN_YES);
	close(procfd);
	fake_tree_remove(&tree);
}
END_TEST

START_TEST(kernel_unknown)
{
	struct kernel_facts facts;
	struct fake_tree tree;
	int procfd;

	fake_tree_make(&tree, (struct fake_file[]){{"proc/self", NULL}}, 1);
	procfd = fake_tree_open(&tree, "proc");
	facts_kernel(procfd, &facts);
	ck_assert(!facts.has_memory && !facts.mem_total && !facts.memcgs && !facts.capabilities);
	close(procfd);
	fake_tree_remove(&tree);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("doctor_facts");
	TCase *engines = tcase_create("engines"), *kernel = tcase_create("kernel");

	tcase_add_test(engines, no_engine);
	tcase_add_test(engines, hooks_d);
	tcase_add_loop_test(engines, hooks_dir_of_the_engine, 0, FAKE_TREE_LEN(hooks_dir));
	tcase_add_test(engines, hooks_dir_of_two_files);
	tcase_add_test(engines, containerd);
	tcase_add_test(engines, containerd_without_import);
	tcase_add_test(engines, containerd_spec_gone);
	tcase_add_loop_test(engines, containerd_section_of_a_later_file, 0,
			    FAKE_TREE_LEN(sections));
	tcase_add_test(engines, mutilated);
	suite_add_tcase(suite, engines);
	tcase_add_test(kernel, kernel_v1);
	tcase_add_test(kernel, kernel_v2);
	tcase_add_test(kernel, kernel_unknown);
	suite_add_tcase(suite, kernel);
	return unit_run(suite);
}
