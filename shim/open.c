/* SPDX-License-Identifier: Apache-2.0 */
#include "open.h"

#include <string.h>
#include <unistd.h>

#include "cleanup.h"
#include "guard.h"
#include "proc.h"

/* The init of the plan and no other process that has its number by now. */
static int open_init(struct guard *guard, struct error *err)
{
	guard->init_pidfd =
	    pidfd_open_exact(guard->procfd, guard->plan.init_pid, guard->plan.init_start_ticks);
	if (guard->init_pidfd < 0)
		return error_set(err, -guard->init_pidfd, "open the container's init, pid %d",
				 guard->plan.init_pid);
	return 0;
}

static int open_pids_dir(const struct guard *guard, const struct cgroup_mounts *mounts, pid_t init)
{
	cleanup_free char *path = NULL;

	/* The top of the hierarchy is everybody's. */
	if (cgroup_path_of(guard->procfd, init, "pids", &path, NULL) < 0 || strcmp(path, "/") == 0)
		return -1;
	return cgroup_open(mounts, "pids", path, NULL, NULL);
}

/* What is around the memory cgroup that is open. All of it is in order for close_all() then. */
static int open_rest(struct guard *guard, const struct cgroup_mounts *mounts, pid_t init,
		     struct error *err)
{
	int watched, r;

	memcg_open_freezer(&guard->memcg, guard->procfd, mounts, init);
	watched = watch_open(&guard->watch, &guard->memcg, guard->init_pidfd, err);
	r = evidence_open(&guard->evidence, &guard->memcg, mounts, guard->procfd, init, guard->pids,
			  KILL_PIDS_MAX, &guard->scene, watched < 0 ? NULL : err);
	guard->pids_dir = open_pids_dir(guard, mounts, init);
	return watched < 0 ? watched : r;
}

static void close_all(struct guard *guard)
{
	watch_close(&guard->watch);
	cleanup_closep(&guard->pids_dir);
	evidence_close(&guard->evidence);
	memcg_close(&guard->memcg);
	cleanup_closep(&guard->init_pidfd);
}

void guard_open_ahead(struct guard *guard, const struct cgroup_mounts *mounts, pid_t init)
{
	int pidfd = pidfd_open_pid(init);

	if (pidfd < 0)
		return;
	guard->init_pidfd = pidfd;
	if (memcg_open(guard->procfd, mounts, init, &guard->memcg, NULL) < 0) {
		cleanup_closep(&guard->init_pidfd);
		return;
	}
	if (open_rest(guard, mounts, init, NULL) < 0)
		close_all(guard);
	else
		guard->ahead = true;
}

/* The pidfd came first: as long as it lives, the number is its own. */
static bool is_of_plan(const struct guard *guard)
{
	struct proc_stat stat;

	return strcmp(guard->memcg.path, guard->plan.identity.cgroup) == 0 &&
	       guard->evidence.init == guard->plan.init_pid &&
	       proc_stat_read(guard->procfd, guard->plan.init_pid, &stat) == 0 &&
	       stat.start_ticks == guard->plan.init_start_ticks && !pidfd_exited(guard->init_pidfd);
}

int guard_open(struct guard *guard, const struct cgroup_mounts *mounts, struct error *err)
{
	int r;

	if (guard->ahead && is_of_plan(guard))
		return 0;
	if (guard->ahead)
		close_all(guard);
	r = open_init(guard, err);
	if (r == 0)
		r = memcg_open_path(mounts, guard->plan.identity.cgroup, &guard->memcg, err);
	return r < 0 ? r : open_rest(guard, mounts, guard->plan.init_pid, err);
}
