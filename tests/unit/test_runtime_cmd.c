/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cleanup.h"
#include "runtime_cmd.h"
#include "unit.h"

/* A command line as people write it, and all that is read from it as one line of text. */
struct line {
	const char *words; /* divided by one blank; "''" is an empty word */
	const char *told;
};

static size_t as_cmdline(const char *words, char *buf)
{
	size_t len = 0;

	for (const char *at = words; *at;) {
		size_t n = strcspn(at, " ");

		if (n != 2 || strncmp(at, "''", 2)) {
			memcpy(buf + len, at, n);
			len += n;
		}
		buf[len++] = '\0';
		at += n;
		at += *at == ' ';
	}
	return len;
}

static void tell(const struct runtime_cmd *cmd, char *buf, size_t cap)
{
	static const char *const verbs[] = {"other",  "run",	 "create", "start",
					    "delete", "restore", "show"};
	int n = snprintf(buf, cap, "%s %s", cmd->name, verbs[cmd->verb]);

#define TELL(...) n += snprintf(buf + n, cap - (size_t)n, __VA_ARGS__)
	if (cmd->id)
		TELL(" id=%s", cmd->id);
	if (cmd->root)
		TELL(" root=%s", cmd->root);
	if (cmd->bundle)
		TELL(" bundle=%s", cmd->bundle);
	if (cmd->pid_file)
		TELL(" pid=%s", cmd->pid_file);
	if (cmd->log)
		TELL(" log=%s", cmd->log);
	for (size_t i = 0; i < cmd->globals_len; i++)
		TELL(" %s", cmd->globals[i]);
	TELL("%s%s%s%s%s%s", cmd->detach ? " detach" : "", cmd->keep ? " keep" : "",
	     cmd->no_pivot ? " no-pivot" : "", cmd->no_new_keyring ? " no-keyring" : "",
	     cmd->console_socket ? " console" : "", cmd->preserve_fds ? " fds" : "");
	if (cmd->unknown_option)
		TELL(" unknown=%s", cmd->unknown_option);
#undef TELL
}

static const struct line runc_lines[] = {
    {"runc run -d -b b t1", "runc run id=t1 bundle=b detach"},
    {"/usr/sbin/runc run t1", "runc run id=t1"},
    {"runc --root /r run --bundle=/b --detach t1", "runc run id=t1 root=/r bundle=/b detach"},
    {"runc -root=/r run -bundle /b -detach t1", "runc run id=t1 root=/r bundle=/b detach"},
    {"runc run -d=true t1", "runc run id=t1 detach"},
    {"runc run -d -detach=false t1", "runc run id=t1"},
    {"runc run --detach=F t1", "runc run id=t1"},
    {"runc run t1 -d", "runc run id=t1 detach"},
    {"runc run -d -- -x", "runc run id=-x detach"},
    {"runc run -d -- --bundle=/etc", "runc run id=--bundle=/etc detach"},
    {"runc run -d --pid-file p --no-pivot --no-new-keyring t",
     "runc run id=t pid=p detach no-pivot no-keyring"},
    {"runc run -d --no-subreaper t", "runc run id=t detach"},
    {"runc run --keep t", "runc run id=t keep"},
    {"runc run -d --console-socket /s t", "runc run id=t detach console"},
    {"runc run -d --preserve-fds 2 t", "runc run id=t detach fds"},
    {"runc run t --pidfd-socket /s", "runc run id=t unknown=--pidfd-socket"},
    {"runc --cgroup-manager x run t", "runc other unknown=--cgroup-manager"},
    {"runc run -d --preserve-fds=0 t", "runc run id=t detach"},
    {"runc --debug --log /l --log-format json --systemd-cgroup --rootless=auto run -d t",
     "runc run id=t log=/l --debug --log-format=json --systemd-cgroup --rootless=auto detach"},
    {"runc --debug=false run -d t", "runc run id=t detach"},
    {"runc --criu /tmp/evil run -d t", "runc run id=t detach"},
    {"runc run -d --det t", "runc run id=t detach unknown=--det"},
    {"runc run -db b t", "runc run id=t unknown=-db"},
    {"runc run --new=5 -d t", "runc run id=t detach unknown=--new"},
    {"runc --root /run/containerd/runc/k8s.io --log /l --log-format json create --bundle /b "
     "--pid-file /p abc",
     "runc create id=abc root=/run/containerd/runc/k8s.io bundle=/b pid=/p log=/l "
     "--log-format=json"},
    {"runc start t", "runc start id=t"},
    {"runc delete -f t", "runc delete id=t"},
    {"runc delete --force t", "runc delete id=t"},
    {"runc restore -d --image-path /i t", "runc restore"},
    {"runc kill t KILL", "runc other"},
    {"runc state t", "runc show"},
    {"runc ps --format json t", "runc show"},
    {"docker-runc run -d t", "docker-runc run id=t detach"},
    {"runc-1.1 run -d t", "runc-1.1 run id=t detach"},
    {"runc run -d -b '' t", "runc run id=t bundle= detach"},
    {"runc run -d ''", "runc run id= detach"},
    {"runc run -d -", "runc run id=- detach"},
    {"runc run -d", "runc run detach"},
};

