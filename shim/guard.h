/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One guarded container: everything the shim holds while it watches. Made by guard_prepare() and
 * guard_arm(), used by the loop in main.c, the OOM's story in oom.c and the restart's in restart.c.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "decide.h"
#include "evidence.h"
#include "helper.h"
#include "history.h"
#include "incident.h"
#include "journal.h"
#include "keep.h"
#include "kill.h"
#include "memcg.h"
#include "plan.h"
#include "score.h"
#include "slow.h"
#include "state.h"
#include "status.h"
#include "tight.h"
#include "watch.h"

/* What of the incident at hand is in the counters already (count.h). */
struct counted {
	uint64_t kills; /* of status.oom_kills */
	bool begun, done;
};

struct guard {
	/* Given. */
	struct plan plan; /* without policy, settings and annotations once they were used */
	const struct profile *profile;
	struct profile profile_copy;
	char profile_name[POLICY_PROFILE_MAX];
	unsigned max_concurrent_restarts;
	bool foreground;

	/* Held. */
	struct state_root root;
	char key[STATE_KEY_MAX];
	int container; /* containers/KEY */
	int lock;      /* shim.lock; -1 once given up for a restart */
	int incidents; /* -1: records cannot be kept */
	int procfd;
	int init_pidfd;
	struct memcg memcg;
	bool ahead;   /* opened before the plan was there, see open.h */
	int pids_dir; /* v1: the container's directory in the pids hierarchy, or -1 */
	struct watch watch;
	struct helper helper;
	struct score_guard scores;
	struct keep keep;
	struct evidence evidence;
	struct tight tight;
	struct kill_target target;
	struct slow_reader slow;

	/* Known. */
	struct memcg_counters seen;    /* accounted for so far */
	struct memcg_counters armed;   /* at arming */
	struct memcg_counters found;   /* when it was armed: what is not in `seen` nobody watched */
	struct memcg_counters parting; /* the last ones, since the init has ended */
	uint64_t armed_ms;	       /* CLOCK_REALTIME */
	struct restart_history history;
	struct journal journal;
	struct shim_status status;
	struct incident incident; /* the one at hand, or the last one */
	struct counted counted;
	bool settled; /* its memory is */
	bool cancelled;
	bool leave;		   /* SIGTERM came */
	bool aside;		   /* stands aside for the kill switch */
	const char *disabled_file; /* the host's kill switch; NULL: none */
	int disabled_dir;	   /* its directory, watched; -1: not there */
	int disabled_above;	   /* the one above it: there may be another directory one day */
	bool switch_told;	   /* the state root is watched too */
	bool init_ended;
	uint64_t zombies_counted_ms; /* CLOCK_MONOTONIC; 0: never */
	bool zombies_told;	     /* and not fewer since */
	char why_not[192];	     /* plan.restart.why, when the helper was lost */
	bool handed_over; /* a new incarnation has its own shim: nothing of the state is ours */
	/* <root>/<id> of the runtime at arming. */
	ino_t state_dir_inode;
	dev_t state_dir_device;

	/* Large and mostly untouched: last, so that what is used lies on few pages. */
	pid_t pids[KILL_PIDS_MAX];
	char text[INCIDENT_BUFFER_BYTES]; /* an incident on its way to the file */
	struct scene_timeline timeline;
	struct scene scene; /* of the incident at hand, or the last one */
};

/* --- arm.c, once, before anything is watched --- */

/* What needs no plan, while the hook still makes it. *mounts is to be freed, also after a failure.
 */
int guard_prepare(struct guard *guard, const char *state_root, struct cgroup_mounts *mounts,
		  struct error *err);
/*
 * Opens everything the plan names, starts the helper if a restart may be needed, arms the watch
 * and takes the baseline. Nothing is watched when it fails. Kills from before it are looked for by
 * guard_missed().
 */
int guard_arm(struct guard *guard, const struct cgroup_mounts *mounts, const char *key,
	      struct error *err);

/* --- oom.c: from the wake-up to the record --- */

/* The story of one possible OOM, from the wake-up to the record. Returns true when the shim is
 * done with this container. */
bool guard_oom(struct guard *guard);

/* Kills are counted that nobody has accounted for. The journal tells of those that came while no
 * shim watched. */
bool guard_missed(struct guard *guard);

