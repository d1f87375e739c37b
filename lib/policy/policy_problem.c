/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "policy_load.h"

#define PROBLEMS_MAX 100 /* a file that is wrong all over needs no longer list */
#define WARNINGS_MAX 50	 /* and warnings never take the room of errors */

int policy_problem_add(struct policy_problems *problems, const struct json *at, const char *key,
		       bool warning, const char *format, ...)
{
	struct policy_problem *items, *problem;
	char text[768];
	va_list args;

	if (problems->len >= (warning ? WARNINGS_MAX : PROBLEMS_MAX))
		return 0;
	items = realloc(problems->items, (problems->len + 1) * sizeof(*items));
	if (!items)
		return -ENOMEM;
	problems->items = items;
	problem = &items[problems->len++];
	*problem = (struct policy_problem){.warning = warning, .line = at->line};
	snprintf(problem->file, sizeof(problem->file), "%s", at->source ? at->source : "");
	snprintf(problem->key, sizeof(problem->key), "%s", key);
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	error_say(&problem->error, EINVAL, "%s:%u: %s%s%s", problem->file, problem->line,
		  problem->key, *key ? ": " : "", text);
	return 0;
}

void policy_problems_free(struct policy_problems *problems)
{
	free(problems->items);
	*problems = (struct policy_problems){0};
}
