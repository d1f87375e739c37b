/* SPDX-License-Identifier: Apache-2.0 */
/* The runtime that the wrapper stands in for. */
#pragma once

#include "error.h"
#include "policy.h"

/*
 * The entry of the policy's `runtimes` with that base name; nothing else is ever executed, and
 * neither the environment nor PATH has a say. -ENOENT where there is none; -ELOOP where it is the
 * wrapper, whose program is the file `wrapper`, itself; -EINVAL where the name is neither one of runc
 * nor one of crun.
 */
int real_runtime(const struct host_policy *host, const char *name, const char *wrapper,
		 const char **path, struct error *err);

/* Can that entry be executed, here and by us? -ENOENT, -EACCES and others, with a message. */
int real_runtime_try(const char *path, struct error *err);