/* The init ended: one last read, then the end or an OOM. Always the end of watching. */
void guard_init_ended(struct guard *guard);

/* --- account.c: the kernel's kills, each accounted for once --- */

/* Has the kernel killed since what was accounted for? */
bool oom_kill_counted(const struct memcg_counters *now, const struct memcg_counters *seen);
/* What the kernel has counted by now. Once the init has ended the cgroup may go at any moment: the
 * last reading holds then. */
int guard_counters(struct guard *guard, struct memcg_counters *now);
/* Adds what came since to the incident at hand. */
void guard_account(struct guard *guard, const struct memcg_counters *now);
/* One that came while the evidence was read, and that the log has named already, is of this
 * incident. */
void guard_count_named(struct guard *guard);
/* Kills that came between the decision and the end of its action belong to the same incident. */
void guard_count_late(struct guard *guard);

/* --- facts.c, sample.c: reading --- */

/* All that the decision needs to know of a counted kill; waits at most for the evidence's budget
 * and the respawn grace. */
void guard_facts(struct guard *guard, uint64_t start_us, struct oom_facts *facts);

/* What can be done with the container now: the way to restart it, the budget. */
void guard_abilities(struct guard *guard, struct oom_facts *facts);

/* One reading. Negative errno: the cgroup is gone. Hot path. */
int guard_sample(const struct guard *guard, struct stall_sample *out);

/* --- act.c: doing what was decided, and what could not be read before --- */

/* Does what was decided, and fills in the incident. True when nothing is left to watch. */
bool guard_act(struct guard *guard, const struct oom_facts *facts, struct decision *decision);

/* What could not be read before the action, into the incident. `killed`: nobody is left. */
void guard_enrich(struct guard *guard, bool killed);

/* --- guard_helper.c, restart.c: running the container again --- */

/*
 * The helper is forked while all is still permitted, and only where a restart can come to it.
 * Without it the container is guarded all the same: it is not restartable then, and that is told.
 */
void guard_start_helper(struct guard *guard);

/* The helper is lost or never was: no restart from now on, for this reason. */
void guard_no_helper(struct guard *guard, const char *why);

/* Handles the helper's end, out of a set of watch_event; an answer that comes too late is dropped.
 */
void guard_helper_event(struct guard *guard, int events);

/*
 * Counts a restart against the budget. False when it could not be recorded: a budget that nobody
 * keeps bounds nothing, so the decision becomes to give up.
 */
bool guard_count_restart(struct guard *guard, struct decision *decision);

/*
 * Waits out the backoff, takes a slot, has the helper run the container again; on failure tries
 * again while the budget lasts. Fills in the incident's result.
 */
void guard_restart(struct guard *guard, const struct oom_facts *facts, struct decision *decision);

/* --- rescore.c: scores --- */

/* Scores: of what the events told, and what it is time for. */
void guard_step_scores(struct guard *guard, int events);

/* settings.keep: somebody else's value of the init's score is put back. */
void guard_keep_scores(struct guard *guard);

/* The scores of all processes, now. It allocates, so not between an OOM and the action. */
void guard_rescore(struct guard *guard);

/* --- stop.c, aside.c: what interrupts us --- */

/* Handles SIGTERM and SIGUSR1 out of a set of watch_event. */
void guard_signals(struct guard *guard, int events);

/* Polls for signals only; true when the shim was told to leave. For kill_target. */
bool guard_interrupted(void *guard);

/* Is the kill switch on? Looks at its files. */
bool guard_switched_off(const struct guard *guard);

/* The same as guard_interrupted(), or the kill switch is on: what has not begun is not to begin. */
bool guard_stopped(struct guard *guard);

/*
 * Has changes of the kill switch wake the loop, from now on. Where that is not to be had it is
 * noticed by the look before each action. To be called again at each WATCH_SWITCH, before the
 * switch is looked at: its directory may have come, gone or be another one.
 */
void guard_watch_switch(struct guard *guard);

/*
 * While the kill switch is on: waits for its end, for the container's, for a signal. NULL at once
 * when it is off, and when it was removed; else why the shim is to leave.
 */
const char *guard_stand_aside(struct guard *guard);

/* --- leave.c --- */

/* Leaving in order: status, journal, the state directory when no poststop hook will do it, and then
 * what may take a while: the emptying of the cgroup. */
void guard_leave(struct guard *guard, const char *why);
