/* SPDX-License-Identifier: Apache-2.0 */
#include "kill.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cgroup.h"
#include "cleanup.h"
#include "clock.h"
#include "proc.h"

#define ROUNDS_BEFORE_FREEZE 5 /* a tree that still grows then is a fork bomb */
#define FREEZE_WAIT_MS 50      /* a task in D does not freeze: go on without */

/*
 * Signals one process if it still is a member. The pidfd is opened first: should the number be
 * another process's by the time its folder is opened, the signal goes to nobody.
 */
bool signal_member(const struct kill_target *target, pid_t pid, int signal)
{
	cleanup_close int pidfd = pidfd_open_pid(pid);
	cleanup_close int folder = -1;
	char name[16];

	if (pidfd < 0)
		return false;
	snprintf(name, sizeof(name), "%d", pid);
	folder = openat(target->procfd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return folder >= 0 && cgroup_holds(folder, target->controller, target->memcg->path) &&
	       pidfd_signal(pidfd, signal) == 0;
}

/* Who is listed now, and the init once it has got SIGKILL, listed still or not. */
static unsigned count_members(const struct kill_target *target, bool init_killed)
{
	ssize_t n = cgroup_procs(target->memcg->dirfd, target->pids, KILL_PIDS_MAX);
	unsigned members = n > 0 ? (unsigned)n : 0;

	for (ssize_t i = 0; i < n && i < KILL_PIDS_MAX; i++)
		if (target->pids[i] == target->init)
			return members;
	return members + init_killed;
}

/* One round over all that are listed now. Returns how many were not on their way out before. */
static unsigned kill_listed(const struct kill_target *target, bool init_killed, bool first_round)
{
	ssize_t n = cgroup_procs(target->memcg->dirfd, target->pids, KILL_PIDS_MAX);
	unsigned killed = 0;

	for (ssize_t i = 0; i < n && i < KILL_PIDS_MAX; i++) {
		pid_t pid = target->pids[i];
		bool again = (init_killed && pid == target->init) ||
			     (!first_round && proc_dying(target->procfd, pid));

		if (signal_member(target, pid, SIGKILL) && !again)
			killed++;
	}
	return killed;
}

static void at_least(unsigned *count, unsigned seen)
{
	if (*count < seen)
		*count = seen;
}

static bool frozen(const struct kill_target *target)
{
	char text[64];

	if (target->memcg->version == CGROUP_V2)
		return cgroup_read(target->memcg->dirfd, "cgroup.freeze", text, sizeof(text)) > 0 &&
		       text[0] == '1';
	return target->memcg->freezer >= 0 &&
	       cgroup_read(target->memcg->freezer, "freezer.state", text, sizeof(text)) > 0 &&
	       strncmp(text, "THAWED", 6) != 0;
}

/*
 * A frozen task of v1 survives SIGKILL until it is thawed. On v2 this lets a grace begin, and keeps
 * the runtime from taking the dead container for a paused one, which it does not delete.
 */
static void thaw(const struct kill_target *target)
{
	if (target->memcg->version == CGROUP_V2)
		cgroup_write(target->memcg->dirfd, "cgroup.freeze", "0");
	else if (target->memcg->freezer >= 0)
		cgroup_write(target->memcg->freezer, "freezer.state", "THAWED");
}

/* Stops a fork bomb so that one round hits all of it. */
static void freeze(const struct kill_target *target)
{
	uint64_t end = clock_ms(CLOCK_MONOTONIC) + FREEZE_WAIT_MS;
	char text[64];

	if (target->memcg->version == CGROUP_V2 || target->memcg->freezer < 0)
		return;
	if (cgroup_write(target->memcg->freezer, "freezer.state", "FROZEN") < 0)
		return;
	while (clock_ms(CLOCK_MONOTONIC) < end &&
	       cgroup_read(target->memcg->freezer, "freezer.state", text, sizeof(text)) > 0 &&
	       strncmp(text, "FROZEN", 6) != 0)
		sleep_us(1000);
}

bool kill_nobody_left(const struct memcg *memcg)
{
	int r = cgroup_populated(memcg->dirfd, memcg->version);

	/* A cgroup that is gone is as empty as can be. Another error tells nothing. */
	return r == 0 || r == -ENODEV;
}

static bool stop_asked(const struct kill_target *target, struct kill_result *out)
{
	if (target->interrupted && target->interrupted(target->context))
		out->interrupted = true;
	return out->interrupted;
}

/* Waits until it is empty, asking at growing distances. False at the deadline. */
static bool wait_empty(const struct kill_target *target, uint64_t end_ms, uint64_t max_us,
		       struct kill_result *out)
{
	uint64_t us = 200;

	while (!kill_nobody_left(target->memcg)) {
		if (clock_ms(CLOCK_MONOTONIC) >= end_ms || stop_asked(target, out))
			return false;
		sleep_us(us);
		us = us * 2 < max_us ? us * 2 : max_us;
	}
	return true;
}

/* SIGKILL to all, again and again until nothing is listed. */
static bool kill_all(const struct kill_target *target, uint64_t end_ms, struct kill_result *out)
{
	bool init_killed = target->signal == SIGKILL && out->first_error == 0;
	bool v2 = target->memcg->version == CGROUP_V2;
	/* cgroup.kill does not tell how many it hit. */
	unsigned members = v2 ? count_members(target, init_killed) : 0;
	bool whole_tree = v2 && cgroup_write(target->memcg->dirfd, "cgroup.kill", "1") == 0;
	unsigned killed = whole_tree ? members : init_killed;

	for (unsigned round = 0; clock_ms(CLOCK_MONOTONIC) < end_ms; round++) {
		bool freezing = !whole_tree && round >= ROUNDS_BEFORE_FREEZE;
		uint64_t pause_ms = round < 5 ? 20 : 200;

		if (freezing)
			freeze(target);
		if (!whole_tree || round > 0)
			killed += kill_listed(target, init_killed, round == 0);
		at_least(&out->signalled, killed);
		if (freezing || frozen(target))
			thaw(target);
		if (wait_empty(target, clock_ms(CLOCK_MONOTONIC) + pause_ms, 10000, out))
			return true;
		if (out->interrupted)
			return false;
	}
	return kill_nobody_left(target->memcg);
}

/* Names what could not be killed: it is in D state, or a zombie's thread group still ends. */
static void name_left(const struct kill_target *target, struct kill_result *out)
{
	ssize_t n = cgroup_procs(target->memcg->dirfd, target->pids, KILL_PIDS_MAX);

	for (ssize_t i = 0; i < n && i < KILL_PIDS_MAX && out->left_len < INCIDENT_LEFT_MAX; i++) {
		struct incident_left *left = &out->left[out->left_len];
		struct proc_stat stat;

		if (proc_stat_read(target->procfd, target->pids[i], &stat) < 0)
			continue;
		left->pid = stat.pid;
		left->state = stat.state;
		memcpy(left->comm, stat.comm, sizeof(left->comm));
		proc_wchan(target->procfd, stat.pid, left->wchan, sizeof(left->wchan));
		out->left_len++;
	}
}

void kill_container(const struct kill_target *target, struct kill_result *out)
{
	uint64_t start_us = clock_us(CLOCK_MONOTONIC);

	*out = (struct kill_result){0};
	out->first_error = pidfd_signal(target->init_pidfd, target->signal);
	out->first_signal_us = clock_us(CLOCK_MONOTONIC) - start_us;
	/* On a host with pid namespaces the init takes all others of its namespace with it. */
	if (out->first_error == 0 && target->signal == SIGKILL)
		out->signalled = count_members(target, true);
	if (target->after_first_signal)
		target->after_first_signal(target->context, out->first_error);
	if (target->grace_ms > 0) {
		thaw(target);
		out->empty = wait_empty(target, start_us / 1000 + target->grace_ms, 50000, out);
	}
	if (!out->empty && !out->interrupted)
		out->empty = kill_all(target, clock_ms(CLOCK_MONOTONIC) + KILL_DEADLINE_MS, out);
	if (out->empty)
		out->empty_ms = (clock_us(CLOCK_MONOTONIC) - start_us) / 1000;
	else
		name_left(target, out);
}

void kill_init(const struct kill_target *target, struct kill_result *out)
{
	struct pollfd init = {.fd = target->init_pidfd, .events = POLLIN};
	uint64_t start_us = clock_us(CLOCK_MONOTONIC);

	*out = (struct kill_result){.init_only = true};
	out->first_error = pidfd_signal(target->init_pidfd, SIGKILL);
	out->signalled = out->first_error == 0;
	out->first_signal_us = clock_us(CLOCK_MONOTONIC) - start_us;
	if (target->after_first_signal)
		target->after_first_signal(target->context, out->first_error);
	if (frozen(target))
		thaw(target);
	out->empty = poll(&init, 1, KILL_DEADLINE_MS) == 1;
	if (out->empty)
		out->empty_ms = (clock_us(CLOCK_MONOTONIC) - start_us) / 1000;
	else
		name_left(target, out);
}
