/* SPDX-License-Identifier: Apache-2.0 */
/* What the hook tells the container's event journal. */
#pragma once

#include "hook.h"

/* Opens the journal in the container's directory; what went wrong before is written to it. */
void report_open(struct hook *hook, int container_dir);

/* "created", one "setting" for each, and what annotations asked for in vain. */
void report_created(struct hook *hook, int container_dir);

/* "drift": a setting that was changed by somebody else and was corrected. */
void report_drift(struct hook *hook, const struct setting_result *result);
