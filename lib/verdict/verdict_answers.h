/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a tired person asks first, answered from the facts: which limit was hit, who was killed, who
 * should have been. Pure. Text is not escaped.
 */
#pragma once

#include "verdict.h"

enum verdict_choice_kind {
	CHOICE_UNKNOWN, /* sizes are not known */
	CHOICE_NOBODY,	/* no kill frees what fills the limit */
	CHOICE_PROCESS	/* the one named */
};

/* Whom a kill should have taken: the one whose end frees most, the init only if it is that one. */
struct verdict_choice {
	enum verdict_choice_kind kind;
	int pid;
	const char *comm;    /* borrowed */
	struct figure bytes; /* what it holds; unknown for the parent of zombies */
	bool is_protected;   /* by oom_score_adj -1000: the kernel could not take it */
	bool was_killed;     /* by the kernel, in this event */
	const char *why;     /* "the largest process" */
};
void verdict_choose(const struct verdict_facts *facts, struct verdict_choice *out);

/* "the container's own: 64 MiB (/web)". Returns buf. */
const char *verdict_limit_text(const struct verdict_facts *facts, char *buf, size_t cap);
/* "load (pid 12, 60 MiB) and 3 more", "nobody". Returns buf. */
const char *verdict_killed_text(const struct verdict_facts *facts, char *buf, size_t cap);
/* "load (pid 12, 60 MiB): the largest process, and it was". Returns buf. */
const char *verdict_choice_text(const struct verdict_choice *choice, char *buf, size_t cap);