static const struct line crun_lines[] = {
    {"crun run -d -b b t2", "crun run id=t2 bundle=b detach"},
    {"crun run -db b t2", "crun run id=t2 bundle=b detach"},
    {"crun run -dbb t2", "crun run id=t2 bundle=b detach"},
    {"crun run -bb -d t2", "crun run id=t2 bundle=b detach"},
    {"crun run --det --bun=b t2", "crun run id=t2 bundle=b detach"},
    {"crun run --bun b t2 -d", "crun run id=t2 bundle=b detach"},
    {"crun run --no-p --no-n --d t", "crun run id=t detach no-pivot no-keyring"},
    {"crun run --no- t", "crun run id=t unknown=--no-"},
    {"crun run -d -- -x", "crun run id=-x detach"},
    {"crun run -d -x t", "crun run id=t detach unknown=-x"},
    {"crun run -dx t", "crun run id=t detach unknown=-dx"},
    {"crun run -f other.json -d t", "crun run id=t detach unknown=-f"},
    {"crun run --config=other.json -d t", "crun run id=t detach unknown=--config"},
    {"crun run --detach=no t", "crun run id=t unknown=--detach"},
    {"crun --root=/r --cgroup-manager=cgroupfs --debug run -d t",
     "crun run id=t root=/r --cgroup-manager=cgroupfs --debug detach"},
    {"crun --ro=/x run t", "crun run id=t root=/x"},
    {"crun --roo /x run t", "crun run id=t root=/x"},
    {"crun --rootl=auto run t", "crun run id=t --rootless=auto"},
    {"crun --c cgroupfs run t", "crun run id=t --cgroup-manager=cgroupfs"},
    {"crun --criu x run t", "crun other unknown=--criu"},
    {"crun --program-name X run --prog Y t", "crun run id=t"},
    {"crun --log-f json --log file:/l run t", "crun run id=t log=file:/l --log-format=json"},
    {"/usr/bin/crun --systemd-cgroup create --bundle /b --pid-file /p x",
     "crun create id=x bundle=/b pid=/p --systemd-cgroup"},
    {"crun delete -f t2", "crun delete id=t2"},
    {"crun delete -fr t2", "crun delete id=t2"},
    {"crun delete --for t2", "crun delete id=t2"},
    {"crun start t2", "crun start id=t2"},
};

static void expect(const struct line *line)
{
	struct runtime_cmd cmd;
	struct error err = {0};
	char words[2048], told[2048];
	size_t len = as_cmdline(line->words, words);
	int r = runtime_cmd_parse(words, len, &cmd, &err);

	ck_assert_msg(r == 0, "%s: %s", line->words, err.message);
	tell(&cmd, told, sizeof(told));
	ck_assert_msg(!strcmp(told, line->told), "%s\n  told:   %s\n  wanted: %s", line->words,
		      told, line->told);
	runtime_cmd_free(&cmd);
}

START_TEST(runc_line)
{
	expect(&runc_lines[_i]);
}
END_TEST

START_TEST(crun_line)
{
	expect(&crun_lines[_i]);
}
END_TEST

START_TEST(refused_lines)
{
	static const char *const lines[] = {
	    "",
	    "runc",
	    "sh -c runc",
	    "runc --root",
	    "runc run -b",
	    "crun run -b",
	    "crun run --pid-file",
	    "runsc run -d t",
	    "/usr/bin/conmon run t",
	    "runc --",
	    "''",
	};

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		struct runtime_cmd cmd;
		struct error err = {0};
		char words[256];
		size_t len = as_cmdline(lines[i], words);

		ck_assert_msg(runtime_cmd_parse(words, len, &cmd, &err) == -EINVAL, "%s", lines[i]);
		ck_assert(err.message[0]);
		ck_assert_ptr_null(cmd.name);
	}
}
END_TEST

/* It is known what was asked for, also where the rest cannot be read. */
START_TEST(the_verb_of_a_refused_line)
{
	struct runtime_cmd cmd;

	ck_assert_int_eq(runtime_cmd_parse("runc\0create\0-b", 15, &cmd, NULL), -EINVAL);
	ck_assert_int_eq(cmd.verb, RUNTIME_CREATE);
	ck_assert_ptr_null(cmd.name);
}
END_TEST

