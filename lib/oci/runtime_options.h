/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The command line options of runc and crun, and the two ways they are written: runc takes Go's
 * (one or two dashes, "=value" or the next word), crun takes argp's (long options that may be
 * abbreviated, short ones that may be joined).
 *
 * Sources: runc main.go, run.go, create.go, delete.go; crun src/crun.c, run.c, create.c, delete.c;
 * glibc argp/argp-parse.c for what every argp program takes.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum runtime_grammar { GRAMMAR_RUNC, GRAMMAR_CRUN };

/* What an option means to us. */
enum runtime_option_use {
	OPTION_UNKNOWN,
	OPTION_IGNORED, /* has no bearing on a rerun */
	OPTION_GLOBAL,	/* to be repeated */
	OPTION_ROOT,
	OPTION_BUNDLE,
	OPTION_PID_FILE,
	OPTION_DETACH,
	OPTION_KEEP,
	OPTION_NO_PIVOT,
	OPTION_NO_NEW_KEYRING,
	OPTION_CONSOLE_SOCKET,
	OPTION_PRESERVE_FDS,
	OPTION_CONFIG, /* as OPTION_ONCE: another file than config.json */
	OPTION_ONCE,   /* a rerun cannot repeat it: counts as unknown */
	OPTION_SAYS    /* the runtime prints its help or version and does nothing */
};

struct runtime_option {
	const char *name;
	char letter; /* 0: none */
	bool takes_value;
	enum runtime_option_use use;
};

enum runtime_part {
	PART_GLOBAL,
	PART_RUN, /* and create */
	PART_DELETE,
	PART_START
};

/* What that runtime takes there, ended by an entry without name. */
const struct runtime_option *runtime_options(enum runtime_grammar grammar, enum runtime_part part);

/* By a program's base name: "runc", "runc-1.1", "docker-runc"; "crun", "crun-wasm". Or -EINVAL. */
int runtime_grammar_of(const char *name, enum runtime_grammar *out);

/* The words of a command line and how far it is read. */
struct runtime_words {
	const char *const *word;
	size_t len;
	size_t next;
	size_t letter; /* within a word of joined short options, else 0 */
	enum runtime_grammar grammar;
};

/* One option as it was met. */
struct runtime_option_found {
	const struct runtime_option *option; /* NULL: not known */
	const char *word;		     /* as written; not known: for the message */
	const char *value;		     /* takes_value: the value; else NULL */
	bool off;			     /* runc: "--detach=false" */
};

/* Takes the option at words->next, with its value. -EINVAL when its value is missing. */
int runtime_option_next(struct runtime_words *words, const struct runtime_option *table,
			struct runtime_option_found *out);
