/* SPDX-License-Identifier: Apache-2.0 */
#include "workload.h"

#include <errno.h>
#include <unistd.h>

#include "say.h"

void workload_take_signals(struct inherited_signals *before)
{
	struct sigaction standard = {.sa_handler = SIG_DFL};
	sigset_t all;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before->mask);
	sigaction(SIGCHLD, &standard, &before->child);
}

int workload_exec(char *const program[])
{
	int code;

	execvp(program[0], program);
	code = errno;
	say("cannot run \"%s\": %s", program[0], errno_text(code));
	return code == ENOENT ? EXIT_NOT_FOUND : EXIT_NOT_EXECUTABLE;
}

static void set_score(const struct score *score)
{
	int r = score->set ? score_apply(score) : 0;

	if (r < 0)
		say("oom_score_adj %s%d of the workload is not set: %s%s",
		    score->relative ? "+" : "", score->value, errno_text(-r),
		    r == -EACCES ? " (to lower it takes CAP_SYS_RESOURCE)" : "");
}

pid_t workload_start(char *const program[], const struct score *score, const struct place *place,
		     const struct inherited_signals *before)
{
	pid_t pid = fork();

	if (pid < 0)
		return -errno;
	if (pid > 0)
		return pid;
	place_take(place);
	set_score(score);
	sigaction(SIGCHLD, &before->child, NULL);
	sigprocmask(SIG_SETMASK, &before->mask, NULL);
	_exit(workload_exec(program));
}
