/* SPDX-License-Identifier: Apache-2.0 */
#include "restart_target.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"

/* path, --root, globals, --log, verb, four options, --bundle, id, NULL */
#define ARGV_MAX (RUNTIME_ARGS_MAX + 12)

struct words {
	char **argv;
	size_t len;
	bool failed;
};

static void free_words(char **argv)
{
	for (size_t i = 0; argv && argv[i]; i++)
		free(argv[i]);
	free(argv);
}

__attribute__((format(printf, 2, 3))) static void add(struct words *words, const char *format, ...)
{
	va_list args;

	if (words->failed)
		return;
	va_start(args, format);
	if (vasprintf(&words->argv[words->len], format, args) < 0) {
		words->argv[words->len] = NULL;
		words->failed = true;
	} else {
		words->len++;
	}
	va_end(args);
}

/* "file:/x" is crun's long way to say "/x"; a word before ':' names another kind of log. */
static const char *log_path(const char *log)
{
	size_t word = strcspn(log, ":/");

	if (log[word] != ':')
		return log;
	return !strncmp(log, "file:", 5) ? log + 5 : NULL;
}

/* A relative path is one from the directory the runtime was started in. */
static bool path_is_told(const char *path, const struct restart_facts *facts)
{
	return !path || path[0] == '/' || facts->start_dir;
}

static const char *why_not_verb(const struct restart_facts *facts)
{
	const struct runtime_cmd *cmd = facts->cmd;

	if (!cmd)
		return "the process that ran the hook is neither runc nor crun";
	if (cmd->verb == RUNTIME_CREATE)
		return "it was made by `create`: another program manages it";
	if (cmd->verb != RUNTIME_RUN)
		return "it was not started by `run`";
	if (!cmd->id || strcmp(cmd->id, facts->id->id))
		return "the runtime's command line names another container";
	if (!cmd->detach)
		return "it runs in the foreground: its runtime waits for it and deletes it";
	return NULL;
}

static const char *why_not_options(const struct restart_facts *facts)
{
	const struct runtime_cmd *cmd = facts->cmd;

	if (facts->terminal || cmd->console_socket)
		return "it has a terminal";
	if (cmd->preserve_fds)
		return "it was given open files with --preserve-fds";
	if (cmd->unknown_option)
		return "the runtime was given an option that we cannot repeat";
	if (facts->id->id[0] == '-')
		return "its id begins with a dash and could be taken for an option";
	if (!path_is_told(cmd->pid_file, facts))
		return "its --pid-file is relative to a directory that cannot be told";
	if (cmd->log && !path_is_told(log_path(cmd->log), facts))
		return "the runtime's --log is relative to a directory that cannot be told";
	return NULL;
}

/* NULL when we can run the runtime again ourselves. */
static const char *why_not(const struct restart_facts *facts)
{
	const char *why = why_not_verb(facts);

	if (!why)
		why = why_not_options(facts);
	if (why)
		return why;
	if (!facts->runtime)
		return "the runtime is not one of the policy's `runtimes`";
	if (facts->id->bundle[0] != '/')
		return "its bundle is not known";
	if (!facts->id->runtime_root[0] || !facts->state_dir_stands)
		return "the runtime's state of it was not found";
	return NULL;
}

static void add_path(struct words *words, const char *option, const char *path,
		     const struct restart_facts *facts)
{
	if (path[0] == '/')
		add(words, "%s=%s", option, path);
	else
		add(words, "%s=%s/%s", option, facts->start_dir, path);
}

static void add_globals(struct words *words, const struct restart_facts *facts)
{
	const struct runtime_cmd *cmd = facts->cmd;
	const char *log = cmd->log ? log_path(cmd->log) : NULL;

	add(words, "%s", facts->runtime);
	add(words, "--root=%s", facts->id->runtime_root);
	for (size_t i = 0; i < cmd->globals_len; i++)
		add(words, "%s", cmd->globals[i]);
	if (log && log[0])
		add_path(words, "--log", log, facts);
	else if (cmd->log && cmd->log[0])
		add(words, "--log=%s", cmd->log);
}

static char **run_words(const struct restart_facts *facts)
{
	struct words words = {.argv = calloc(ARGV_MAX, sizeof(char *))};
	const struct runtime_cmd *cmd = facts->cmd;

	if (!words.argv)
		return NULL;
	add_globals(&words, facts);
	add(&words, "run");
	add(&words, "-d");
	add(&words, "--bundle=%s", facts->id->bundle);
	if (cmd->pid_file && cmd->pid_file[0])
		add_path(&words, "--pid-file", cmd->pid_file, facts);
	if (cmd->no_pivot)
		add(&words, "--no-pivot");
	if (cmd->no_new_keyring)
		add(&words, "--no-new-keyring");
	add(&words, "%s", facts->id->id);
	if (!words.failed)
		return words.argv;
	free_words(words.argv);
	return NULL;
}

static char **delete_words(const struct restart_facts *facts)
{
	struct words words = {.argv = calloc(ARGV_MAX, sizeof(char *))};

	if (!words.argv)
		return NULL;
	add_globals(&words, facts);
	add(&words, "delete");
	add(&words, "%s", facts->id->id);
	if (!words.failed)
		return words.argv;
	free_words(words.argv);
	return NULL;
}

__attribute__((format(printf, 3, 4))) static int say(struct restart_plan *out, enum restart_way way,
						     const char *format, ...)
{
	va_list args;
	int n;

	out->way = way;
	va_start(args, format);
	n = vasprintf(&out->why, format, args);
	va_end(args);
	if (n >= 0)
		return 0;
	out->why = NULL;
	return -ENOMEM;
}

static int by_runtime(const struct restart_facts *facts, struct restart_plan *out)
{
	out->argv = run_words(facts);
	out->delete_argv = delete_words(facts);
	if (!out->argv || !out->delete_argv)
		return -ENOMEM;
	return say(out, RESTART_RUNTIME, "`%s run -d` started it", facts->cmd->name);
}

static int choose(const struct restart_facts *facts, struct restart_plan *out)
{
	const char *manager = facts->id->manager ? facts->id->manager : "";
	const char *reason = why_not(facts);

	switch (facts->via) {
	case RESTART_VIA_MANAGER:
		return say(out, RESTART_MANAGER, "the policy says that %s restarts it",
			   manager[0] ? manager : "a manager");
	case RESTART_VIA_RUNTIME:
		if (!reason)
			return by_runtime(facts, out);
		if (manager[0])
			return say(out, RESTART_MANAGER, "left to %s, not via the runtime: %s",
				   manager, reason);
		break;
	case RESTART_VIA_AUTO:
		if (manager[0])
			return say(out, RESTART_MANAGER, "%s restarts it by its own policy",
				   manager);
		if (!reason)
			return by_runtime(facts, out);
		break;
	}
	return say(out, RESTART_NONE, "%s", reason);
}

int restart_target(const struct restart_facts *facts, struct restart_plan *out, struct error *err)
{
	int r;

	*out = (struct restart_plan){0};
	if (facts->id->runtime_root[0] &&
	    asprintf(&out->state_dir, "%s/%s", facts->id->runtime_root, facts->id->id) < 0) {
		out->state_dir = NULL;
		return error_set(err, ENOMEM, "restart");
	}
	r = choose(facts, out);
	if (r == 0)
		return 0;
	free(out->why);
	free(out->state_dir);
	free_words(out->argv);
	free_words(out->delete_argv);
	*out = (struct restart_plan){0};
	return error_set(err, -r, "restart");
}
