/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Processes, through a held fd of /proc (a parameter, so that tests can fake it), and pidfds.
 * Names (comm) are hostile text: any byte but NUL may be in them.
 *
 * Source: proc(5), pidfd_open(2).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "error.h"

#define PROC_COMM_MAX 64 /* 15 bytes for most; kernel threads may have more */

struct proc_stat {
	pid_t pid, ppid;
	char comm[PROC_COMM_MAX];
	char state;	/* R S D T t Z X I */
	uint32_t flags; /* PF_* */
	uint32_t threads;
	bool kill_pending;    /* SIGKILL waits for the main thread */
	uint64_t start_ticks; /* field 22: clock ticks since boot; with pid it names a process */
	uint64_t rss_bytes;
	uint64_t minor_faults, major_faults; /* fields 10 and 12: of all its threads */
};

/* Reads PID/stat. -ESRCH when there is no such process. No allocation, no message. */
int proc_stat_read(int procfd, pid_t pid, struct proc_stat *out);

/* Reads PID/FILE, at most cap-1 bytes, NUL-terminated; the length. -ESRCH when it is gone. */
ssize_t proc_file_read(int procfd, pid_t pid, const char *file, char *buf, size_t cap);

/* PID/status: memory in KiB (RssAnon and others, Linux 4.5). It waits for no lock of the process.
 */
struct proc_status {
	pid_t ns_pid;	 /* in its innermost pid namespace; 0: unknown */
	bool has_memory; /* a zombie and a kernel thread have none */
	uint64_t anon_kib, file_kib, shmem_kib, swap_kib;
};
int proc_status_read(int procfd, pid_t pid, struct proc_status *out);

/* oom_score, what the kernel would go by: 0 to 2000. */
int proc_oom_score_read(int procfd, pid_t pid, int *score);

/* oom_score_adj. -ESRCH when gone; write: -EACCES below the minimum without CAP_SYS_RESOURCE. */
int proc_score_read(int procfd, pid_t pid, int *score);
int proc_score_write(int procfd, pid_t pid, int score);

/* The file mode creation mask (PID/status "Umask:", Linux 4.7). -ENODATA on an older kernel. */
int proc_umask_read(int procfd, pid_t pid, mode_t *out);

/*
 * True when the process will not run again: SIGKILL is pending or all of its threads are exiting.
 * A fatal SIGKILL is put on every thread, so that the stat of one tells it. Gone is dying too.
 */
bool proc_dying(int procfd, pid_t pid);

/*
 * Calls `visit` for each child of all threads of `pid`, zombies too, until it returns non-zero, and
 * returns that. No allocation.
 */
int proc_children(int procfd, pid_t pid, int (*visit)(pid_t child, void *context), void *context);

/*
 * Calls `visit` for each thread of `pid` until it returns non-zero, and returns that. The functions
 * above and below take a thread's id, too. No allocation.
 */
int proc_threads(int procfd, pid_t pid, int (*visit)(pid_t tid, void *context), void *context);

/* Kernel function it sleeps in, "" when not readable. */
void proc_wchan(int procfd, pid_t pid, char *buf, size_t cap);

/* pid_max-safe open of a process that has this start time. -ESRCH when it is another one. */
int pidfd_open_exact(int procfd, pid_t pid, uint64_t start_ticks);
int pidfd_open_pid(pid_t pid);		 /* pidfd_open(2), O_CLOEXEC by nature */
int pidfd_signal(int pidfd, int signal); /* pidfd_send_signal(2) */
bool pidfd_exited(int pidfd);		 /* poll: the process has exited */
/* A copy of another process's fd (pidfd_getfd(2), 5.6). O_CLOEXEC. */
int pidfd_copy_fd(int pidfd, int fd);
/*
 * How an exited process ended, as a wait status, where the kernel tells it to a process that is
 * not the parent (PIDFD_GET_INFO with PIDFD_INFO_EXIT, 6.15), for a pidfd opened before. It knows
 * only once the parent has reaped the process: -ENODATA before. -ENOTTY, -EINVAL: older kernel.
 */
int pidfd_exit_status(int pidfd, int *wait_status);

/* The user and group id maps of this process are the host's own (identity over all ids). */
bool proc_in_initial_userns(int procfd);
/* The id outside of our user namespace that `uid` inside stands for. -ENOENT when unmapped. */
int proc_outer_uid(int procfd, uid_t uid, uid_t *outer);
/* Boot id (sys/kernel/random/boot_id), 36 characters, so that a state of an earlier boot is told.
 */
int proc_boot_id(int procfd, char buf[static 37]);
