/* SPDX-License-Identifier: Apache-2.0 */
/* `oomguard configure`: registers oomguard with an engine, and takes it back. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "config.h"
#include "configure/configure.h"
#include "configure/due.h"
#include "configure/restart.h"
#include "escape.h"
#include "verbs.h"

#define HANDLER_MAX 64

static const char help[] =
    "Usage: oomguard configure podman|crio|docker|containerd [OPTION]...\n"
    "Registers oomguard with a container engine, or takes that back. Containers that run already\n"
    "are left alone.\n"
    "\n"
    "  --mode hooks    hooks.d, for containers with the annotation oomguard.io/enable=true\n"
    "                  (default for podman and crio)\n"
    "  --mode wrapper  oomguard-runc as a runtime of its own (docker, containerd)\n"
    "  --mode base-spec\n"
    "                  containerd: hooks in a base specification, made from --spec\n"
    "  --spec FILE     base-spec: a whole specification, as `ctr oci spec` prints it\n"
    "  --always        hooks: for each container, not only for annotated ones\n"
    "  --handler NAME  wrapper: the runtime's name (default: oomguard)\n"
    "  --runtime NAME  wrapper: what it becomes, runc or crun (default: runc)\n"
    "  --profile NAME  docker: the policy's profile for all containers of this runtime\n"
    "  --config PATH   hooks: the directory of hooks.d; wrapper: the drop-in; docker: "
    "daemon.json;\n"
    "                  containerd: the main file\n"
    "  --prefix DIR    the engine and oomguard are below DIR: an image in the making\n"
    "  --edit          containerd: change the main file where a drop-in would do harm\n"
    "  --dry-run       print the difference and change nothing\n"
    "  --remove        take back what was registered\n"
    "  --restart       restart or reload the engine where it needs that\n"
    "  --json          for programs\n"
    "\n"
    "Exit status: 0 done, or nothing had to be done; 1 failed; 2 wrong usage.\n"
    "\n"
    "Example:\n"
    "  oomguard configure podman --dry-run\n";

static const struct engine {
	const char *name;
	int (*plan)(const struct configure *want, struct outcome *out, struct error *err);
} engines[] = {
    {"podman", configure_podman},
    {"crio", configure_crio},
    {"docker", configure_docker},
    {"containerd", configure_containerd},
};

static const char usual_runtime[] = "runc";

struct asked {
	const struct engine *engine;
	struct configure want;
	bool dry_run, restart;
	struct outcome outcome;
	bool needed; /* that restart or reload */
	bool restarted;
};

static const char *change_told(const struct change *change)
{
	const char *word = change_word(change);

	return !strcmp(word, "create")	 ? "created"
	       : !strcmp(word, "change") ? "changed"
					 : "removed";
}

static void fill_change(struct jsonw *w, const struct changes *all, size_t i)
{
	struct changes one = {.items = {all->items[i]}, .len = 1};
	cleanup_free char *diff = NULL;
	size_t len;
	FILE *memory = open_memstream(&diff, &len);

	if (memory) {
		changes_print(&one, memory);
		fclose(memory);
	}
	jsonw_object(w);
	jsonw_kv_string(w, "file", all->items[i].path);
	jsonw_kv_string(w, "action", change_word(&all->items[i]));
	jsonw_kv_string(w, "difference", diff);
	jsonw_object_end(w);
}

static void fill(struct jsonw *w, const void *context)
{
	const struct asked *asked = context;
	const struct outcome *outcome = &asked->outcome;

	jsonw_object(w);
	jsonw_kv_int(w, "version", CLI_JSON_VERSION);
	jsonw_kv_string(w, "engine", asked->engine->name);
	jsonw_kv_bool(w, "dryRun", asked->dry_run);
	jsonw_kv_bool(w, "remove", asked->want.remove);
	jsonw_key(w, "changes");
	jsonw_array(w);
	for (size_t i = 0; i < outcome->changes.len; i++)
		fill_change(w, &outcome->changes, i);
	jsonw_array_end(w);
	jsonw_kv_string(w, "byHand", outcome->by_hand);
	jsonw_kv_string(w, "note", outcome->note);
	jsonw_key(w, "left");
	jsonw_array(w);
	for (size_t i = 0; i < outcome->left_len; i++)
		jsonw_string(w, outcome->left[i].message);
	jsonw_array_end(w);
	jsonw_kv_string(w, "unit", asked->needed ? outcome->unit : NULL);
	jsonw_kv_string(w, "needs", asked->needed ? outcome->action : NULL);
	jsonw_kv_bool(w, "restarted", asked->restarted);
	jsonw_object_end(w);
}

