/* SPDX-License-Identifier: Apache-2.0 */
/* The system calls the shim may still make once it is armed; all others fail with EPERM. */
#include "confine.h"

#include <errno.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>

#include "proc.h"

/* No exec, ptrace, mount, socket, connect, kill by pid, and no fork but of a reader (slow.c), which
 * has the same filter. By name, because not every machine has each of them. */
static const char *const allowed[] = {
    /* files: cgroups, /proc, state */
    "read", "pread64", "write", "writev", "openat", "close", "close_range", "fstat", "newfstatat", "stat", "statx",
    "lseek", "getdents64", "fcntl", "flock", "fsync", "fdatasync", "rename", "renameat",
    "renameat2", "unlinkat", "mkdirat", "faccessat", "faccessat2", "readlinkat", "fchmod",
    /* waiting */
    "epoll_wait", "epoll_pwait", "epoll_ctl", "poll", "ppoll", "nanosleep", "clock_nanosleep",
    "clock_gettime", "gettimeofday", "restart_syscall", "inotify_add_watch", "inotify_rm_watch",
    "setitimer",
    /* acting: processes only by pidfd */
    "pidfd_open", "pidfd_send_signal", "wait4",
    /* watching anew when a limit changes */
    "eventfd2",
    /* log and helper: sockets that are open already */
    "sendto", "sendmsg", "recvfrom",
    /* the C library's own */
    "brk", "mmap", "munmap", "mremap", "madvise", "mlockall", "getpid", "gettid", "tgkill",
    "rt_sigprocmask", "rt_sigaction", "rt_sigreturn", "futex", "getrandom", "getuid", "geteuid",
    "getgid", "getegid", "exit", "exit_group"};

static int allow(scmp_filter_ctx filter, const char *name)
{
	int number = seccomp_syscall_resolve_name(name);

	return number == __NR_SCMP_ERROR ? 0 : seccomp_rule_add(filter, SCMP_ACT_ALLOW, number, 0);
}

int confine_system_calls(void)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	int r = 0;

	if (!filter)
		return -ENOMEM;
	for (size_t i = 0; i < sizeof(allowed) / sizeof(allowed[0]) && r == 0; i++)
		r = allow(filter, allowed[i]);
	/* One question to a pidfd: how its process ended. */
	if (r == 0)
		r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(ioctl), 1,
				     SCMP_A1(SCMP_CMP_MASKED_EQ, 0xff00, 0xff00));
	/* One way to fork: a process of its own, told by a pidfd; no namespace, no thread. */
	if (r == 0)
		r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1,
				     SCMP_A0(SCMP_CMP_EQ, CLONE_PIDFD | SIGCHLD));
	if (r == 0)
		r = seccomp_load(filter);
	seccomp_release(filter);
	return r;
}
