/* SPDX-License-Identifier: Apache-2.0 */
/* The system calls the shim may still make once it is armed; all others fail with EPERM. */
#include "confine.h"

#include <errno.h>
#include <seccomp.h>
#include <sys/syscall.h>

#include "proc.h"

/* No exec, fork, ptrace, mount, socket, connect, kill by pid. What an older kernel or library
 * lacks is passed over by its number. */
static const int allowed[] = {
    /* files: cgroups, /proc, state */
    SYS_read,
    SYS_pread64,
    SYS_write,
    SYS_writev,
    SYS_openat,
    SYS_close,
    SYS_fstat,
    SYS_newfstatat,
    SYS_stat,
    SYS_statx,
    SYS_lseek,
    SYS_getdents64,
    SYS_fcntl,
    SYS_flock,
    SYS_fsync,
    SYS_fdatasync,
    SYS_rename,
    SYS_renameat,
    SYS_renameat2,
    SYS_unlinkat,
    SYS_mkdirat,
    SYS_faccessat,
    SYS_faccessat2,
    SYS_readlinkat,
    SYS_fchmod,
    /* waiting */
    SYS_epoll_wait,
    SYS_epoll_pwait,
    SYS_epoll_ctl,
    SYS_poll,
    SYS_ppoll,
    SYS_nanosleep,
    SYS_clock_nanosleep,
    SYS_clock_gettime,
    SYS_gettimeofday,
    SYS_restart_syscall,
    SYS_inotify_add_watch,
    SYS_inotify_rm_watch,
    /* acting: processes only by pidfd */
    SYS_pidfd_open,
    SYS_pidfd_send_signal,
    SYS_wait4,
    /* log and helper: sockets that are open already */
    SYS_sendto,
    SYS_sendmsg,
    SYS_recvfrom,
    /* the C library's own */
    SYS_brk,
    SYS_mmap,
    SYS_munmap,
    SYS_mremap,
    SYS_madvise,
    SYS_mlockall,
    SYS_getpid,
    SYS_gettid,
    SYS_tgkill,
    SYS_rt_sigprocmask,
    SYS_rt_sigaction,
    SYS_rt_sigreturn,
    SYS_futex,
    SYS_getrandom,
    SYS_getuid,
    SYS_geteuid,
    SYS_getgid,
    SYS_getegid,
    SYS_exit,
    SYS_exit_group,
};

int confine_system_calls(void)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	int r = 0;

	if (!filter)
		return -ENOMEM;
	for (size_t i = 0; i < sizeof(allowed) / sizeof(allowed[0]) && r == 0; i++)
		r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, allowed[i], 0);
	/* One question to a pidfd: how its process ended. */
	if (r == 0)
		r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SYS_ioctl, 1,
				     SCMP_A1(SCMP_CMP_MASKED_EQ, 0xff00, 0xff00));
	if (r == 0)
		r = seccomp_load(filter);
	seccomp_release(filter);
	return r;
}