static void print_outcome(const struct asked *asked)
{
	const struct outcome *outcome = &asked->outcome;
	char path[4096];

	if (asked->dry_run)
		changes_print(&outcome->changes, stdout);
	for (size_t i = 0; i < outcome->changes.len && !asked->dry_run; i++) {
		const struct change *change = &outcome->changes.items[i];

		printf("%s %s\n", change_told(change),
		       escape_terminal(change->path, path, sizeof(path)));
		if (change_is_edited_copy(change))
			puts("  what somebody changed by hand is in this copy; no engine reads it");
	}
	if (outcome->note)
		puts(escape_terminal(outcome->note, path, sizeof(path)));
	if (outcome->by_hand)
		fputs(outcome->by_hand, stdout);
	else if (outcome->changes.len == 0)
		printf("%s: nothing to change\n", asked->engine->name);
	if (!asked->needed)
		return;
	if (asked->restarted)
		printf("done: systemctl %s %s\n", outcome->action, outcome->unit);
	else
		printf("%s: systemctl %s %s\n", outcome->needs, outcome->action, outcome->unit);
}

/* Writes what is planned. What the engine then needs is noted first: nothing may be forgotten. */
static int apply(const char *root, struct asked *asked, struct error *err)
{
	struct outcome *outcome = &asked->outcome;
	struct error note_err;

	/* What is to be added by hand is not there yet. */
	asked->needed =
	    outcome->action && (!outcome->by_hand || asked->want.remove) &&
	    (outcome->changes.len > 0 || (!asked->want.prefix[0] && due_is(root, outcome->unit)));
	if (asked->dry_run)
		return 0;
	if (asked->needed && outcome->changes.len > 0 && !asked->want.prefix[0] &&
	    due_note(root, outcome->unit, &note_err) < 0)
		cli_note("%s", note_err.message);
	return changes_apply(&outcome->changes, err);
}

static int restart(const char *root, struct asked *asked, struct error *err)
{
	const struct outcome *outcome = &asked->outcome;
	int r;

	if (!asked->restart || !asked->needed || asked->dry_run)
		return 0;
	r = restart_unit(outcome->action, outcome->unit, err);
	if (r < 0)
		return r;
	asked->restarted = true;
	due_done(root, outcome->unit);
	return 0;
}

static int act(const struct cli *cli, struct asked *asked)
{
	const char *root = cli->root ? cli->root : OOMGUARD_STATE_DIR;
	struct outcome *outcome = &asked->outcome;
	struct error err = {0};
	int r = asked->engine->plan(&asked->want, outcome, &err), exit_code = CLI_DONE;

	if (r == 0)
		r = apply(root, asked, &err);
	if (r < 0)
		return cli_failed(&err);
	r = restart(root, asked, &err);
	if (cli->json)
		exit_code = cli_json(fill, asked);
	else
		print_outcome(asked);
	exit_code = cli_finish(exit_code);
	for (size_t i = 0; i < outcome->left_len; i++)
		exit_code = cli_failed(&outcome->left[i]);
	if (r < 0)
		exit_code = cli_failed(&err);
	/* Nothing is registered, or taken back, as long as nobody does it. */
	return outcome->by_hand ? CLI_FAILED : exit_code;
}

static int set_mode(const char *word, struct configure *want)
{
	if (!strcmp(word, "hooks"))
		want->mode = MODE_HOOKS;
	else if (!strcmp(word, "wrapper"))
		want->mode = MODE_WRAPPER;
	else if (!strcmp(word, "base-spec"))
		want->mode = MODE_BASE_SPEC;
	else
		return cli_usage("configure",
				 "--mode: found \"%s\", allowed are hooks, wrapper and base-spec",
				 word);
	return 0;
}

