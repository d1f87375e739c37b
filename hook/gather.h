/* SPDX-License-Identifier: Apache-2.0 */
/* What can be known about the container before anything is decided. */
#pragma once

#include "hook.h"
#include "oci.h"
#include "policy_load.h"
#include "runtime_cmd.h"

struct gathered {
	struct oci_state state;
	struct oci_config config;	/* empty where it could not be read */
	struct policy_document *policy; /* owned; the built-in default where it could not be read */
	pid_t parent;			/* the runtime */
	struct runtime_cmd cmd;		/* name NULL: the parent is no runtime that we know */
	char *runtime;			/* the entry of the policy's `runtimes` it runs, or NULL */
	char *start_dir;		/* where it was started, or NULL */
};

/* The state on standard input. Without it nothing can be done: negative under open as well. */
int gather_state(struct hook *hook, struct gathered *out);
/* Policy and runtime, and with it the runtime's state root. Negative: refused. */
int gather_host(struct hook *hook, struct gathered *out);
/* Config; fills the rest of hook->plan.identity but for the cgroup. Negative: refused. */
int gather_container(struct hook *hook, struct gathered *out);
/*
 * The host's policy; under open the built-in one where it cannot be read. To be freed in any case.
 */
int hook_policy(struct hook *hook, struct policy_document *out);
/* The runtime's state root as its command line tells it, for a stage that needs the key only. */
void gather_runtime_root(struct hook *hook, struct gathered *out, char **root);
/* A pod's sandbox by the annotations that are read already. */
bool gather_says_sandbox(const struct gathered *g);
/* The same; reads the config for it. */
bool gather_is_sandbox(struct gathered *g);
void gathered_free(struct gathered *gathered);
