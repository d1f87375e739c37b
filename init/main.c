/* SPDX-License-Identifier: Apache-2.0 */
/*
 * oomguard-init: PID 1 of a container, so that init and workload have scores of their own. It
 * runs inside the container, is trusted by nobody, and knows nothing of policy or cgroups; that is
 * why it is a program apart.
 *
 * Leave to another init → run from a sealed copy → take the signals → start the workload → serve.
 */
#include <errno.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "args.h"
#include "close_own.h"
#include "config.h"
#include "other_init.h"
#include "place.h"
#include "say.h"
#include "seal.h"
#include "serve.h"
#include "workload.h"

static int print(const char *text)
{
	size_t length = strlen(text);

	return write(STDOUT_FILENO, text, length) == (ssize_t)length ? 0 : EXIT_OWN;
}

static int leave_to(const struct args *args)
{
	if (args->score.set)
		say("\"%s\" is an init itself: it runs in place of this one, with no score set",
		    args->program[0]);
	return workload_exec(args->program);
}

/* Orphans come to us as PID 1 by themselves, and otherwise only when we ask for them. */
static void adopt_orphans(void)
{
	if (getpid() != 1 && prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0)
		say("cannot adopt orphans: %s", errno_text(errno));
}

static int run(const struct args *args)
{
	struct inherited_signals before;
	struct place place = place_look();
	pid_t workload;

	workload_take_signals(&before);
	adopt_orphans();
	workload = workload_start(args->program, &args->score, &place, &before);
	if (workload < 0) {
		say("cannot fork: %s", errno_text(-(int)workload));
		return EXIT_OWN;
	}
	close_own();
	/* A working directory pins its file system. */
	if (chdir("/") < 0)
		say("cannot leave the working directory: %s", errno_text(errno));
	return serve(workload, &place);
}

int main(int argc, char **argv)
{
	const char *step = NULL;
	struct args args;
	int r;

	if (!args_parse(argv, &args))
		return EXIT_OWN;
	if (args.help)
		return print(args_usage);
	if (args.version)
		return print("oomguard-init " OOMGUARD_VERSION "\n");
	if (other_init_is(args.program))
		return leave_to(&args);
	r = seal_self(argv, &step);
	if (r < 0)
		say("runs from its own file, not from a sealed copy: %s: %s", step, errno_text(-r));
	/* An executed copy is named after its fd; the kernel's OOM report shows the name. */
	prctl(PR_SET_NAME, "oomguard-init", 0, 0, 0);
	_exit(run(&args));
}
