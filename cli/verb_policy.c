/* SPDX-License-Identifier: Apache-2.0 */
/* `oomguard policy check` and `oomguard policy show`. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "config.h"
#include "escape.h"
#include "oci.h"
#include "policy_load.h"
#include "policy_show.h"
#include "real_runtime.h"
#include "verbs.h"

static const char help[] =
    "Usage: oomguard policy check [FILE]\n"
    "       oomguard policy show --bundle DIR [--policy FILE]\n"
    "Checks policies, and tells which one a container gets.\n"
    "\n"
    "Behind `check` or `show`, --help says more. The policy itself: oomguard-policy(5).\n"
    "\n"
    "Example:\n"
    "  oomguard policy check /etc/oomguard/policy.json\n";

static const char check_help[] =
    "Usage: oomguard policy check [FILE]\n"
    "Tells all that is wrong in a policy and its drop-ins, with file, line and key.\n"
    "\n"
    "  FILE    the policy (default: " OOMGUARD_POLICY_FILE ");\n"
    "          drop-ins are those of policy.d beside it\n"
    "  --json  for programs\n"
    "\n"
    "Exit status: 0 it is right (warnings may be told), 1 it is wrong, 2 wrong usage.\n"
    "\n"
    "Example:\n"
    "  oomguard policy check ./policy.json\n";

static const char show_help[] =
    "Usage: oomguard policy show --bundle DIR [OPTION]...\n"
    "Tells the policy that the container of a bundle gets, key by key, and where each value\n"
    "came from: built-in, a file's line, an annotation, a bound.\n"
    "\n"
    "  --bundle DIR    the bundle, with its config.json\n"
    "  --policy FILE   the policy (default: " OOMGUARD_POLICY_FILE ")\n"
    "  --id ID         for rules that match it (default: the name of DIR)\n"
    "  --runtime PATH  for rules that match it\n"
    "  --cgroup PATH   for rules that match it\n"
    "  --json          for programs\n"
    "\n"
    "Exit status: 0 done, 1 failed, 2 wrong usage.\n"
    "\n"
    "Example:\n"
    "  oomguard policy show --bundle /var/lib/containers/web\n";

struct checked {
	const char *file;
	bool valid;
	const struct policy_document *doc;
	const struct policy_problems *problems;
};

static void fill_check(struct jsonw *w, const void *context)
{
	const struct checked *checked = context;

	jsonw_object(w);
	jsonw_kv_int(w, "version", CLI_JSON_VERSION);
	jsonw_kv_string(w, "file", checked->file);
	jsonw_kv_bool(w, "valid", checked->valid);
	jsonw_kv_bool(w, "builtIn", checked->valid && !checked->doc->root);
	jsonw_key(w, "problems");
	jsonw_array(w);
	for (size_t i = 0; i < checked->problems->len; i++) {
		const struct policy_problem *problem = &checked->problems->items[i];

		jsonw_object(w);
		jsonw_kv_string(w, "level", problem->warning ? "warning" : "error");
		jsonw_kv_string(w, "file", problem->file);
		jsonw_kv_uint(w, "line", problem->line);
		jsonw_kv_string(w, "key", problem->key);
		jsonw_kv_string(w, "message", problem->error.message);
		jsonw_kv_string(w, "hint", problem->error.hint);
		jsonw_object_end(w);
	}
	jsonw_array_end(w);
	jsonw_object_end(w);
}

static void print_check(const struct cli *cli, const struct checked *checked)
{
	char text[2048], escaped[4096];

	for (size_t i = 0; i < checked->problems->len; i++) {
		const struct policy_problem *problem = &checked->problems->items[i];

		error_text(&problem->error, text, sizeof(text));
		printf("%s%s:%s %s\n", cli_color(cli, problem->warning ? CLI_YELLOW : CLI_RED),
		       problem->warning ? "warning" : "error", cli_color(cli, CLI_PLAIN),
		       escape_terminal(text, escaped, sizeof(escaped)));
	}
	if (!checked->valid)
		return;
	printf("%s: %s\n", escape_terminal(checked->file, escaped, sizeof(escaped)),
	       checked->doc->root ? "the policy is right"
				  : "there is no policy, the built-in one holds");
}

/* No error: a policy may be checked on another machine than it is for. */
static int look_for_runtimes(const struct policy_document *doc, struct policy_problems *problems)
{
	const struct json *runtimes = json_get_typed(doc->root, "runtimes", JSON_ARRAY);
	int r = 0;

	for (size_t i = 0; runtimes && i < runtimes->array.len && r == 0; i++) {
		const struct json *path = runtimes->array.items[i];
		struct error err = {0};
		char key[32];

		snprintf(key, sizeof(key), "runtimes[%zu]", i);
		if (real_runtime_try(path->text, &err) < 0)
			r = policy_problem_add(problems, path, key, true,
					       "found \"%s\", which cannot be run here: %s",
					       path->text, strerrordesc_np(err.code));
	}
	return r;
}

