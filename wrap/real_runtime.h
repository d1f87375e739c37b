/* SPDX-License-Identifier: Apache-2.0 */
/* The runtime that is stood in for. */
#pragma once

#include "error.h"
#include "policy.h"

/*
 * The entry of the policy's `runtimes` with that base name; nothing else is ever executed, and
 * neither the environment nor PATH has a say. -ENOENT where there is none; -ELOOP where it is this
 * very program.
 */
int real_runtime(const struct host_policy *host, const char *name, const char **path,
		 struct error *err);