START_TEST(too_many_words_and_globals)
{
	struct runtime_cmd cmd;
	char words[8192] = "runc";
	size_t len = 5;

	for (int i = 0; i < 40; i++, len += 8)
		memcpy(words + len, "--debug", 8);
	memcpy(words + len, "run\0-d\0t", 9);
	ck_assert_int_eq(runtime_cmd_parse(words, len + 9, &cmd, NULL), 0);
	ck_assert_uint_eq(cmd.globals_len, RUNTIME_ARGS_MAX);
	ck_assert_str_eq(cmd.unknown_option, "--debug");
	runtime_cmd_free(&cmd);
	memset(words + 5, 0, sizeof(words) - 5);
	ck_assert_int_eq(runtime_cmd_parse(words, sizeof(words), &cmd, NULL), -EINVAL);
}
END_TEST

/* A command line that lacks its last NUL, as a process that changed its title may leave. */
START_TEST(no_nul_at_the_end)
{
	struct runtime_cmd cmd;

	ck_assert_int_eq(runtime_cmd_parse("runc\0run\0-d\0tx", 13, &cmd, NULL), 0);
	ck_assert_str_eq(cmd.id, "t");
	runtime_cmd_free(&cmd);
}
END_TEST

START_TEST(start_directory)
{
	static const struct {
		const char *given, *bundle, *start;
	} cases[] = {
	    {NULL, "/tmp/h/b", "/tmp/h/b"}, {".", "/tmp/h/b", "/tmp/h/b"},
	    {"b", "/tmp/h/b", "/tmp/h"},    {"./b/", "/tmp/h/b", "/tmp/h"},
	    {"h/b", "/tmp/h/b", "/tmp"},    {"../b", "/tmp/h/b", NULL},
	    {"/tmp/h/b", "/tmp/h/b", NULL}, {"c", "/tmp/h/b", NULL},
	    {"b", "/tmp/hb", NULL},	    {"a//b", "/tmp/a/b", NULL},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct runtime_cmd cmd = {.bundle = (char *)cases[i].given};
		cleanup_free char *start = NULL;

		ck_assert_int_eq(runtime_start_dir(&cmd, cases[i].bundle, &start, NULL), 0);
		if (cases[i].start)
			ck_assert_pstr_eq(start, cases[i].start);
		else
			ck_assert_ptr_null(start);
	}
}
END_TEST

static void root_is(struct runtime_cmd cmd, const char *cwd, const char *rootless,
		    const char *wanted)
{
	cleanup_free char *root = NULL;
	int r = runtime_root(&cmd, cwd, rootless, "box", &root, NULL);

	if (!wanted) {
		ck_assert_int_eq(r, -ENOENT);
		ck_assert_ptr_null(root);
		return;
	}
	ck_assert_int_eq(r, 0);
	ck_assert_str_eq(root, wanted);
}

START_TEST(state_root)
{
	char dir[] = "/tmp/oomguard-test-XXXXXX", path[128], wanted[128];

	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/r", dir);
	mkdir(path, 0700);
	strcat(path, "/box");
	mkdir(path, 0700);
	snprintf(wanted, sizeof(wanted), "%s/r", dir);
	root_is((struct runtime_cmd){.name = (char *)"runc"}, NULL, NULL, "/run/runc");
	root_is((struct runtime_cmd){.is_crun = true}, NULL, NULL, "/run/crun");
	root_is((struct runtime_cmd){.is_crun = true}, NULL, "/run/user/1", "/run/user/1/crun");
	root_is((struct runtime_cmd){.root = (char *)"/r"}, NULL, "/run/user/1", "/r");
	root_is((struct runtime_cmd){.root = (char *)"r"}, dir, NULL, wanted);
	root_is((struct runtime_cmd){.root = (char *)"q"}, dir, NULL, NULL);
	root_is((struct runtime_cmd){.root = (char *)"r"}, NULL, NULL, NULL);
	rmdir(path);
	root_is((struct runtime_cmd){.root = (char *)"r"}, dir, NULL, NULL);
	rmdir(wanted);
	rmdir(dir);
}
END_TEST

/* A /proc of our own with one process 7. */
struct fake_proc {
	char dir[64];
	int fd;
};

