/* SPDX-License-Identifier: Apache-2.0 */
/* The hook's command line. The runtime passes args[0] freely, so nothing is read from it. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "error.h"
#include "spec.h"

struct hook_args {
	enum spec_stage stage;
	const char *policy;  /* absolute, or NULL: the compiled-in path */
	const char *root;    /* absolute state root, or NULL: the default */
	const char *profile; /* in place of the policy's rules, or NULL */
	bool closed;	     /* --failure closed */
	uint64_t deadline_ms;
	bool dry_run, help, version;
};

#define HOOK_DEADLINE_MS 2000

/*
 * -EINVAL with a message. `closed` then holds what was read up to there, so that a mistake on the
 * command line fails in the mode that was asked for.
 */
int hook_args_parse(int argc, char *const argv[], struct hook_args *out, struct error *err);

/* A failure at this stage refuses the container: at poststop there is nothing left to refuse. */
bool hook_args_refuse(const struct hook_args *args);

extern const char hook_args_usage[];

const char *hook_stage_name(enum spec_stage stage);
