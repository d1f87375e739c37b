/* SPDX-License-Identifier: Apache-2.0 */
/* All that is known of one container, read for `list` and `status`. */
#pragma once

#include <stdbool.h>

#include "common.h"
#include "history.h"
#include "memcg.h"
#include "plan.h"
#include "state.h"
#include "status.h"

/*
 * What a container is in, in one word: "watching" and the other phases of a living shim,
 * "starting", "left", "ended", "shim-dead", "unguarded", or "broken" when plan.json cannot be read.
 */
struct view {
	char key[STATE_KEY_MAX];
	const char *id;	   /* the KEY when plan.json cannot be read; borrowed */
	const char *state; /* see above */
	struct plan plan;
	bool has_plan;
	struct json *plan_file; /* as it stands there, NULL when unreadable */
	struct shim_status status;
	bool has_status;
	struct json *status_file;
	char problem[512]; /* which file could not be read and why; "" none */
	bool shim_alive;   /* shim.lock is held */
	bool cancelled;
	unsigned restarts; /* of the budget, used within its window */
	bool gave_up;
	struct memcg_usage usage;
	bool has_usage; /* the cgroup is still there */
};

/* Every word that `state` can be, ended by NULL. */
extern const char *const view_states[];

/* Reads what can be read; only -ENOENT (the container is gone) and -ENOMEM are failures. */
int view_load(const struct state_root *root, const char *key, struct view **out);
void view_free(struct view *view);

/* "namespace/pod/container", as much of it as is known (not NULL, not ""). Returns buf. */
const char *view_join_name(const char *const parts[3], char *buf, size_t cap);
const char *view_name(const struct view *view, char *buf, size_t cap);
/* "12 MiB / 64 MiB"; "" when the cgroup is gone. Returns buf. */
const char *view_memory(const struct view *view, char *buf, size_t cap);
/* The same as JSON: "usage" and "limit", null where it is not known or there is none. */
void view_fill_memory(struct jsonw *w, const struct view *view);
/* "2/5", "2/5 cancelled", "-" without a policy. Returns buf. */
const char *view_restarts(const struct view *view, char *buf, size_t cap);
/* How good the state is. */
enum cli_color view_color(const struct view *view);
