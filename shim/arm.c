/* SPDX-License-Identifier: Apache-2.0 */
/* From the plan to an armed guard: everything opened, the baseline taken, nothing yet watched. */
#include "guard.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"
#include "clock.h"
#include "config.h"
#include "confine.h"
#include "identity.h"
#include "open.h"
#include "proc.h"

#define LOCK_WAIT_MS 2000 /* for the shim of the incarnation before to leave */

static int open_state(struct guard *guard, const char *key, struct error *err)
{
	snprintf(guard->key, sizeof(guard->key), "%s", key);
	guard->container = state_container_open(&guard->root, key, false, err);
	if (guard->container < 0)
		return guard->container;
	guard->lock = state_lock(guard->container, STATE_SHIM_LOCK, LOCK_WAIT_MS);
	if (guard->lock < 0)
		return error_set(err, -guard->lock, "lock %s: another shim guards this container",
				 STATE_SHIM_LOCK);
	return plan_read(guard->container, &guard->plan, err);
}

/* Pids and start times are of one boot. */
static int check_boot(const struct guard *guard, struct error *err)
{
	char boot_id[37];

	if (proc_boot_id(guard->procfd, boot_id) == 0 && strcmp(boot_id, guard->plan.boot_id) != 0)
		return error_say(err, ESRCH, "the plan is of an earlier boot");
	return 0;
}

/* Into memory that is zero: long runs of zeros, as empty lists are, take no page then. */
static void copy_sparse(void *to, const void *from, size_t len)
{
	static const char zeros[256];

	for (size_t at = 0; at < len; at += sizeof(zeros)) {
		size_t piece = len - at < sizeof(zeros) ? len - at : sizeof(zeros);

		if (memcmp((const char *)from + at, zeros, piece) != 0)
			memcpy((char *)to + at, (const char *)from + at, piece);
	}
}

/* Keeps the few values of the policy that are needed from now on, and drops the rest. */
static int keep_policy(struct guard *guard, struct error *err)
{
	int r;

	copy_sparse(&guard->profile_copy, &guard->plan.policy->profile,
		    sizeof(guard->profile_copy));
	guard->profile = &guard->profile_copy;
	r = score_open(&guard->scores, &guard->plan, guard->profile, err);
	if (r == 0)
		r = keep_open(&guard->keep, &guard->plan, guard->profile, &guard->memcg, err);
	guard->max_concurrent_restarts = guard->plan.policy->host.max_concurrent_restarts;
	snprintf(guard->profile_name, sizeof(guard->profile_name), "%s",
		 guard->plan.policy->profile_name);
	effective_policy_free(take_ptr(guard->plan.policy));
	free(take_ptr(guard->plan.settings));
	json_free(take_ptr(guard->plan.identity.annotations));
	return r;
}

static void aim(struct guard *guard)
{
	guard->target = (struct kill_target){
	    .memcg = &guard->memcg,
	    .procfd = guard->procfd,
	    .init_pidfd = guard->init_pidfd,
	    .init = guard->plan.init_pid,
	    .controller = guard->memcg.version == CGROUP_V1 ? "memory" : NULL,
	    .pids = guard->pids,
	    .interrupted = guard_interrupted,
	    .context = guard,
	};
}

static void open_records(struct guard *guard)
{
	/* Each may fail alone (full disk): the guard goes on without. */
	journal_open(&guard->journal, guard->container, guard->plan.identity.id);
	guard->journal.foreground = guard->foreground;
	guard->incidents = incidents_open(guard->root.incidents_path, true, NULL);
	history_key(&guard->plan.identity, &guard->history);
	history_load(&guard->root, &guard->history, NULL);
	history_expire(&guard->history, clock_ms(CLOCK_BOOTTIME),
		       guard->profile->restart.within_ms);
	guard->cancelled = faccessat(guard->container, STATE_CANCELLED, F_OK, 0) == 0;
}

/* Not having it is no reason not to guard. */
static void watch_settings(struct guard *guard)
{
	int r = keep_watch(&guard->keep, &guard->watch);

	if (r < 0)
		journal_event(
		    &guard->journal, JOURNAL_WARNING, "problem",
		    "inotify is not to be had (%s): a setting that somebody changes, or "
		    "on cgroup v1 a cgroup made below the container, is noticed only when "
		    "something else happens",
		    strerrordesc_np(-r));
}

static int first_status(struct guard *guard, struct error *err)
{
	struct proc_stat self;
	int r = proc_stat_read(guard->procfd, getpid(), &self);

	if (r < 0)
		return error_set(err, -r, "read our own start time");
	guard->status.shim_pid = self.pid;
	guard->status.shim_start_ticks = self.start_ticks;
	guard->status.init_pid = guard->plan.init_pid;
	guard->status.init_start_ticks = guard->plan.init_start_ticks;
	guard->status.restarts = (unsigned)guard->history.len;
	guard->status.scores = guard->scores.way;
	return 0;
}

/*
 * What is accounted for already: by the shim whose place we take, else all from before the user's
 * program ran. Kills since then, while nobody watched, are found by the first look.
 */
static int take_baseline(struct guard *guard, struct error *err)
{
	struct memcg_counters now;
	struct shim_status before;
	int r = memcg_counters_read(&guard->memcg, &now);

	if (r < 0)
		return error_set(err, -r, "read the counters of %s", guard->memcg.dir);
	guard->seen = guard->found = now;
	if (status_read(guard->container, &before, NULL) == 0 && before.seen.known &&
	    before.init_pid == guard->plan.init_pid &&
	    before.init_start_ticks == guard->plan.init_start_ticks)
		guard->seen = before.seen;
	else if (guard->plan.baseline.known)
		guard->seen = guard->plan.baseline;
	guard->armed = guard->seen;
	guard->armed_ms = clock_ms(CLOCK_REALTIME);
	return 0;
}

int guard_prepare(struct guard *guard, const char *state_root, struct cgroup_mounts *mounts,
		  struct error *err)
{
	int r;

	mounts->len = 0;
	guard->procfd = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (guard->procfd < 0)
		return error_set(err, errno, "open /proc");
	r = cgroup_mounts_read(guard->procfd, mounts, err);
	if (r < 0)
		return r;
	evidence_listen(&guard->evidence);
	return state_root_open(state_root, false, &guard->root, err);
}

int guard_arm(struct guard *guard, const struct cgroup_mounts *mounts, const char *key,
	      struct error *err)
{
	int r;

	guard->disabled_file = OOMGUARD_DISABLED_FILE;
	guard->disabled_dir = guard->disabled_above = -1;
	r = open_state(guard, key, err);
	if (r < 0 || (r = check_boot(guard, err)) < 0 || (r = keep_policy(guard, err)) < 0 ||
	    (r = guard_open(guard, mounts, err)) < 0)
		return r;
	aim(guard);
	open_records(guard);
	score_listen(&guard->scores, &guard->watch, guard->plan.init_pid);
	watch_settings(guard);
	guard_watch_switch(guard);
	r = take_baseline(guard, err);
	if (r < 0)
		return r;
	r = tight_open(guard, err);
	if (r == 0)
		r = first_status(guard, err);
	if (r == 0)
		guard_start_helper(guard);
	return r;
}
