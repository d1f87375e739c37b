/* SPDX-License-Identifier: Apache-2.0 */
/* From an incident's record (schema/incident.schema.json) to the facts that verdicts are asked of.
 */
#pragma once

#include "json.h"
#include "verdict.h"

/* The facts, and the lists they point to. Text points into the record. */
struct verdict_record {
	struct verdict_facts facts;
	struct verdict_process *processes, *unkilled;
	struct verdict_victim *victims;
	struct verdict_detail *details;
	struct verdict_zombies *zombies;
	struct verdict_sample *timeline;
};

/*
 * Reads what is there; what is missing, null or of another form stays unknown. `record` must
 * outlive *out, which is to be freed in any case. -ENOMEM only.
 */
int verdict_record_read(const struct json *record, struct verdict_record *out);
void verdict_record_free(struct verdict_record *record);
