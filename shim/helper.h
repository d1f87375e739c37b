/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The helper: a process forked before the shim confines itself, because a runtime cannot run under
 * the shim's seccomp filter. It knows one verb without arguments: delete the container and run it
 * again. Everything else (when, how often) is decided by the shim. It exits when the shim does.
 */
#pragma once

#include <stdint.h>
#include <sys/types.h>

#include "error.h"
#include "plan.h"

struct helper {
	pid_t pid; /* 0: none */
	int pidfd;
	int socket;
	uint32_t number; /* of the last restart that was asked for */
};

/* What came of one restart. */
struct helper_answer {
	uint32_t number;       /* of the restart that was asked for */
	int32_t delete_status; /* wait status of `delete`, -errno when it could not be started */
	int32_t run_status;    /* wait status of `run`; -ECANCELED when delete failed */
};

/*
 * Forks it. It takes copies of the init's standard output and error, so that the next incarnation
 * writes where this one did, and nothing else of the caller.
 */
int helper_start(struct helper *helper, const struct plan *plan, int init_pidfd, struct error *err);

/* Asks for the restart; the answer makes the socket readable. Hot path. */
int helper_restart(struct helper *helper);

/* 0 and *answer; -EAGAIN while there is none; -EPIPE when the helper is gone. The answer to an
 * earlier restart than the last one is dropped. */
int helper_answer(const struct helper *helper, struct helper_answer *answer);

/*
 * Ends it: EOF on its socket, which keeps it from a `run` it has not begun, and SIGKILL when it
 * waits for a runtime that hangs. Then reaped. Takes a good second at most.
 */
void helper_stop(struct helper *helper);
