/* SPDX-License-Identifier: Apache-2.0 */
/*
 * make_filter ARCH: run when oomguard is built. Prints the seccomp filter of the shim as the body
 * of a C array, for the machine ARCH in libseccomp's words. Each container's shim would otherwise
 * work out the same program again, in pages that it never needs afterwards.
 */
#include <errno.h>
#include <linux/filter.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* No exec, ptrace, mount, socket, connect, kill by pid, and no fork but of a reader (slow.c), which
 * has the same filter. By name, because not every machine has each of them. */
static const char *const allowed[] = {
    /* files: cgroups, /proc, state */
    "read", "pread64", "write", "writev", "openat", "close", "close_range", "fstat", "newfstatat",
    "stat", "statx", "lseek", "getdents64", "fcntl", "flock", "fsync", "fdatasync", "rename",
    "renameat", "renameat2", "unlinkat", "mkdirat", "faccessat", "faccessat2", "readlinkat",
    "fchmod",
    /* waiting */
    "epoll_wait", "epoll_pwait", "epoll_ctl", "poll", "ppoll", "nanosleep", "clock_nanosleep",
    "sched_yield", "clock_gettime", "gettimeofday", "restart_syscall", "inotify_add_watch",
    "inotify_rm_watch", "setitimer",
    /* acting: processes only by pidfd */
    "pidfd_open", "pidfd_send_signal", "wait4",
    /* watching anew when a limit changes */
    "eventfd2",
    /* log and helper: sockets that are open already */
    "sendto", "sendmsg", "recvfrom",
    /* the C library's own */
    "brk", "mmap", "munmap", "mremap", "madvise", "mlockall", "getpid", "gettid",
    "rt_sigprocmask", "rt_sigaction", "rt_sigreturn", "futex", "getrandom", "getuid", "geteuid",
    "getgid", "getegid", "exit", "exit_group"};

/* A name that this machine has no number for is no system call there. */
static int allow(scmp_filter_ctx filter, const char *name)
{
	int number = seccomp_syscall_resolve_name(name);

	return number == __NR_SCMP_ERROR ? 0 : seccomp_rule_add(filter, SCMP_ACT_ALLOW, number, 0);
}

static int add_rules(scmp_filter_ctx filter)
{
	int r = 0;

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
	return r;
}

/* The program alone for that machine, whatever machine builds it. */
static int choose_arch(scmp_filter_ctx filter, const char *name)
{
	uint32_t arch = seccomp_arch_resolve_name(name), native = seccomp_arch_native();
	int r;

	if (arch == 0)
		return -EINVAL;
	if (arch == native)
		return 0;
	r = seccomp_arch_add(filter, arch);
	return r < 0 ? r : seccomp_arch_remove(filter, native);
}

static int print(FILE *program)
{
	struct sock_filter step;

	rewind(program);
	while (fread(&step, sizeof(step), 1, program) == 1)
		printf("{0x%02x, %u, %u, 0x%08x},\n", step.code, step.jt, step.jf, step.k);
	return ferror(program) || fflush(stdout) ? -EIO : 0;
}

int main(int argc, char *argv[])
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	FILE *program = tmpfile();
	int r = !filter || !program || argc != 2 ? -EINVAL : choose_arch(filter, argv[1]);

	/* As a tree: the kernel runs it over all numbers of system calls when it is put on. */
	if (r == 0)
		r = seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	if (r == 0)
		r = add_rules(filter);
	if (r == 0)
		r = seccomp_export_bpf(filter, fileno(program));
	if (r == 0)
		r = print(program);
	if (r < 0)
		fprintf(stderr, "make_filter: %s\n", strerror(-r));
	if (filter)
		seccomp_release(filter);
	if (program)
		fclose(program);
	return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
