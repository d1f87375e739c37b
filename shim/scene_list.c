/* SPDX-License-Identifier: Apache-2.0 */
#include "scene_list.h"

#include <stdio.h>
#include <string.h>

#include "cgroup.h"
#include "clock.h"

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

void scene_process_set(struct scene_process *process, const struct proc_stat *stat, pid_t init)
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
			scene_process_set(&scene->process[scene->processes_len++], &stat,
					  target->init);
	}
	if (i < n) {
		scene->processes_more = (uint32_t)(n - i);
		scene->cut |= SCENE_CUT_PROCESSES;
	}
	sort(scene->process, scene->processes_len);
}

static uint32_t kib(uint64_t value)
{
	return value > UINT32_MAX ? UINT32_MAX : (uint32_t)value;
}

static void note_wchan(struct scene *scene, struct scene_process *process, int procfd)
{
	char *wchan;

	if (process->state != 'D' || scene->wchans_len == SCENE_WCHANS_MAX)
		return;
	wchan = scene->wchan[scene->wchans_len];
	proc_wchan(procfd, process->pid, wchan, SCENE_WCHAN_BYTES);
	if (wchan[0])
		process->wchan = (uint16_t)++scene->wchans_len;
}

static void fill_one(struct scene *scene, struct scene_process *process, int procfd)
{
	struct proc_status status;
	int score;

	note_wchan(scene, process, procfd);
	if (proc_status_read(procfd, process->pid, &status) < 0)
		return;
	process->ns_pid = status.ns_pid;
	process->has_status = status.has_memory;
	process->anon_kib = kib(status.anon_kib);
	process->file_kib = kib(status.file_kib);
	process->shmem_kib = kib(status.shmem_kib);
	process->swap_kib = kib(status.swap_kib);
	if (proc_oom_score_read(procfd, process->pid, &score) == 0)
		process->oom_score = (int16_t)score;
	if (proc_score_read(procfd, process->pid, &score) == 0)
		process->oom_score_adj = (int16_t)score;
}

void scene_fill(struct scene *scene, const struct kill_target *target, uint64_t end_us)
{
	for (uint32_t i = 0; i < scene->processes_len; i++) {
		if (clock_us(CLOCK_MONOTONIC) >= end_us) {
			scene->cut |= SCENE_CUT_STATUS;
			return;
		}
		fill_one(scene, &scene->process[i], target->procfd);
	}
}
