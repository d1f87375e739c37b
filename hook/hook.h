/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One run of the hook: what was asked, what is held open, the plan in the making, and how failures
 * are told. The stages are in stage_*.c.
 */
#pragma once

#include <stdbool.h>

#include "args.h"
#include "journal.h"
#include "plan.h"
#include "state.h"

struct hook {
	struct hook_args args;
	int procfd;
	struct state_root root; /* only its paths until a stage needs it: hook_root() */
	bool logging;		/* a dry run leaves no trace in the log either */
	struct journal journal; /* only the log until the container's directory is there */
	struct plan plan;
	struct settings_given given; /* by config.json */
};

/*
 * Something failed that keeps the container from being guarded as the host declared it. Told on
 * stderr and in the log. With --failure closed returns -ECANCELED: the caller gives up, the
 * container is refused. Else it goes into the plan's problems, and 0 says: go on.
 */
int hook_problem(struct hook *hook, const char *format, ...) __attribute__((format(printf, 2, 3)));

/*
 * As hook_problem(), where nothing can follow: -ECANCELED with --failure closed, else r, which is
 * negative.
 */
int hook_failed(struct hook *hook, int r, const char *what);

/* Worth knowing, and the container is guarded all the same: goes into the plan and the log. */
void hook_note(struct hook *hook, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Opens the state root, once. -ENOENT without `create` when there is none. */
int hook_root(struct hook *hook, bool create, struct error *err);

/* Writes the plan again when problems were added since there were `before` of them. */
int hook_keep_problems(const struct hook *hook, int container_dir, size_t before);

/* 0, or negative where the container is to be refused. Each may be run twice. */
int stage_create(struct hook *hook); /* createRuntime and prestart */
int stage_poststart(struct hook *hook);
int stage_poststop(struct hook *hook);
int stage_precreate(struct hook *hook);
/* Prints what comes in, until the deadline. */
void precreate_pass(void);
