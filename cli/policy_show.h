/* SPDX-License-Identifier: Apache-2.0 */
/* The policy of one container, key by key, with where each value came from. */
#pragma once

#include "common.h"
#include "identity.h"
#include "policy_effective.h"

struct policy_shown {
	struct identity id;
	struct effective_policy policy;
};

/* Prints it as a table, or as JSON where the user asked for that. Returns an exit code. */
int policy_show(const struct cli *cli, const struct policy_shown *shown);
