/* SPDX-License-Identifier: Apache-2.0 */
#include "scene_list.h"

#include <stdio.h>
#include <string.h>

#include "cgroup.h"
#include "clock.h"
#include "proc.h"

/* The init, then those that no signal ends, then the others. */
static unsigned rank(const struct scene_process *process)
{
	if (process->is_init)
		return 0;
	return process->state == 'D' ? 1 : 2;
}

static bool comes_before(const struct scene_process *a, const struct scene_process *b)
{
	if (rank(a) != rank(b))
		return rank(a) < rank(b);
	return a->rss_bytes != b->rss_bytes ? a->rss_bytes > b->rss_bytes : a->pid < b->pid;
}

/* Lets the process at `at` of the heap sink to its place: the last one of the order is on top. */
static void sink(struct scene_process *heap, size_t at, size_t len)
{
	struct scene_process process = heap[at];

	for (size_t child = 2 * at + 1; child < len; child = 2 * at + 1) {
		if (child + 1 < len && comes_before(&heap[child], &heap[child + 1]))
			child++;
		if (!comes_before(&process, &heap[child]))
			break;
		heap[at] = heap[child];
		at = child;
	}
	heap[at] = process;
}

/* Not qsort(): the C library's takes memory for long lists. */
static void sort(struct scene_process *list, size_t len)
{
	for (size_t at = len / 2; at-- > 0;)
		sink(list, at, len);
	for (size_t end = len; end-- > 1;) {
		struct scene_process last = list[0];

		list[0] = list[end];
		list[end] = last;
		sink(list, 0, end);
	}
}

static void note_process(struct scene_process *process, const struct proc_stat *stat, pid_t init)
{
	*process = (struct scene_process){
	    .pid = stat->pid,
	    .ppid = stat->ppid,
	    .threads = stat->threads,
	    .start_ticks = stat->start_ticks,
	    .rss_bytes = stat->rss_bytes,
	    .minor_faults = stat->minor_faults,
	    .major_faults = stat->major_faults,
	    .oom_score = -1,
	    .oom_score_adj = SCENE_NO_SCORE,
	    .state = stat->state,
	    .is_init = stat->pid == init,
	};
	snprintf(process->comm, sizeof(process->comm), "%.15s", stat->comm);
}

void scene_list(struct scene *scene, const struct kill_target *target, uint64_t end_us)
{
	ssize_t n = cgroup_procs(target->memcg->dirfd, target->pids, KILL_PIDS_MAX);
	ssize_t i = 0;

	scene->processes_len = 0;
	scene->has_processes = n >= 0;
	for (; i < n && i < KILL_PIDS_MAX; i++) {
		struct proc_stat stat;

		if (scene->processes_len == SCENE_PROCESSES_MAX ||
		    clock_us(CLOCK_MONOTONIC) >= end_us)
			break;
		if (proc_stat_read(target->procfd, target->pids[i], &stat) == 0)
			note_process(&scene->process[scene->processes_len++], &stat, target->init);
	}
	if (i < n) {
		scene->processes_more = (uint32_t)(n - i);
		scene->cut |= SCENE_CUT_PROCESSES;
	}
	sort(scene->process, scene->processes_len);
}
