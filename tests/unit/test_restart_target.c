/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "restart_target.h"
#include "unit.h"

#define AUTO RESTART_VIA_AUTO
#define BY_RUNTIME RESTART_VIA_RUNTIME
#define BY_MANAGER RESTART_VIA_MANAGER

/* A command line for a container "box" of bundle /srv/b in the state root /run/r. */
static const struct row {
	const char *what;
	enum restart_via via;
	const char *words;   /* NULL: no runtime that we know */
	const char *manager; /* "" nobody known */
	const char *flags;   /* r: runtime not allowed, s: no state dir, S: no root, t: terminal,
				d: start directory not known, b: no bundle */
	const char *told;    /* way, and what the reason must say */
	const char *run;     /* the rerun's words, NULL for none */
} rows[] = {
    {"runc run -d", AUTO, "runc run -d -b b box", "", "", "runtime `runc run -d` started it",
     "/usr/sbin/runc --root=/run/r run -d --bundle=/srv/b box"},
    {"crun run -d", AUTO, "crun run -db b box", "", "", "runtime `crun run -d` started it",
     "/usr/sbin/runc --root=/run/r run -d --bundle=/srv/b box"},
    {"all that can be repeated", AUTO,
     "runc --debug --log /l --rootless=false --systemd-cgroup run -d --pid-file /p --no-pivot "
     "--no-new-keyring box",
     "", "", "runtime started it",
     "/usr/sbin/runc --root=/run/r --debug --rootless=false --systemd-cgroup --log=/l run -d "
     "--bundle=/srv/b --pid-file=/p --no-pivot --no-new-keyring box"},
    {"relative files", AUTO, "runc --log l run -d --pid-file p box", "", "", "runtime started",
     "/usr/sbin/runc --root=/run/r --log=/start/l run -d --bundle=/srv/b "
     "--pid-file=/start/p box"},
    {"crun's kinds of logs", AUTO, "crun --log=file:l run -d box", "", "", "runtime started",
     "/usr/sbin/runc --root=/run/r --log=/start/l run -d --bundle=/srv/b box"},
    {"crun logs to the journal", AUTO, "crun --log=journald:x run -d box", "", "d",
     "runtime started", "/usr/sbin/runc --root=/run/r --log=journald:x run -d --bundle=/srv/b box"},
    {"foreground", AUTO, "runc run box", "", "", "none foreground", NULL},
    {"foreground with --keep", AUTO, "runc run --keep box", "", "", "none foreground", NULL},
    {"terminal", AUTO, "runc run -d box", "", "t", "none terminal", NULL},
    {"console socket", AUTO, "runc run -d --console-socket /s box", "", "", "none terminal", NULL},
    {"preserved files", AUTO, "runc run -d --preserve-fds 1 box", "", "", "none --preserve-fds",
     NULL},
    {"no preserved files", AUTO, "runc run -d --preserve-fds 0 box", "", "", "runtime started",
     "/usr/sbin/runc --root=/run/r run -d --bundle=/srv/b box"},
    {"unknown option", AUTO, "runc run -d --wonder box", "", "", "none option", NULL},
    {"another config", AUTO, "crun run -d -f c box", "", "", "none option", NULL},
    {"create", AUTO, "runc create box", "", "", "none another program", NULL},
    {"start", AUTO, "runc start box", "", "", "none not started by `run`", NULL},
    {"restore", AUTO, "runc restore -d box", "", "", "none not started by `run`", NULL},
    {"no runtime", AUTO, NULL, "", "", "none neither runc nor crun", NULL},
    {"another id", AUTO, "runc run -d other", "", "", "none another container", NULL},
    {"runtime not allowed", AUTO, "runc run -d box", "", "r", "none `runtimes`", NULL},
    {"no state", AUTO, "runc run -d box", "", "s", "none was not found", NULL},
    {"no root", AUTO, "runc run -d box", "", "S", "none was not found", NULL},
    {"no bundle", AUTO, "runc run -d box", "", "b", "none bundle", NULL},
    {"relative pid file from nowhere", AUTO, "runc run -d --pid-file p box", "", "d",
     "none --pid-file", NULL},
    {"relative log from nowhere", AUTO, "runc --log l run -d box", "", "d", "none --log", NULL},
    {"a manager is known", AUTO, "runc create box", "podman", "", "manager podman", NULL},
    {"a manager comes before the runtime", AUTO, "runc run -d box", "kubernetes", "",
     "manager kubernetes", NULL},
    {"declared: runtime", BY_RUNTIME, "runc run -d box", "docker", "", "runtime started",
     "/usr/sbin/runc --root=/run/r run -d --bundle=/srv/b box"},
    {"declared: runtime, not possible", BY_RUNTIME, "runc create box", "docker", "",
     "manager left to docker", NULL},
    {"declared: runtime, nobody", BY_RUNTIME, "runc create box", "", "", "none another program",
     NULL},
    {"declared: manager", BY_MANAGER, "runc run -d box", "", "", "manager a manager", NULL},
    {"declared: manager, known", BY_MANAGER, "runc run -d box", "podman", "", "manager podman",
     NULL},
};