/* It becomes a key in the engine's file and a word on command lines. */
static bool is_name(const char *word)
{
	size_t len = strlen(word);

	if (len == 0 || len > HANDLER_MAX || !isalnum((unsigned char)word[0]))
		return false;
	return strspn(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") ==
	       len;
}

static int set_name(const char *option, const char *word, const char **out)
{
	if (!is_name(word))
		return cli_usage("configure",
				 "%s: found \"%s\", allowed are letters, digits, '_' and '-', at "
				 "most %d, a letter or digit first",
				 option, word, HANDLER_MAX);
	*out = word;
	return 0;
}

/* The programs that are installed. */
static int set_runtime(const char *word, struct configure *want)
{
	if (strcmp(word, "runc") && strcmp(word, "crun"))
		return cli_usage("configure", "--runtime: found \"%s\", allowed are runc and crun",
				 word);
	want->runtime = word;
	return 0;
}

/* The paths that are registered are without it, so it has to be one that can be taken off. */
static int set_prefix(char *word, struct configure *want)
{
	size_t len = strlen(word);

	while (len > 1 && word[len - 1] == '/')
		word[--len] = '\0';
	if (word[0] != '/')
		return cli_usage("configure", "--prefix: found \"%s\", allowed is an absolute path",
				 word);
	want->prefix = len == 1 ? "" : word;
	return 0;
}

static int set_config(const char *word, struct configure *want)
{
	if (word[0] != '/' || word[strlen(word) - 1] == '/')
		return cli_usage("configure",
				 "--config: found \"%s\", allowed is an absolute path without '/' "
				 "at its end",
				 word);
	want->config = word;
	return 0;
}

static int set_option(int option, struct asked *asked)
{
	struct configure *want = &asked->want;

	switch (option) {
	case 'm':
		return set_mode(optarg, want);
	case 'H':
		want->handler_given = true;
		return set_name("--handler", optarg, &want->handler);
	case 'u':
		return set_runtime(optarg, want);
	case 'P':
		return set_name("--profile", optarg, &want->profile);
	case 'c':
		return set_config(optarg, want);
	case 'p':
		return set_prefix(optarg, want);
	case 's':
		want->spec = optarg;
		break;
	case 'a':
		want->always = true;
		break;
	case 'e':
		want->edit = true;
		break;
	case 'd':
		asked->dry_run = true;
		break;
	case 'r':
		want->remove = true;
		break;
	case 'R':
		asked->restart = true;
		break;
	}
	return 0;
}

static int find_engine(const char *word, struct asked *asked)
{
	for (size_t i = 0; i < sizeof(engines) / sizeof(engines[0]); i++) {
		if (!strcmp(word, engines[i].name)) {
			asked->engine = &engines[i];
			return 0;
		}
	}
	return cli_usage("configure", "unknown engine \"%s\"", word);
}

static bool takes_runtime(const struct asked *asked)
{
	bool usual =
	    asked->engine->plan == configure_docker || asked->engine->plan == configure_containerd;

	return asked->want.mode == MODE_WRAPPER || (usual && asked->want.mode == MODE_USUAL);
}

static int check_together(const struct asked *asked)
{
	const struct configure *want = &asked->want;
	bool base_spec = want->mode == MODE_BASE_SPEC;

	if (want->always && (want->mode == MODE_WRAPPER || base_spec))
		return cli_usage("configure", "--always is for hooks: others guard all they start");
	if (want->profile && asked->engine->plan != configure_docker)
		return cli_usage("configure",
				 "--profile is for docker: elsewhere an annotation names it");
	if (want->runtime != usual_runtime && !want->remove && !takes_runtime(asked))
		return cli_usage("configure", "--runtime is for the wrapper: --mode wrapper");
	if (base_spec && asked->engine->plan != configure_containerd)
		return cli_usage("configure", "--mode base-spec is for containerd");
	if (!want->remove && base_spec != (want->spec != NULL))
		return cli_usage("configure", "--mode base-spec and --spec FILE go together");
	if (asked->restart && want->prefix[0])
		return cli_usage("configure", "--restart and --prefix do not go together");
	return 0;
}

int verb_configure(const struct cli *cli, int argc, char **argv)
{
	static const struct option options[] = {
	    {"mode", required_argument, NULL, 'm'},
	    {"handler", required_argument, NULL, 'H'},
	    {"config", required_argument, NULL, 'c'},
	    {"prefix", required_argument, NULL, 'p'},
	    {"runtime", required_argument, NULL, 'u'},
	    {"profile", required_argument, NULL, 'P'},
	    {"spec", required_argument, NULL, 's'},
	    {"always", no_argument, NULL, 'a'},
	    {"edit", no_argument, NULL, 'e'},
	    {"dry-run", no_argument, NULL, 'd'},
	    {"remove", no_argument, NULL, 'r'},
	    {"restart", no_argument, NULL, 'R'},
	    {0},
	};
	struct asked asked = {
	    .want = {.handler = "oomguard", .runtime = usual_runtime, .prefix = ""}};
	int option, exit_code = CLI_DONE;

	while ((option = cli_option(help, argc, argv, options, &exit_code)) != -1) {
		if (option == CLI_OPTION_STOP)
			return exit_code;
		exit_code = set_option(option, &asked);
		if (exit_code != 0)
			return exit_code;
	}
	if (argc - optind != 1)
		return cli_usage(argv[0], "takes one engine");
	exit_code = find_engine(argv[optind], &asked);
	if (exit_code != 0)
		return exit_code;
	exit_code = check_together(&asked);
	if (exit_code != 0)
		return exit_code;
	exit_code = act(cli, &asked);
	outcome_free(&asked.outcome);
	return exit_code;
}
