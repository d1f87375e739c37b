/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime_cmd.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cleanup.h"
#include "read_all.h"
#include "runtime_options.h"

#define CMDLINE_MAX_BYTES (128 * 1024)
#define WORDS_MAX 512

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static int replace(char **field, const char *text)
{
	char *copy = strdup(text);

	if (!copy)
		return -ENOMEM;
	free(*field);
	*field = copy;
	return 0;
}

static int keep_global(struct runtime_cmd *cmd, const struct runtime_option_found *found)
{
	char **slot = &cmd->globals[cmd->globals_len];
	int n;

	if (found->off)
		return 0;
	if (!strcmp(found->option->name, "log"))
		return replace(&cmd->log, found->value);
	if (cmd->globals_len == RUNTIME_ARGS_MAX)
		return cmd->unknown_option ? 0 : replace(&cmd->unknown_option, found->word);
	n = asprintf(slot, "--%s%s%s", found->option->name, found->value ? "=" : "",
		     found->value ? found->value : "");
	if (n < 0) {
		*slot = NULL;
		return -ENOMEM;
	}
	cmd->globals_len++;
	return 0;
}

static int note_unknown(struct runtime_cmd *cmd, const char *word)
{
	cleanup_free char *name = strndup(word, strcspn(word, "="));

	if (!name)
		return -ENOMEM;
	if (!cmd->unknown_option)
		cmd->unknown_option = take_ptr(name);
	return 0;
}

static int use_option(struct runtime_cmd *cmd, const struct runtime_option_found *found)
{
	switch (found->option ? found->option->use : OPTION_UNKNOWN) {
	case OPTION_CONFIG:
		cmd->other_config = true;
		return note_unknown(cmd, found->word);
	case OPTION_ONCE:
	case OPTION_UNKNOWN:
		return note_unknown(cmd, found->word);
	case OPTION_SAYS:
		cmd->only_says = !found->off;
		break;
	case OPTION_GLOBAL:
		return keep_global(cmd, found);
	case OPTION_ROOT:
		return replace(&cmd->root, found->value);
	case OPTION_BUNDLE:
		return replace(&cmd->bundle, found->value);
	case OPTION_PID_FILE:
		return replace(&cmd->pid_file, found->value);
	case OPTION_DETACH:
		cmd->detach = !found->off;
		break;
	case OPTION_KEEP:
		cmd->keep = !found->off;
		break;
	case OPTION_NO_PIVOT:
		cmd->no_pivot = !found->off;
		break;
	case OPTION_NO_NEW_KEYRING:
		cmd->no_new_keyring = !found->off;
		break;
	case OPTION_CONSOLE_SOCKET:
		cmd->console_socket = found->value[0] != '\0';
		break;
	case OPTION_PRESERVE_FDS:
		cmd->preserve_fds = strcmp(found->value, "0") != 0;
		break;
	case OPTION_IGNORED:
		break;
	}
	return 0;
}

static bool is_option(const char *word)
{
	return word[0] == '-' && word[1] && strcmp(word, "--");
}

static int one_option(struct runtime_cmd *cmd, struct runtime_words *words,
		      const struct runtime_option *table, struct error *err)
{
	struct runtime_option_found found;

	do {
		int r = runtime_option_next(words, table, &found);

		if (r < 0)
			return error_say(err, EINVAL, "runtime's command line: no value behind %s",
					 found.word);
		if (use_option(cmd, &found) < 0)
			return error_set(err, ENOMEM, "runtime's command line");
	} while (words->letter);
	return 0;
}

/* *table is NULL where what follows does not matter. */
static enum runtime_verb verb_of(const char *word, enum runtime_grammar grammar,
				 const struct runtime_option **table)
{
	static const struct {
		const char *word;
		enum runtime_verb verb;
		enum runtime_part part;
	} verbs[] = {
	    {"run", RUNTIME_RUN, PART_RUN},
	    {"create", RUNTIME_CREATE, PART_RUN},
	    {"start", RUNTIME_START, PART_START},
	    {"delete", RUNTIME_DELETE, PART_DELETE},
	};

	*table = NULL;
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		if (!strcmp(word, verbs[i].word)) {
			*table = runtime_options(grammar, verbs[i].part);
			return verbs[i].verb;
		}
	}
	if (!strcmp(word, "restore"))
		return RUNTIME_RESTORE;
	return strcmp(word, "ps") && strcmp(word, "state") ? RUNTIME_OTHER : RUNTIME_SHOW;
}

