/* SPDX-License-Identifier: Apache-2.0 */
/* The wrapper's own options, which stand before those of the runtime. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "error.h"

/* Borrowed from argv. */
struct wrap_args {
	const char *runtime; /* "runc", of the name "oomguard-runc" we were called by */
	const char *profile; /* or NULL */
	const char *policy;  /* absolute, or NULL: the compiled-in path */
	const char *root;    /* absolute state root for the hooks, or NULL: the default */
	bool closed;
	uint64_t deadline_ms; /* of the hooks; 0: their own */
	bool help, version;
	char **rest; /* the runtime's words, ended by NULL */
};

/*
 * -EINVAL with a message: the first mistake. All else is read in spite of it, so that a command
 * that makes no container need not suffer; the next word of an option that is not known is taken
 * for its value, unless it looks like an option or is a command of the runtime's. `runtime` is NULL
 * where the name we were called by is the mistake.
 */
int wrap_args_parse(char **argv, struct wrap_args *out, struct error *err);

extern const char wrap_usage[];
