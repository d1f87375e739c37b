/* SPDX-License-Identifier: Apache-2.0 */
/* The command line. Options end at PROGRAM, so that the workload's own are never read. */
#pragma once

#include <stdbool.h>

#include "score.h"

struct args {
	struct score score;
	char **program; /* PROGRAM and ARGS, ended by NULL; points into argv */
	bool help, version;
};

extern const char args_usage[];

/* False: what is wrong was said. */
bool args_parse(char **argv, struct args *out);
