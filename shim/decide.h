/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The decision: facts in, decision out. No clock, no file, no kernel. tests/unit/test_decide.c is
 * its table.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "plan.h"
#include "policy.h"

/* How the container's init is. */
enum init_end {
	INIT_ALIVE,
	INIT_OOM_KILLED, /* it was the kernel's victim */
	INIT_ENDED,	 /* it ended in another way: an exit, another signal */
	INIT_END_UNKNOWN /* it ended and nothing tells how */
};

/* Whose limit ran out. */
enum limit_owner { LIMIT_OF_UNKNOWN, LIMIT_OF_CONTAINER, LIMIT_OF_ANCESTOR, LIMIT_OF_HOST };

struct oom_facts {
	uint64_t kills; /* counted by the kernel in this event, not zero */
	enum init_end init;
	enum limit_owner limit;
	bool group;  /* memory.oom.group killed all */
	bool healed; /* the victim's parent runs a replacement of the same name */
	/* What can be done. */
	enum restart_way way;
	const char *way_why;	/* may be NULL */
	bool cancelled;		/* `oomguard cancel` */
	unsigned restarts_used; /* within the window */
};

enum step {
	STEP_REPORT,
	STEP_KILL,	/* all processes of the container */
	STEP_RESTART,	/* kill, back off, run again by the runtime */
	STEP_KILL_INIT, /* the manager restarts it */
	STEP_GIVE_UP_KILL,
	STEP_GIVE_UP_LEAVE
};

struct decision {
	enum oom_slot slot;
	enum policy_action asked; /* what onOom says for the slot */
	enum step step;
	unsigned restart_number; /* 1 for the first within the window; 0: no restart */
	uint64_t backoff_ms;	 /* STEP_RESTART */
	char reason[192];	 /* in words, for journal and incident */
};

/* Which slot of onOom it is: host over ancestor over group over init over process. */
enum oom_slot decide_slot(const struct oom_facts *facts);

void decide(const struct profile *profile, const struct oom_facts *facts, struct decision *out);

/* The same for an action that no slot of onOom asks for (a pile of zombies): out->asked is set. */
void decide_asked(const struct profile *profile, const struct oom_facts *facts, const char *because,
		  struct decision *out);

/* The next try after a rerun that failed. The container is gone, so giving up only reports. */
void decide_after_failed_restart(const struct profile *profile, const struct oom_facts *facts,
				 struct decision *out);

/* Does the policy restart anything at all? */
bool decide_may_restart(const struct profile *profile);

/* initial × factor^used, at most max. */
uint64_t decide_backoff_ms(const struct profile *profile, unsigned used);

/* "report", "kill", "restart", "give-up": the incident's and the journal's word. */
const char *step_name(enum step step);
