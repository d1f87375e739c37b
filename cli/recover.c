/* SPDX-License-Identifier: Apache-2.0 */
#include "recover.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "clock.h"
#include "incarnation.h"
#include "journal.h"
#include "launch.h"
#include "proc.h"

/* A shim waits this long for the lock of the one before, and then arms in some milliseconds. */
#define ARM_WAIT_MS 10000
#define STATUS_WAIT_MS 2000
#define STEP_MS 5

/* Into the container's own journal and the log: whoever reads what happened finds the gap. */
static void tell(int dirfd, const struct recovery *recovery)
{
	cleanup_free struct journal *journal = malloc(sizeof(*journal));

	if (!journal)
		return;
	journal_open(journal, dirfd, recovery->id);
	if (recovery->watched)
		journal_event(journal, JOURNAL_WARNING, "recovered",
			      "the shim was gone; another one, pid %d, watches from now on",
			      recovery->shim_pid);
	else
		journal_event(journal, JOURNAL_ERROR, "problem",
			      "the shim is gone, and no other one could be started: %s",
			      recovery->why);
	journal_close(journal);
}

/* The shim says that it is armed, and writes its status then: until it has, the dead one's is
 * there.
 */
static int find_pid(int procfd, int dirfd)
{
	for (unsigned waited = 0; waited < STATUS_WAIT_MS; waited += STEP_MS) {
		cleanup_close int pidfd = -1;
		struct shim_status status;

		if (status_read(dirfd, &status, NULL) == 0)
			pidfd = shim_open(procfd, &status);
		if (pidfd >= 0 && !pidfd_exited(pidfd))
			return status.shim_pid;
		sleep_us(STEP_MS * 1000);
	}
	return 0;
}

static void start_shim(const struct state_root *root, int procfd, int dirfd, struct recovery *out)
{
	struct error err = {0};
	int r = launch_shim(root->path, out->key, ARM_WAIT_MS, &err);

	out->watched = r == 0;
	if (r < 0)
		snprintf(out->why, sizeof(out->why), "%.500s", err.message);
	else
		out->shim_pid = find_pid(procfd, dirfd);
}

int recover_container(const struct state_root *root, const char *key, int procfd,
		      struct recovery *out)
{
	cleanup_close int dirfd = state_container_open(root, key, false, NULL);
	cleanup_close int lock = -1;
	struct guarding_facts facts;
	struct plan plan = {0};
	struct error err = {0};
	bool has_plan;

	*out = (struct recovery){0};
	snprintf(out->key, sizeof(out->key), "%s", key);
	if (dirfd < 0)
		return dirfd;
	lock = state_lock(dirfd, STATE_LOCK, 0);
	has_plan = plan_read(dirfd, &plan, &err) == 0;
	out->id = strdup(has_plan ? plan.identity.id : key);
	guarding_read(procfd, dirfd, has_plan ? &plan : NULL, &facts);
	/* One that is ours is no hook's. */
	facts.hook_at_work = lock < 0;
	out->before = guarding_judge(&facts);
	if (has_plan)
		plan_free(&plan);
	if (!out->id)
		return -ENOMEM;
	/* What to guard stands in the plan: nothing can be started without it. */
	if (out->before == GUARDING_UNREADABLE)
		snprintf(out->why, sizeof(out->why), "its state cannot be read: %.450s",
			 err.message);
	if (out->before != GUARDING_LOST)
		return 0;
	out->tried = true;
	start_shim(root, procfd, dirfd, out);
	tell(dirfd, out);
	return 0;
}

bool recovery_failed(const struct recovery *recovery)
{
	return recovery->before == GUARDING_UNREADABLE ||
	       (recovery->before == GUARDING_LOST && !recovery->watched);
}
