/* SPDX-License-Identifier: Apache-2.0 */
/* What the runtime is asked to do. */
#pragma once

#include <stdbool.h>

#include "runtime_cmd.h"

/*
 * Does the command line make a container: `create` or `run`? *cmd (owned) tells the bundle and the
 * id. A command line that cannot be read is none that makes one: the runtime will refuse it.
 */
bool command_makes_container(const char *runtime, char *const rest[], struct runtime_cmd *cmd);
