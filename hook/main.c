/* SPDX-License-Identifier: Apache-2.0 */
/*
 * oomguard-hook: run by an OCI runtime at the stages of a container's life. Arguments, failure
 * mode, deadline; the stages tell the rest.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "aside.h"
#include "cleanup.h"
#include "clock.h"
#include "config.h"
#include "deadline.h"
#include "disabled.h"
#include "escape.h"
#include "hook.h"
#include "measure.h"
#include "std_streams.h"

#define TEXT_MAX 1024

static int run_stage(struct hook *hook)
{
	switch (hook->args.stage) {
	case SPEC_STAGE_PRESTART:
	case SPEC_STAGE_CREATE_RUNTIME:
		return stage_create(hook);
	case SPEC_STAGE_POSTSTART:
		return stage_poststart(hook);
	case SPEC_STAGE_POSTSTOP:
		return stage_poststop(hook);
	case SPEC_STAGE_PRECREATE:
		return stage_precreate(hook);
	}
	return -EINVAL;
}

/* What kept the stage from running. podman takes nothing printed for no container. */
static int not_run(struct hook *hook, const char *why)
{
	int r = hook_problem(hook, "%s", why);

	if (r == 0 && hook->args.stage == SPEC_STAGE_PRECREATE) {
		deadline_start(hook->args.deadline_ms, false, NULL);
		precreate_pass();
	}
	return r;
}

/* `mistake` is of the arguments; code 0: there is none. */
static int run(struct hook *hook, const struct error *mistake)
{
	char switched_off[PATH_MAX], text[TEXT_MAX];
	struct error err = {0};
	int r;

	/* Where it fails, a stage that needs it fails again and tells why. */
	state_root_paths(hook->args.root, &hook->root, NULL);
	if (disabled_by(&hook->root, switched_off)) {
		/* Switched off, nothing refuses a container, whatever --failure says. */
		deadline_start(hook->args.deadline_ms, false, NULL);
		step_aside(hook, switched_off);
		return 0;
	}
	if (mistake->code) {
		snprintf(text, sizeof(text), "%s; see oomguard-hook --help", mistake->message);
		return not_run(hook, text);
	}
	/* precreate keeps its own: ended without a word it would refuse the container. */
	r = hook->args.stage == SPEC_STAGE_PRECREATE
		? 0
		: deadline_start(hook->args.deadline_ms, hook_args_refuse(&hook->args), &err);
	if (r < 0)
		return hook_problem(hook, "%s", err.message);
	hook->procfd = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (hook->procfd < 0) {
		snprintf(text, sizeof(text), "/proc cannot be opened: %s", strerrordesc_np(errno));
		return not_run(hook, text);
	}
	r = run_stage(hook);
	close(hook->procfd);
	return r;
}

int main(int argc, char *argv[])
{
	uint64_t start_us = clock_us(CLOCK_MONOTONIC);
	struct hook hook = {.procfd = -1, .root = {.dirfd = -1, .containers = -1}};
	struct error err = {0};
	int r;

	std_streams_fill();
	signal(SIGPIPE, SIG_IGN);
	r = hook_args_parse(argc, argv, &hook.args, &err);
	if (r == 0 && hook.args.help)
		return fputs(hook_args_usage, stdout) < 0 || fflush(stdout) ? EXIT_FAILURE : 0;
	if (r == 0 && hook.args.version)
		return puts("oomguard-hook " OOMGUARD_VERSION) < 0 || fflush(stdout) ? EXIT_FAILURE
										     : 0;
	hook.logging = !hook.args.dry_run;
	if (hook.logging)
		journal_open(&hook.journal, -1, "");
	r = run(&hook, &err);
	if (hook.procfd >= 0 && !hook.args.dry_run)
		measure_run(&hook, start_us);
	if (hook.logging)
		journal_close(&hook.journal);
	plan_free(&hook.plan);
	state_root_close(&hook.root);
	/* Refusing is the only way to say no. */
	return r < 0 && hook_args_refuse(&hook.args) ? EXIT_FAILURE : EXIT_SUCCESS;
}
