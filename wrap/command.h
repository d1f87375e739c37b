/* SPDX-License-Identifier: Apache-2.0 */
/* What the runtime is asked to do. */
#pragma once

#include "error.h"
#include "runtime_cmd.h"

/*
 * Do the words, the runtime's name and its arguments ended by NULL, make a container: `create` or
 * `run`? 1: they do, and *cmd (owned) tells the bundle and the id. 0: no, or the runtime only says
 * why it does not: it is asked for help, or has no id. Negative: they do, and cannot be read.
 */
int command_makes_container(const char *const words[], struct runtime_cmd *cmd, struct error *err);
