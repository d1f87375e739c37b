/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "escape.h"
#include "hook.h"

#define TEXT_MAX 1024

static void tell(bool refused, const char *text)
{
	char shown[TEXT_MAX];

	dprintf(STDERR_FILENO, "oomguard-hook: %s%s\n", refused ? "refused: " : "",
		escape_terminal(text, shown, sizeof(shown)));
}

int hook_problem(struct hook *hook, const char *format, ...)
{
	bool refused = hook_args_refuse(&hook->args);
	char text[TEXT_MAX];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	tell(refused, text);
	if (hook->logging)
		journal_event(&hook->journal, JOURNAL_ERROR, "problem", "%s%s",
			      refused ? "refused: " : "", text);
	if (refused)
		return -ECANCELED;
	plan_problem(&hook->plan, "%s", text);
	return 0;
}

int hook_failed(struct hook *hook, int r, const char *what)
{
	int refused = hook_problem(hook, "%s", what);

	return refused < 0 ? refused : r;
}

void hook_note(struct hook *hook, const char *format, ...)
{
	char text[TEXT_MAX];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (hook->logging)
		journal_event(&hook->journal, JOURNAL_WARNING, "problem", "%s", text);
	plan_problem(&hook->plan, "%s", text);
}

int hook_keep_problems(const struct hook *hook, int container_dir, size_t before)
{
	if (hook->plan.problems_len == before)
		return 0;
	return plan_write(container_dir, &hook->plan, NULL) < 0 ? -EIO : 0;
}