static void fake_proc_make(struct fake_proc *fake, const char *words, const char *exe)
{
	char cmdline[512];
	size_t len = as_cmdline(words, cmdline);
	int fd;

	strcpy(fake->dir, "/tmp/oomguard-test-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(fake->dir));
	fake->fd = open(fake->dir, O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_eq(mkdirat(fake->fd, "7", 0700), 0);
	fd = openat(fake->fd, "7/cmdline", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	ck_assert_int_eq(write(fd, cmdline, len), (ssize_t)len);
	close(fd);
	ck_assert_int_eq(symlinkat(exe, fake->fd, "7/exe"), 0);
	ck_assert_int_eq(symlinkat("/where", fake->fd, "7/cwd"), 0);
}

static void fake_proc_remove(struct fake_proc *fake)
{
	unlinkat(fake->fd, "7/cmdline", 0);
	unlinkat(fake->fd, "7/exe", 0);
	unlinkat(fake->fd, "7/cwd", 0);
	unlinkat(fake->fd, "7", AT_REMOVEDIR);
	close(fake->fd);
	rmdir(fake->dir);
}

/* /bin/cat and /bin/true stand for runtimes: what counts is which file the exe link leads to. */
/* Help and version make no container, wherever they are asked for. */
START_TEST(what_only_says)
{
	static const struct {
		const char *word[5];
		bool says;
	} lines[] = {
	    {{"runc", "create", "web", "--help"}, true},
	    {{"runc", "run", "-h", "web"}, true},
	    {{"runc", "--version", "create", "web"}, true},
	    {{"runc", "create", "--help=false", "web"}, false},
	    {{"runc", "create", "web"}, false},
	    {{"crun", "create", "--help", "web"}, true},
	    {{"crun", "run", "--usage", "web"}, true},
	    {{"crun", "-V", "run", "web"}, true},
	    {{"crun", "run", "web"}, false},
	};

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		struct runtime_cmd cmd;
		struct error err = {0};
		size_t len = 0;

		while (lines[i].word[len])
			len++;
		ck_assert_msg(runtime_cmd_parse_words(lines[i].word, len, &cmd, &err) == 0,
			      "line %zu: %s", i, err.message);
		ck_assert_msg(cmd.only_says == lines[i].says, "line %zu", i);
		runtime_cmd_free(&cmd);
	}
}
END_TEST

START_TEST(which_runtime_runs)
{
	static const char *const allowed[] = {"/bin/cat", "/opt/x/crun", "/usr/bin/crun"};
	static const struct {
		const char *words, *exe, *found;
	} cases[] = {
	    {"runc run t", "/bin/cat", "/bin/cat"},
	    {"crun run t", "/", "/opt/x/crun"},
	    {"crun run t", "/memfd:crun (deleted)", "/opt/x/crun"},
	    {"/usr/bin/crun run t", "/", "/usr/bin/crun"},
	    {"/tmp/crun run t", "/", NULL},
	    {"crun run t", "/bin/true", NULL},
	    {"./crun run t", "/", NULL},
	    {"runc run t", "/", NULL},
	    {"crun run t", "/opt/x/crun (deleted)", "/opt/x/crun"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		cleanup_free char *exe = NULL, *cwd = NULL;
		struct fake_proc fake;
		struct runtime_cmd cmd;

		fake_proc_make(&fake, cases[i].words, cases[i].exe);
		ck_assert_int_eq(runtime_cmd_read(fake.fd, 7, allowed, 3, &cmd, &exe, &cwd, NULL),
				 0);
		ck_assert_pstr_eq(exe, cases[i].found);
		ck_assert_str_eq(cwd, "/where");
		runtime_cmd_free(&cmd);
		fake_proc_remove(&fake);
	}
}
END_TEST

START_TEST(parent_is_gone)
{
	cleanup_free char *exe = NULL, *cwd = NULL;
	struct fake_proc fake;
	struct runtime_cmd cmd;
	struct error err = {0};

	fake_proc_make(&fake, "runc run t", "/bin/cat");
	ck_assert_int_eq(runtime_cmd_read(fake.fd, 8, NULL, 0, &cmd, &exe, &cwd, &err), -ENOENT);
	ck_assert_ptr_null(exe);
	fake_proc_remove(&fake);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("runtime_cmd");
	TCase *tests = tcase_create("runtime_cmd");

	tcase_add_loop_test(tests, runc_line, 0, sizeof(runc_lines) / sizeof(runc_lines[0]));
	tcase_add_loop_test(tests, crun_line, 0, sizeof(crun_lines) / sizeof(crun_lines[0]));
	tcase_add_test(tests, refused_lines);
	tcase_add_test(tests, the_verb_of_a_refused_line);
	tcase_add_test(tests, too_many_words_and_globals);
	tcase_add_test(tests, no_nul_at_the_end);
	tcase_add_test(tests, start_directory);
	tcase_add_test(tests, state_root);
	tcase_add_test(tests, what_only_says);
	tcase_add_test(tests, which_runtime_runs);
	tcase_add_test(tests, parent_is_gone);
	suite_add_tcase(suite, tests);
	return unit_run(suite);
}
