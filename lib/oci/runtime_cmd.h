/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The runtime's command line, as found in the hook's parent process: which runtime, which state
 * root, and whether the container can be started again by us with the same words.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "error.h"

enum runtime_verb {
	RUNTIME_OTHER,
	RUNTIME_RUN,
	RUNTIME_CREATE,
	RUNTIME_START,
	RUNTIME_DELETE,
	RUNTIME_RESTORE,
	RUNTIME_SHOW /* ps, state: engines read what they print */
};

#define RUNTIME_ARGS_MAX 32

/* Owned strings. Only options that we know are kept; an unknown one makes `unknown_option` set. */
struct runtime_cmd {
	char *name;   /* "runc", "crun": the base name it was called by */
	bool is_crun; /* which of the two grammars and defaults holds */
	enum runtime_verb verb;
	char *id;			 /* last positional argument, or NULL */
	char *root;			 /* --root as given, or NULL */
	char *bundle;			 /* --bundle as given, or NULL */
	char *pid_file;			 /* as given, or NULL */
	char *log;			 /* --log as given, or NULL; not among the globals */
	char *globals[RUNTIME_ARGS_MAX]; /* other global options to repeat, "--name=value" or
					    "--name" */
	size_t globals_len;
	bool detach, no_pivot, no_new_keyring, keep;
	bool console_socket, preserve_fds;
	bool other_config;    /* crun's --config: config.json is another file */
	bool only_says;	      /* it prints its help or version and does nothing */
	char *unknown_option; /* the first one not known, or that a rerun cannot repeat, or NULL */
};

/*
 * Parses NUL-separated words as /proc/PID/cmdline holds them; pure. Knows runc's (urfave/cli: one
 * or two dashes, "=value" or next word) and crun's (argp: long options, abbreviations, joined
 * letters) grammar. Options behind the id are taken too: runc takes them, crun refuses them, and a
 * command line that its runtime refuses never reaches a hook. -EINVAL when it is no such command
 * line; *out is empty then but for `verb`, where that was found.
 */
int runtime_cmd_parse(const char *cmdline, size_t len, struct runtime_cmd *out, struct error *err);
/* The same for words that are apart, of which there may be any number. */
int runtime_cmd_parse_words(const char *const *word, size_t len, struct runtime_cmd *out,
			    struct error *err);
void runtime_cmd_free(struct runtime_cmd *cmd);

/*
 * Reads /proc/PID/cmdline, exe and cwd of the hook's parent below procfd. *exe (owned) is the
 * path of one entry of `allowed` that the process runs: the file its exe link leads to, or, where
 * that says nothing (crun re-executes itself from a sealed copy), the entry that argv[0] names by
 * path or by base name. NULL when none fits: then nothing is ever executed. *cwd (owned): its
 * working directory, NULL when not readable.
 */
int runtime_cmd_read(int procfd, pid_t pid, const char *const *allowed, size_t allowed_len,
		     struct runtime_cmd *out, char **exe, char **cwd, struct error *err);

/*
 * The directory the runtime was started in; both runtimes go to the bundle before a hook runs, so
 * it has to be told from --bundle and the bundle's absolute path. *out (owned) is NULL when it
 * cannot be told (an absolute --bundle, or one with "..").
 */
int runtime_start_dir(const struct runtime_cmd *cmd, const char *bundle, char **out,
		      struct error *err);

/*
 * The state root as an absolute path: `cmd->root`, or the runtime's default ("/run/runc",
 * "/run/crun"; below the user's runtime directory when `rootless_dir` is given). A relative root is
 * resolved against cwd (may be NULL) only if <root>/<id> stands there; else -ENOENT. *out is owned.
 */
int runtime_root(const struct runtime_cmd *cmd, const char *cwd, const char *rootless_dir,
		 const char *id, char **out, struct error *err);

/* <root>/<id> is a directory: the runtime has a container of that name there. */
bool runtime_knows(const char *root, const char *id);
