/* SPDX-License-Identifier: Apache-2.0 */
/* The workload's oom_score_adj, set in the child before exec; see proc(5). */
#pragma once

#include <stdbool.h>

struct score {
	bool set;      /* false: the workload keeps what it inherits */
	bool relative; /* add `value` to what is inherited, at most up to 1000 */
	int value;
};

/* Reads "N" or "+N", -1000 to 1000. False: the text is none of these. */
bool score_parse(const char *text, struct score *out);

/*
 * Sets the calling process's own score. The caller must have its own memory (fork, not vfork):
 * the kernel gives the score to every process that shares the memory, so to the init as well.
 * Returns 0 or a negative errno.
 */
int score_apply(const struct score *score);
