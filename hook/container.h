/* SPDX-License-Identifier: Apache-2.0 */
/* A container's directory in the state root, held by one hook at a time. */
#pragma once

#include "gather.h"
#include "hook.h"
#include "state.h"

struct container {
	char key[STATE_KEY_MAX];
	int dir;  /* containers/KEY; -1: none */
	int lock; /* held */
};

void container_init(struct container *container);
/* Lets go of everything; the directory stays. */
void container_close(struct container *container);

/* The key of this id below that runtime root (NULL: not known). */
void container_name(struct container *container, const char *id, const char *runtime_root);
/* Makes or opens the directory of that key, and locks it within the deadline. */
int container_make(const struct hook *hook, struct container *container, struct error *err);

/*
 * The same for one that is there, as the runtime names it: by id and runtime root, else, since a
 * runtime may have removed what a relative root is known by, by the id alone if exactly one of that
 * name has ended (or lives, with `alive`). -ENOENT: none.
 */
int container_of_state(struct hook *hook, struct gathered *g, bool alive,
		       struct container *container, struct error *err);

/*
 * The container that we would have restarted through its runtime was deleted: whoever makes one of
 * that name again starts with a full budget. A manager deletes at every restart of its own.
 */
void forget_history(const struct state_root *root, const struct plan *plan);

/* Removes what is left of containers that ended with nobody to clean up behind them. */
void container_prune(struct hook *hook, const struct container *container);
