/* SPDX-License-Identifier: Apache-2.0 */
/* Is a container guarded, and if not, should it be? For `doctor` and `recover`. */
#pragma once

#include <stdbool.h>

#include "plan.h"

struct guarding_facts {
	bool has_plan;
	bool guarded;	   /* the plan wants a shim */
	bool init_alive;   /* the plan's */
	bool init_gone;	   /* without a plan: the shim's status names an init that does not live */
	bool shim_locked;  /* shim.lock is held */
	bool hook_at_work; /* lock is held */
	bool restarting;   /* a living shim gave shim.lock up to run the container again */
};

enum guarding {
	GUARDING_WATCHED,
	GUARDING_RESTARTING,
	GUARDING_HOOK_AT_WORK, /* whatever is missing, the hook is about to do it */
	GUARDING_UNWANTED,     /* the plan says that no shim is wanted or possible */
	GUARDING_ENDED,	       /* the init is gone: state is left, nothing to guard */
	GUARDING_UNREADABLE,   /* no plan that could be followed, and the container may live */
	GUARDING_REMAINS,      /* the same of one that is gone */
	GUARDING_LOST	       /* it lives and should be guarded, and no shim is there */
};

/* Pure. */
enum guarding guarding_judge(const struct guarding_facts *facts);

/* "watched", "restarting", "starting", "unguarded", "ended", "broken" for both, "shim-dead" */
const char *guarding_name(enum guarding guarding);

/* Reads the facts of an open state directory; `plan` NULL: it could not be read. */
void guarding_read(int procfd, int container_dir, const struct plan *plan,
		   struct guarding_facts *out);
