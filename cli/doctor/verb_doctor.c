/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "checks.h"
#include "cleanup.h"
#include "config.h"
#include "disabled.h"
#include "escape.h"
#include "facts_containers.h"
#include "incident.h"
#include "policy_load.h"
#include "verbs.h"

#define CHECK_WIDTH 13

static const char help[] =
    "Usage: oomguard doctor [--json]\n"
    "Says whether oomguard works here: the kernel, our programs and policy, the registrations\n"
    "with engines, each guarded container. One line for each finding: ok, warn or fail, what it\n"
    "is about, what was found, and behind \"->\" what to do. Nothing is changed.\n"
    "\n"
    "  warn  something is less than it could be\n"
    "  fail  a container is not guarded, or would not start\n"
    "\n"
    "Exit status: 0 nothing failed, 1 something did, 2 wrong usage.\n"
    "\n"
    "Example:\n"
    "  oomguard doctor | grep -v ^ok\n";

/* And what follows from it for the wrappers that engines name. */
static void read_policy(struct doctor_facts *facts)
{
	struct policy_problems problems = {0};
	struct policy_document doc = {0};
	struct error err = {0};

	snprintf(facts->policy.file, sizeof(facts->policy.file), "%s", OOMGUARD_POLICY_FILE);
	facts->policy.valid = policy_load(NULL, &doc, &problems, &err) == 0;
	/* As the wrapper does it. */
	facts_wrappers(facts->policy.valid ? &doc.host : &host_policy_builtin, &facts->engines);
	facts->policy.built_in = facts->policy.valid && !doc.root;
	facts->policy.warnings = facts->policy.valid ? problems.len : 0;
	snprintf(facts->policy.problem, sizeof(facts->policy.problem), "%s",
		 facts->policy.warnings ? problems.items[0].error.message : err.message);
	policy_document_free(&doc);
	policy_problems_free(&problems);
}

static void read_place(const char *path, int r, const struct error *err, struct place_facts *out)
{
	struct statvfs space;

	snprintf(out->path, sizeof(out->path), "%s", path);
	out->missing = r == -ENOENT;
	if (r < 0 && r != -ENOENT) {
		out->failed = -r;
		snprintf(out->why, sizeof(out->why), "%s", err->message);
		return;
	}
	out->space_known = statvfs(path, &space) == 0;
	if (!out->space_known)
		return;
	out->space = (uint64_t)space.f_bavail * space.f_frsize;
	/* File systems without a bound on files say 0 of 0. */
	out->inodes = space.f_files ? space.f_favail : UINT64_MAX;
}

/* The state, the records beside it, and the containers. */
static int read_state(const struct cli *cli, int procfd, struct doctor_facts *facts)
{
	struct state_root root = {.dirfd = -1, .containers = -1};
	struct error err = {0}, records = {0};
	int r = state_root_open(cli->root, false, &root, &err), fd, done = 0;

	if (r < 0) {
		int paths = state_root_paths(cli->root, &root, &records);

		read_place(paths < 0 ? "the state" : root.path, r, &err, &facts->state);
	} else {
		read_place(root.path, 0, NULL, &facts->state);
		done = facts_containers(&root, procfd, facts);
	}
	if (root.incidents_path) {
		fd = incidents_open(root.incidents_path, false, &records);
		read_place(root.incidents_path, fd, &records, &facts->records);
		if (fd >= 0)
			close(fd);
	}
	state_root_close(&root);
	return done;
}

static void read_service(struct doctor_facts *facts)
{
	static const char wants[] = "/etc/systemd/system/";
	char path[128];
	struct stat st;

	/* sd_booted(3) */
	facts->service.systemd = lstat("/run/systemd/system", &st) == 0;
	snprintf(path, sizeof(path), "%smulti-user.target.wants/oomguard.service", wants);
	facts->service.unit_enabled = lstat(path, &st) == 0;
	snprintf(path, sizeof(path), "%stimers.target.wants/oomguard-recover.timer", wants);
	facts->service.timer_enabled = lstat(path, &st) == 0;
}

static int read_facts(const struct cli *cli, struct doctor_facts *facts, struct error *err)
{
	cleanup_close int procfd = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int r;

	if (procfd < 0)
		return error_set(err, errno, "open /proc");
	facts_kernel(procfd, &facts->kernel);
	facts_engines("", &facts->engines);
	facts_named_file("", OOMGUARD_HOOK_PATH, &facts->hook);
	facts_named_file("", OOMGUARD_SHIM_PATH, &facts->shim);
	disabled(cli->root, facts->switched_off);
	read_policy(facts);
	read_service(facts);
	r = read_state(cli, procfd, facts);
	return r < 0 ? error_set(err, -r, "read the state of the containers") : 0;
}

static void fill(struct jsonw *w, const void *context)
{
	const struct findings *findings = context;

	jsonw_object(w);
	jsonw_kv_int(w, "version", CLI_JSON_VERSION);
	for (int level = 0; level < FINDING_LEVELS; level++)
		jsonw_kv_uint(w, finding_level_name((enum finding_level)level),
			      findings->count[level]);
	jsonw_key(w, "findings");
	jsonw_array(w);
	for (size_t i = 0; i < findings->len; i++) {
		const struct finding *finding = &findings->items[i];

		jsonw_object(w);
		jsonw_kv_string(w, "level", finding_level_name(finding->level));
		jsonw_kv_string(w, "check", finding->check);
		jsonw_kv_string(w, "text", finding->text);
		jsonw_kv_string(w, "remedy", finding->remedy);
		jsonw_object_end(w);
	}
	jsonw_array_end(w);
	jsonw_object_end(w);
}

/* Never cut: the remedy stands at the end. */
static void print(const struct cli *cli, const struct findings *findings)
{
	static const enum cli_color colors[] = {CLI_GREEN, CLI_YELLOW, CLI_RED};
	char escaped[4096];

	for (size_t i = 0; i < findings->len; i++) {
		const struct finding *finding = &findings->items[i];

		printf("%s%-4s%s  %-*s %s", cli_color(cli, colors[finding->level]),
		       finding_level_name(finding->level), cli_color(cli, CLI_PLAIN), CHECK_WIDTH,
		       finding->check, escape_terminal(finding->text, escaped, sizeof(escaped)));
		if (finding->remedy)
			printf(" -> %s%s%s", cli_color(cli, CLI_BOLD),
			       escape_terminal(finding->remedy, escaped, sizeof(escaped)),
			       cli_color(cli, CLI_PLAIN));
		putchar('\n');
	}
}

int verb_doctor(const struct cli *cli, int argc, char **argv)
{
	cleanup_free struct doctor_facts *facts = calloc(1, sizeof(*facts));
	struct findings findings = {0};
	struct error err = {0};
	int exit_code;

	if (!cli_takes_nothing(help, argc, argv, &exit_code))
		return exit_code;
	if (!facts)
		return error_set(&err, ENOMEM, "doctor"), cli_failed(&err);
	if (read_facts(cli, facts, &err) < 0) {
		exit_code = cli_failed(&err);
	} else {
		checks_run(facts, &findings);
		if (cli->json)
			exit_code = cli_json(fill, &findings);
		else
			print(cli, &findings);
		if (exit_code == CLI_DONE && findings.count[FINDING_FAIL])
			exit_code = CLI_FAILED;
		exit_code = cli_finish(exit_code);
	}
	findings_free(&findings);
	facts_containers_free(facts);
	return exit_code;
}
