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

/* -EINVAL with a message: nothing is known then about the runtime's words. */
int wrap_args_parse(char **argv, struct wrap_args *out, struct error *err);

extern const char wrap_usage[];
