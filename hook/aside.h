/* SPDX-License-Identifier: Apache-2.0 */
/* The kill switch (disabled.h): the container passes as if there were no hook. */
#pragma once

#include "hook.h"

/* `file` is the switch that was found. Says so in the log where a container comes up unguarded. */
void step_aside(struct hook *hook, const char *file);
