/* SPDX-License-Identifier: Apache-2.0 */
/* The facts for verdicts out of a report in the kernel's log. What it does not say stays unknown.
 */
#pragma once

#include "oomlog.h"
#include "verdict.h"

#define VERDICT_LOG_VICTIMS 64

struct verdict_log {
	struct verdict_facts facts;
	struct verdict_process processes[OOMLOG_TOP];
	struct verdict_victim victims[VERDICT_LOG_VICTIMS];
};

/* Pure. `report` must outlive *out, whose facts point into both. */
void verdict_log_read(const struct oomlog_report *report, struct verdict_log *out);