/* Options of the command and its positional arguments, of which the last is the id. */
static int parse_command(struct runtime_cmd *cmd, struct runtime_words *words,
			 const struct runtime_option *table, struct error *err)
{
	bool options = true;

	while (words->next < words->len) {
		const char *word = words->word[words->next];

		if (options && is_option(word)) {
			int r = one_option(cmd, words, table, err);

			if (r < 0)
				return r;
			continue;
		}
		words->next++;
		if (options && !strcmp(word, "--"))
			options = false;
		else if (replace(&cmd->id, word) < 0)
			return error_set(err, ENOMEM, "runtime's command line");
	}
	return 0;
}

/* The verb is told also where memory is out. */
static int parse_words(struct runtime_cmd *cmd, struct runtime_words *words, struct error *err)
{
	const struct runtime_option *table = runtime_options(words->grammar, PART_GLOBAL);
	int r = 0;

	while (words->next < words->len && is_option(words->word[words->next])) {
		int one = one_option(cmd, words, table, err);

		if (one == -EINVAL)
			return one;
		r = r < 0 ? r : one;
	}
	if (words->next < words->len && !strcmp(words->word[words->next], "--"))
		words->next++;
	if (words->next >= words->len)
		return error_say(err, EINVAL, "runtime's command line: no command in it");
	cmd->verb = verb_of(words->word[words->next++], words->grammar, &table);
	return r < 0 || !table ? r : parse_command(cmd, words, table, err);
}

int runtime_cmd_parse_words(const char *const *word, size_t len, struct runtime_cmd *out,
			    struct error *err)
{
	struct runtime_words words = {.word = word, .len = len, .next = 1};
	enum runtime_verb verb;
	int r;

	*out = (struct runtime_cmd){0};
	if (!len || runtime_grammar_of(base_name(word[0]), &words.grammar) < 0)
		return error_say(err, EINVAL, "the parent process is neither runc nor crun");
	out->is_crun = words.grammar == GRAMMAR_CRUN;
	r = parse_words(out, &words, err);
	if (r == 0 && replace(&out->name, base_name(word[0])) < 0)
		r = error_set(err, ENOMEM, "runtime's command line");
	if (r == 0)
		return 0;
	verb = out->verb;
	runtime_cmd_free(out);
	out->verb = verb;
	return r;
}

static size_t split_words(const char *text, size_t len, const char **word, size_t cap)
{
	size_t n = 0;

	for (size_t at = 0; at < len && n < cap; at += strlen(text + at) + 1)
		word[n++] = text + at;
	return n;
}

int runtime_cmd_parse(const char *cmdline, size_t len, struct runtime_cmd *out, struct error *err)
{
	cleanup_free char *text = malloc(len + 1);
	const char *word[WORDS_MAX + 1];
	size_t words;

	*out = (struct runtime_cmd){0};
	if (!text)
		return error_set(err, ENOMEM, "runtime's command line");
	memcpy(text, cmdline, len);
	text[len] = '\0';
	words = split_words(text, len, word, WORDS_MAX + 1);
	if (words > WORDS_MAX)
		return error_say(err, EINVAL, "runtime's command line: more than %d words",
				 WORDS_MAX);
	return runtime_cmd_parse_words(word, words, out, err);
}

void runtime_cmd_free(struct runtime_cmd *cmd)
{
	free(cmd->name);
	free(cmd->id);
	free(cmd->root);
	free(cmd->bundle);
	free(cmd->pid_file);
	free(cmd->log);
	for (size_t i = 0; i < cmd->globals_len; i++)
		free(cmd->globals[i]);
	free(cmd->unknown_option);
	*cmd = (struct runtime_cmd){0};
}

/* What a link of /proc/PID reads, or NULL. */
static char *link_of(int procfd, pid_t pid, const char *name)
{
	char path[64], target[PATH_MAX];
	ssize_t n;

	snprintf(path, sizeof(path), "%d/%s", (int)pid, name);
	n = readlinkat(procfd, path, target, sizeof(target));
	return n > 0 && (size_t)n < sizeof(target) ? strndup(target, (size_t)n) : NULL;
}

/* The allowed entry that is the very file the process runs. */
static const char *allowed_by_file(int procfd, pid_t pid, const char *const *allowed, size_t len)
{
	char path[64];
	struct stat running, st;

	snprintf(path, sizeof(path), "%d/exe", (int)pid);
	if (fstatat(procfd, path, &running, 0) < 0)
		return NULL;
	for (size_t i = 0; i < len; i++) {
		if (stat(allowed[i], &st) == 0 && st.st_dev == running.st_dev &&
		    st.st_ino == running.st_ino)
			return allowed[i];
	}
	return NULL;
}

