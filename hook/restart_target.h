/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a container can be restarted, decided once when it is created. Pure: all it needs to know
 * stands in the facts.
 */
#pragma once

#include <stdbool.h>

#include "error.h"
#include "identity.h"
#include "plan.h"
#include "policy.h"
#include "runtime_cmd.h"

struct restart_facts {
	enum restart_via via;
	const struct identity *id;     /* id, bundle, runtime_root ("": not known), manager */
	const struct runtime_cmd *cmd; /* NULL: the parent's command line says nothing */
	const char *runtime;   /* the entry of the policy's `runtimes` that runs; NULL: none does */
	const char *start_dir; /* where the runtime was started; NULL: cannot be told */
	bool state_dir_stands; /* <runtime_root>/<id> is there */
	bool terminal;	       /* config.json: process.terminal */
};

/*
 * Fills *out (owned by the caller, who frees it with the plan it belongs to). -ENOMEM only: what
 * cannot be restarted is an answer, with its reason in `why`.
 */
int restart_target(const struct restart_facts *facts, struct restart_plan *out, struct error *err);
