/* SPDX-License-Identifier: Apache-2.0 */
/* Edits the config.json of the bundle that a runtime is about to read. */
#pragma once

#include "policy_load.h"
#include "runtime_cmd.h"
#include "spec_guard.h"

/*
 * `dir` is the bundle as the command line names it, "" for the working directory. `what` lacks the
 * bundle's path, which is told here. 0: edited, or nothing had to be; a missing bundle or
 * config.json is left to the runtime to tell. `problem` is as in struct spec_guarded;
 * with hook->closed one is an error, and nothing is edited.
 */
int bundle_edit(const char *dir, struct spec_guard *what, char problem[static 768],
		struct error *err);