/* A sealed copy has no path: "/", "/memfd:crun (deleted)", or a file that was replaced since. */
static bool names_no_file(const char *exe)
{
	static const char gone[] = " (deleted)";
	size_t len = strlen(exe), tail = sizeof(gone) - 1;

	return !strcmp(exe, "/") || !strncmp(exe, "/memfd:", 7) ||
	       (len > tail && !strcmp(exe + len - tail, gone));
}

static const char *allowed_by_name(const char *argv0, const char *const *allowed, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (strchr(argv0, '/') ? !strcmp(argv0, allowed[i])
				       : !strcmp(argv0, base_name(allowed[i])))
			return allowed[i];
	}
	return NULL;
}

int runtime_cmd_read(int procfd, pid_t pid, const char *const *allowed, size_t allowed_len,
		     struct runtime_cmd *out, char **exe, char **cwd, struct error *err)
{
	cleanup_free char *text = NULL, *running = NULL;
	const char *match;
	char path[64];
	size_t len;
	int r;

	*exe = *cwd = NULL;
	*out = (struct runtime_cmd){0};
	snprintf(path, sizeof(path), "%d/cmdline", (int)pid);
	r = read_all_at(procfd, path, CMDLINE_MAX_BYTES, &text, &len);
	if (r < 0)
		return error_set(err, -r, "read the command line of the parent process %d",
				 (int)pid);
	r = runtime_cmd_parse(text, len, out, err);
	if (r < 0)
		return r;
	match = allowed_by_file(procfd, pid, allowed, allowed_len);
	running = link_of(procfd, pid, "exe");
	if (!match && running && names_no_file(running))
		match = allowed_by_name(text, allowed, allowed_len);
	*cwd = link_of(procfd, pid, "cwd");
	if (match) {
		*exe = strdup(match);
		if (!*exe) {
			runtime_cmd_free(out);
			free(*cwd);
			*cwd = NULL;
			return error_set(err, ENOMEM, "runtime's path");
		}
	}
	return 0;
}

/* A relative path without "." and "..", its slashes at the end cut: only that can be a suffix. */
static bool plain_relative(const char *path, size_t *len)
{
	*len = strlen(path);
	while (*len && path[*len - 1] == '/')
		(*len)--;
	for (size_t at = 0; at < *len;) {
		size_t part = strcspn(path + at, "/");

		if (part == 0 || (part == 1 && path[at] == '.') ||
		    (part == 2 && !strncmp(path + at, "..", 2)))
			return false;
		at += part + 1;
	}
	return *len > 0;
}

int runtime_start_dir(const struct runtime_cmd *cmd, const char *bundle, char **out,
		      struct error *err)
{
	size_t whole = strlen(bundle), tail;
	const char *given = cmd->bundle;

	*out = NULL;
	while (given && !strncmp(given, "./", 2))
		given += 2;
	if (!given || !given[0] || !strcmp(given, ".")) {
		*out = strdup(bundle);
	} else if (plain_relative(given, &tail) && whole > tail + 1 &&
		   bundle[whole - tail - 1] == '/' &&
		   !strncmp(bundle + whole - tail, given, tail)) {
		*out = strndup(bundle, whole - tail - 1);
	} else {
		return 0;
	}
	return *out ? 0 : error_set(err, ENOMEM, "runtime's start directory");
}

bool runtime_knows(const char *root, const char *id)
{
	cleanup_free char *path = NULL;
	struct stat st;

	if (asprintf(&path, "%s/%s", root, id) < 0) {
		path = NULL;
		return false;
	}
	return lstat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

int runtime_root(const struct runtime_cmd *cmd, const char *cwd, const char *rootless_dir,
		 const char *id, char **out, struct error *err)
{
	cleanup_free char *path = NULL;
	const char *name = cmd->is_crun ? "crun" : "runc";
	int n;

	*out = NULL;
	if (cmd->root && cmd->root[0] == '/')
		n = asprintf(&path, "%s", cmd->root);
	else if (cmd->root && cwd)
		n = asprintf(&path, "%s/%s", cwd, cmd->root);
	else if (cmd->root)
		return error_say(err, ENOENT, "cannot tell where the relative --root %s is",
				 cmd->root);
	else
		n = asprintf(&path, "%s/%s", rootless_dir ? rootless_dir : "/run", name);
	if (n < 0) {
		path = NULL;
		return error_set(err, ENOMEM, "runtime's state root");
	}
	if (cmd->root && cmd->root[0] != '/' && !runtime_knows(path, id))
		return error_say(err, ENOENT, "no %s below the relative --root %s as seen from %s",
				 id, cmd->root, cwd);
	*out = take_ptr(path);
	return 0;
}