/* The first word of `told` is the way, the rest is part of the reason. */
static bool tells(const struct restart_plan *plan, const char *told)
{
	static const char *const ways[] = {"none", "runtime", "manager"};
	size_t len = strlen(ways[plan->way]);

	return !strncmp(told, ways[plan->way], len) && told[len] == ' ' &&
	       strstr(plan->why, told + len + 1);
}

static void joined(char *const *argv, char *buf, size_t cap)
{
	size_t n = 0;

	buf[0] = '\0';
	for (; argv && *argv; argv++)
		n += (size_t)snprintf(buf + n, cap - n, "%s%s", n ? " " : "", *argv);
}

static void free_argv(char **argv)
{
	for (size_t i = 0; argv && argv[i]; i++)
		free(argv[i]);
	free(argv);
}

static void free_plan(struct restart_plan *plan)
{
	free_argv(plan->argv);
	free_argv(plan->delete_argv);
	free(plan->why);
	free(plan->state_dir);
}

static void parse_words(const char *words, struct runtime_cmd *cmd)
{
	char text[512];
	size_t len = strlen(words) + 1;

	memcpy(text, words, len);
	for (char *at = text; *at; at++)
		if (*at == ' ')
			*at = '\0';
	ck_assert_int_eq(runtime_cmd_parse(text, len, cmd, NULL), 0);
}

static void decide(const struct row *row, struct restart_plan *plan)
{
	const struct identity id = {
	    .id = (char *)"box",
	    .bundle = (char *)(strchr(row->flags, 'b') ? "" : "/srv/b"),
	    .runtime_root = (char *)(strchr(row->flags, 'S') ? "" : "/run/r"),
	    .manager = row->manager,
	};
	struct runtime_cmd cmd = {0};
	const struct restart_facts facts = {
	    .via = row->via,
	    .id = &id,
	    .cmd = row->words ? &cmd : NULL,
	    .runtime = strchr(row->flags, 'r') ? NULL : "/usr/sbin/runc",
	    .start_dir = strchr(row->flags, 'd') ? NULL : "/start",
	    .state_dir_stands = !strchr(row->flags, 's'),
	    .terminal = strchr(row->flags, 't') != NULL,
	};

	if (row->words)
		parse_words(row->words, &cmd);
	ck_assert_int_eq(restart_target(&facts, plan, NULL), 0);
	runtime_cmd_free(&cmd);
}

START_TEST(target)
{
	const struct row *row = &rows[_i];
	struct restart_plan plan;
	char run[512];

	decide(row, &plan);
	ck_assert_msg(tells(&plan, row->told), "%s: way %d, %s", row->what, plan.way, plan.why);
	joined(plan.argv, run, sizeof(run));
	ck_assert_msg(!strcmp(run, row->run ? row->run : ""), "%s: %s", row->what, run);
	ck_assert_msg(!plan.argv == !plan.delete_argv, "%s", row->what);
	free_plan(&plan);
}
END_TEST

START_TEST(delete_command)
{
	const struct row row = {"", AUTO, "runc --log /l --debug run -d box", "", "", "", ""};
	struct restart_plan plan;
	char words[512];

	decide(&row, &plan);
	joined(plan.delete_argv, words, sizeof(words));
	ck_assert_str_eq(words, "/usr/sbin/runc --root=/run/r --debug --log=/l delete box");
	ck_assert_str_eq(plan.state_dir, "/run/r/box");
	free_plan(&plan);
}
END_TEST

START_TEST(an_id_is_never_an_option)
{
	static const char words[] = "runc\0run\0-d\0--\0--bundle=/etc";
	const struct identity id = {
	    .id = (char *)"--bundle=/etc",
	    .bundle = (char *)"/srv/b",
	    .runtime_root = (char *)"/run/r",
	    .manager = "",
	};
	struct restart_plan plan;
	struct runtime_cmd cmd;
	struct restart_facts facts = {
	    .via = BY_RUNTIME,
	    .id = &id,
	    .cmd = &cmd,
	    .runtime = "/usr/sbin/runc",
	    .state_dir_stands = true,
	};

	ck_assert_int_eq(runtime_cmd_parse(words, sizeof(words), &cmd, NULL), 0);
	ck_assert_int_eq(restart_target(&facts, &plan, NULL), 0);
	ck_assert_int_eq(plan.way, RESTART_NONE);
	ck_assert_ptr_null(plan.argv);
	ck_assert_ptr_nonnull(strstr(plan.why, "dash"));
	free_plan(&plan);
	runtime_cmd_free(&cmd);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("restart_target");
	TCase *tests = tcase_create("restart_target");

	tcase_add_loop_test(tests, target, 0, sizeof(rows) / sizeof(rows[0]));
	tcase_add_test(tests, delete_command);
	tcase_add_test(tests, an_id_is_never_an_option);
	suite_add_tcase(suite, tests);
	return unit_run(suite);
}
