/* SPDX-License-Identifier: Apache-2.0 */
/* What the checks of `oomguard doctor` find. */
#pragma once

#include <stddef.h>

enum finding_level { FINDING_OK, FINDING_WARN, FINDING_FAIL, FINDING_LEVELS };

struct finding {
	enum finding_level level;
	const char *check; /* the check's name, static */
	char *text;	   /* what was found, owned; hostile words may be in it */
	char *remedy;	   /* what to do, owned; NULL where nothing is to be done */
};

struct findings {
	struct finding *items;
	size_t len;
	size_t count[FINDING_LEVELS];
	const char *check; /* whose findings are added */
};

/* "ok", "warn", "fail" */
const char *finding_level_name(enum finding_level level);

/* Adds one. Memory that is out ends the program: a report with holes would be believed. */
void finding_ok(struct findings *findings, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void finding_warn(struct findings *findings, const char *remedy, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void finding_fail(struct findings *findings, const char *remedy, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

void findings_free(struct findings *findings);
