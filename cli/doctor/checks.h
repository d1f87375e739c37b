/* SPDX-License-Identifier: Apache-2.0 */
/* What is looked at by `oomguard doctor`, and what each finding means. Nothing here reads. */
#pragma once

#include "facts.h"
#include "finding.h"

struct check {
	const char *name;
	void (*run)(const struct doctor_facts *facts, struct findings *out);
};

/* In the order of the report. A new check is one line in the table of its file. */
extern const struct check checks_kernel[], checks_engines[], checks_containers[], checks_host[];

/* Runs all of them. */
void checks_run(const struct doctor_facts *facts, struct findings *out);
