/* SPDX-License-Identifier: Apache-2.0 */
/* Starts a shim again for a container that has lost its own. */
#pragma once

#include <stdbool.h>

#include "guarding.h"
#include "state.h"

struct recovery {
	char key[STATE_KEY_MAX];
	char *id; /* owned; the KEY where there is no plan */
	enum guarding before;
	bool tried;    /* it had lost its shim */
	bool watched;  /* and has one again */
	int shim_pid;  /* 0 unknown */
	char why[512]; /* why it has none */
};

/* It may live, and no shim is there. */
bool recovery_failed(const struct recovery *recovery);

/*
 * Looks at one container, and starts a shim where one is lost. Holds the container's lock
 * meanwhile, as a hook does; the shim takes shim.lock for itself, so that there are never two.
 * -ENOENT: it is gone. -ENOMEM.
 */
int recover_container(const struct state_root *root, const char *key, int procfd,
		      struct recovery *out);
