/* SPDX-License-Identifier: Apache-2.0 */
/* One incident, read and judged: what text, page and JSON are made of. */
#pragma once

#include "common.h"
#include "json.h"
#include "verdict_answers.h"
#include "verdict_record.h"

struct report {
	const char *name;	   /* of the incident */
	const struct json *record; /* borrowed */
	struct verdict_record read;
	struct verdicts verdicts;
	struct verdict_choice choice;
};

/* Both `name` and `record` must outlive it. To be freed in any case. -ENOMEM. */
int report_make(const char *name, const struct json *record, struct report *out);
void report_free(struct report *report);

/* The verdict that leads; NULL when no rule applies. */
const struct verdict *report_lead(const struct report *report);
/* Its title, or that there is none. */
const char *report_title(const struct report *report);
/* What to do; a sentence in any case. */
const char *report_advice(const struct report *report);

/* What was done about it: "freed: enable-oom-killer helped". Not escaped. Returns buf. */
const char *report_done_text(const struct json *record, char *buf, size_t cap);
/* "web" or "namespace/pod/container", as much as is known. Not escaped. Returns buf. */
const char *report_container_text(const struct json *record, char *buf, size_t cap);

/* A member of a record's object: a size for people, "none" for a limit that is null. */
const char *report_size_text(const struct json *object, const char *key, char *buf, size_t cap);
/* A string member, "" when it is none. */
const char *report_string(const struct json *object, const char *key);
/* A number member; `otherwise` when it is none. */
uint64_t report_number(const struct json *object, const char *key, uint64_t otherwise);

/* Memory of one of a record's processes as rules count it: anonymous, shared, in swap. */
struct figure report_footprint(const struct json *process);
/* "2026-11-25 10:11:12.345 UTC" of a record's time. Returns buf. */
const char *report_time_text(const struct json *record, char *buf, size_t cap);
/* Microseconds for people, fine below a millisecond: "228 µs", "4.1 ms", "1 s". Returns buf. */
const char *report_us_text(uint64_t us, char *buf, size_t cap);

/* The three forms. Each returns an exit code. */
int report_show_text(const struct cli *cli, const struct report *report);
int report_show_json(const struct report *report);
/* Writes the page to `path` by temporary file, fsync, rename, 0600; "-" is standard output. */
int report_show_html(const struct report *report, const char *path);