static int check(const struct cli *cli, int argc, char **argv)
{
	struct policy_problems problems = {0};
	struct policy_document doc;
	struct checked checked = {.doc = &doc, .problems = &problems};
	const char *file;
	struct error err = {0};
	int r, exit_code = CLI_DONE;

	if (cli_option(check_help, argc, argv, NULL, &exit_code) != -1)
		return exit_code;
	if (argc - optind > 1)
		return cli_usage(argv[0], "one FILE at most");
	file = argv[optind];
	r = policy_load(file, &doc, &problems, &err);
	if (r == 0 && (r = look_for_runtimes(&doc, &problems)) < 0)
		error_set(&err, -r, "check the policy");
	checked.file = file ? file : OOMGUARD_POLICY_FILE;
	checked.valid = r == 0;
	if (r < 0 && problems.len == 0) {
		exit_code = cli_failed(&err);
	} else {
		if (cli->json)
			exit_code = cli_json(fill_check, &checked);
		else
			print_check(cli, &checked);
		exit_code = cli_finish(r < 0 ? CLI_FAILED : exit_code);
	}
	policy_document_free(&doc);
	policy_problems_free(&problems);
	return exit_code;
}

struct show_args {
	const char *bundle, *policy, *id, *runtime, *cgroup;
};

/* The identity that a container made from this bundle has. */
static int fill_shown_identity(const struct show_args *args, const struct oci_config *config,
			       struct identity *id, struct error *err)
{
	const char *name;

	id->bundle = realpath(args->bundle, NULL);
	if (!id->bundle)
		return error_set(err, errno, "%s", args->bundle);
	name = strrchr(id->bundle, '/') + 1;
	id->id = strdup(args->id ? args->id : name);
	id->runtime = strdup(args->runtime ? args->runtime : "");
	id->cgroup = strdup(args->cgroup ? args->cgroup : "");
	if (!id->id || !id->runtime || !id->cgroup)
		return error_set(err, ENOMEM, "policy");
	return identity_fill(id, config->annotations, NULL, err);
}

static int show_policy(const struct cli *cli, const struct show_args *args)
{
	cleanup_free struct policy_shown *shown = calloc(1, sizeof(*shown));
	struct policy_document doc = {0};
	struct oci_config config = {0};
	struct error err = {0};
	int r;

	if (!shown)
		return CLI_FAILED;
	r = oci_config_read(args->bundle, &config, &err);
	if (r == 0)
		r = fill_shown_identity(args, &config, &shown->id, &err);
	if (r == 0)
		r = policy_load(args->policy, &doc, NULL, &err);
	if (r == 0)
		r = policy_effective(&doc, &shown->id, &shown->policy, &err);
	r = r < 0 ? cli_failed(&err) : policy_show(cli, shown);
	identity_free(&shown->id);
	policy_document_free(&doc);
	oci_config_free(&config);
	return r;
}

static int show(const struct cli *cli, int argc, char **argv)
{
	static const struct option options[] = {
	    {"bundle", required_argument, NULL, 'b'}, {"policy", required_argument, NULL, 'p'},
	    {"id", required_argument, NULL, 'i'},     {"runtime", required_argument, NULL, 'r'},
	    {"cgroup", required_argument, NULL, 'c'}, {0},
	};
	struct show_args args = {0};
	int option, exit_code = CLI_DONE;

	while ((option = cli_option(show_help, argc, argv, options, &exit_code)) != -1) {
		if (option == 'b')
			args.bundle = optarg;
		else if (option == 'p')
			args.policy = optarg;
		else if (option == 'i')
			args.id = optarg;
		else if (option == 'r')
			args.runtime = optarg;
		else if (option == 'c')
			args.cgroup = optarg;
		else
			return exit_code;
	}
	if (optind < argc)
		return cli_usage(argv[0], "unknown word \"%s\"", argv[optind]);
	if (!args.bundle)
		return cli_usage(argv[0], "--bundle DIR is missing");
	return show_policy(cli, &args);
}

int verb_policy(const struct cli *cli, int argc, char **argv)
{
	static char check_name[] = "policy check", show_name[] = "policy show";

	if (argc < 2)
		return cli_usage("policy", "\"check\" or \"show\" is missing");
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
		fputs(help, stdout);
		return cli_finish(CLI_DONE);
	}
	/* Messages name the whole verb. */
	if (strcmp(argv[1], "check") == 0) {
		argv[1] = check_name;
		return check(cli, argc - 1, argv + 1);
	}
	if (strcmp(argv[1], "show") == 0) {
		argv[1] = show_name;
		return show(cli, argc - 1, argv + 1);
	}
	return cli_usage("policy", "found \"%s\", allowed \"check\" or \"show\"", argv[1]);
}
