/* SPDX-License-Identifier: Apache-2.0 */
#include "slow.h"

#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cleanup.h"
#include "clock.h"
#include "detail.h"
#include "mask.h"
#include "proc.h"

#define RESTARTS_MAX 8
#define KILL_WAIT_MS 2 /* SIGKILL ends a waiter for mmap_lock at once */
#define LAST_FD 1024   /* where close_range(2) is not to be had (before 5.9) */

void slow_open(struct slow_reader *reader, int procfd)
{
	void *shared = mmap(NULL, sizeof(*reader->shared), PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	*reader = (struct slow_reader){
	    .shared = shared == MAP_FAILED ? NULL : shared, .procfd = procfd, .pidfd = -1};
}

/* Reaps what is gone. True when there is room for one more that may be left. */
static bool reap(struct slow_reader *reader)
{
	bool room = false;

	for (size_t i = 0; i < SLOW_LEFT_MAX; i++) {
		if (reader->left[i] > 0 && waitpid(reader->left[i], NULL, WNOHANG) != 0)
			reader->left[i] = 0;
		room = room || reader->left[i] == 0;
	}
	return room;
}

/* The child is over, or is given up. */
void slow_drop(struct slow_reader *reader)
{
	struct pollfd child = {.fd = reader->pidfd, .events = POLLIN};

	if (reader->pid <= 0)
		return;
	pidfd_signal(reader->pidfd, SIGKILL);
	poll(&child, 1, KILL_WAIT_MS);
	if (waitpid(reader->pid, NULL, WNOHANG) == 0)
		for (size_t i = 0; i < SLOW_LEFT_MAX; i++)
			if (reader->left[i] == 0) {
				reader->left[i] = reader->pid;
				break;
			}
	reader->pid = 0;
	cleanup_closep(&reader->pidfd);
}

void slow_close(struct slow_reader *reader)
{
	slow_drop(reader);
	if (reader->shared)
		munmap(reader->shared, sizeof(*reader->shared));
	reader->shared = NULL;
}

/*
 * The steps, in the order of their worth: the command lines of the largest, their mappings, then
 * all other command lines.
 */
static uint32_t details_of(const struct scene *scene)
{
	return scene->processes_len < SCENE_DETAILS_MAX ? scene->processes_len : SCENE_DETAILS_MAX;
}

static uint32_t steps_of(const struct scene *scene)
{
	return scene->processes_len + details_of(scene);
}

/* Room for one more text, taken whole or not at all. */
static void read_cmdline(int procfd, const struct scene_process *process, uint32_t index,
			 struct scene_slow *shared)
{
	char args[4096], text[SCENE_CMDLINE_BYTES];
	ssize_t len = proc_file_read(procfd, process->pid, "cmdline", args, sizeof(args));
	size_t bytes;

	if (len <= 0)
		return;
	/* A word that is cut off could show half of what would have been masked. */
	if (len == (ssize_t)sizeof(args) - 1)
		while (len > 0 && args[len - 1] != '\0')
			len--;
	bytes = mask_cmdline(args, (size_t)len, text, sizeof(text)) + 1;
	if (shared->text_used + bytes > SCENE_CMDLINES_BYTES)
		return;
	memcpy(shared->text + shared->text_used, text, bytes);
	/* In this order: who comes after a child that was killed here must not write over it. */
	shared->text_used += (uint32_t)bytes;
	shared->cmdline[index] = shared->text_used - (uint32_t)bytes + 1;
}

/* Before anything is read: whose reading is passed over is named all the same. */
static void name_details(const struct scene *scene, struct scene_slow *shared)
{
	for (uint32_t i = 0; i < details_of(scene); i++) {
		struct scene_detail *detail = &shared->detail[i];

		*detail = (struct scene_detail){.pid = scene->process[i].pid};
		memcpy(detail->comm, scene->process[i].comm, sizeof(detail->comm));
	}
}

static void take_step(const struct scene *scene, struct scene_slow *shared, int procfd,
		      uint32_t step)
{
	uint32_t details = details_of(scene);

	if (step >= details && step < 2 * details)
		detail_read(procfd, scene->process[step - details].pid,
			    &shared->detail[step - details]);
	else if (step < details)
		read_cmdline(procfd, &scene->process[step], step, shared);
	else
		read_cmdline(procfd, &scene->process[step - details], step - details, shared);
}

static void close_all_but(int procfd)
{
	if (syscall(SYS_close_range, 0, procfd - 1, 0) == 0 &&
	    syscall(SYS_close_range, procfd + 1, ~0U, 0) == 0)
		return;
	for (int fd = 0; fd < LAST_FD; fd++)
		if (fd != procfd)
			close(fd);
}

/* All that the child does. Its own copy of the list cannot change. */
__attribute__((noreturn)) static void child_reads(const struct scene *scene,
						  struct scene_slow *shared, int procfd)
{
	uint32_t steps = steps_of(scene);

	close_all_but(procfd);
	for (uint32_t step = shared->steps; step < steps; step++) {
		take_step(scene, shared, procfd, step);
		atomic_store_explicit(&shared->steps, step + 1, memory_order_release);
	}
	_exit(0);
}

static void fork_child(struct slow_reader *reader, const struct scene *scene)
{
	/* Exactly these flags are what the filter lets through. */
	long pid = syscall(SYS_clone, CLONE_PIDFD | SIGCHLD, NULL, &reader->pidfd, NULL, NULL);

	if (pid == 0)
		child_reads(scene, reader->shared, reader->procfd);
	reader->pid = pid > 0 ? (pid_t)pid : 0;
	if (pid < 0)
		reader->pidfd = -1;
}

void slow_start(struct slow_reader *reader, const struct scene *scene)
{
	struct scene_slow *shared = reader->shared;

	slow_drop(reader);
	reader->passed_over = 0;
	if (!shared)
		return;
	shared->steps = 0;
	shared->text_used = 0;
	memset(shared->cmdline, 0, scene->processes_len * sizeof(shared->cmdline[0]));
	name_details(scene, shared);
	if (scene->processes_len > 0 && reap(reader))
		fork_child(reader, scene);
}

static uint32_t steps_done(const struct slow_reader *reader)
{
	return atomic_load_explicit(&reader->shared->steps, memory_order_acquire);
}

/* Ends the child that hangs and lets another one go on behind what it hung on. */
static void pass_over(struct slow_reader *reader, const struct scene *scene)
{
	slow_drop(reader);
	reader->passed_over++;
	if (reader->passed_over > RESTARTS_MAX || !reap(reader))
		return;
	reader->shared->steps++;
	if (reader->shared->steps < steps_of(scene))
		fork_child(reader, scene);
}

/* What the steps come to, and what is missing of it. */
static bool note_result(const struct slow_reader *reader, struct scene *scene)
{
	uint32_t details = details_of(scene), done = reader->shared ? steps_done(reader) : 0;
	bool all = done == steps_of(scene) && reader->passed_over == 0;

	scene->slow = reader->shared;
	if (reader->shared) {
		reader->shared->details_len = done > 2 * details ? details
					      : done > details	 ? done - details
								 : 0;
		reader->shared->cmdlines_len = done < details	    ? done
					       : done > 2 * details ? done - details
								    : details;
	}
	if (all)
		return true;
	if (!reader->shared || reader->passed_over || reader->shared->details_len < details)
		scene->cut |= SCENE_CUT_DETAILS;
	scene->cut |= SCENE_CUT_CMDLINES;
	return false;
}

bool slow_finish(struct slow_reader *reader, struct scene *scene, uint64_t end_us,
		 uint64_t stuck_us)
{
	uint64_t now = clock_us(CLOCK_MONOTONIC), moved_us = now;
	uint32_t seen = reader->shared ? steps_done(reader) : 0;

	while (reader->pid > 0 && now < end_us) {
		uint64_t wait_us = end_us - now < stuck_us / 4 ? end_us - now : stuck_us / 4;
		struct pollfd child = {.fd = reader->pidfd, .events = POLLIN};
		uint32_t done;

		if (poll(&child, 1, (int)(wait_us / 1000) + 1) == 1)
			break;
		now = clock_us(CLOCK_MONOTONIC);
		done = steps_done(reader);
		if (done != seen) {
			seen = done;
			moved_us = now;
		} else if (now - moved_us >= stuck_us) {
			pass_over(reader, scene);
			seen = steps_done(reader);
			moved_us = now;
		}
	}
	slow_drop(reader);
	return note_result(reader, scene);
}
