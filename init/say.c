/* SPDX-License-Identifier: Apache-2.0 */
#include "say.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/*
 * A write to a pipe without a reader leaves SIGPIPE pending where it is blocked. It would be
 * forwarded to the workload, or kill the child when it gets its signal mask back.
 */
static void drop_sigpipe(void)
{
	sigset_t blocked, sigpipe;

	if (sigprocmask(SIG_BLOCK, NULL, &blocked) < 0 || !sigismember(&blocked, SIGPIPE))
		return;
	sigemptyset(&sigpipe);
	sigaddset(&sigpipe, SIGPIPE);
	sigtimedwait(&sigpipe, NULL, &(struct timespec){0});
}

void say(const char *format, ...)
{
	static const char name[] = "oomguard-init: ";
	size_t used = sizeof name - 1;
	char line[512];
	va_list words;
	int n;

	memcpy(line, name, used);
	va_start(words, format);
	n = vsnprintf(line + used, sizeof line - used, format, words);
	va_end(words);
	if (n < 0)
		return;
	used += (size_t)n;
	if (used > sizeof line - 1)
		used = sizeof line - 1;
	line[used++] = '\n';
	if (write(STDERR_FILENO, line, used) < 0 && errno == EPIPE)
		drop_sigpipe();
}

const char *errno_text(int code)
{
	const char *text = strerrordesc_np(code);

	return text ? text : "unknown error";
}
