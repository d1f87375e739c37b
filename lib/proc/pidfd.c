/* SPDX-License-Identifier: Apache-2.0 */
/* The pidfd half of proc.h. The system calls by number, so that the C library's age is no matter.
 */
#include "proc.h"

#include <errno.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "cleanup.h"

/*
 * include/uapi/linux/pidfd.h as of 6.15, which the headers of Debian 12 do not have yet: the first
 * published form of the struct (64 bytes), of which newer kernels take any longer one too.
 */
struct pidfd_info_v0 {
	uint64_t mask;
	uint64_t cgroupid;
	uint32_t pid, tgid, ppid;
	uint32_t ruid, rgid, euid, egid, suid, sgid, fsuid, fsgid;
	int32_t exit_code;
};
_Static_assert(sizeof(struct pidfd_info_v0) == 64, "PIDFD_INFO_SIZE_VER0");

#define GET_INFO _IOWR(0xFF, 11, struct pidfd_info_v0)
#define INFO_EXIT (1ULL << 3)

int pidfd_open_pid(pid_t pid)
{
	long fd = syscall(SYS_pidfd_open, pid, 0);

	return fd < 0 ? -errno : (int)fd;
}

int pidfd_open_exact(int procfd, pid_t pid, uint64_t start_ticks)
{
	cleanup_close int fd = pidfd_open_pid(pid);
	struct proc_stat stat;
	int r;

	if (fd < 0)
		return take_fd(&fd);
	/* The pidfd came first: if the number was given away since, the start time differs. */
	r = proc_stat_read(procfd, pid, &stat);
	if (r < 0)
		return r;
	return stat.start_ticks == start_ticks ? take_fd(&fd) : -ESRCH;
}

int pidfd_signal(int pidfd, int signal)
{
	return syscall(SYS_pidfd_send_signal, pidfd, signal, NULL, 0) < 0 ? -errno : 0;
}

bool pidfd_exited(int pidfd)
{
	struct pollfd poll_fd = {.fd = pidfd, .events = POLLIN};

	return poll(&poll_fd, 1, 0) == 1 && poll_fd.revents & (POLLIN | POLLHUP);
}

int pidfd_copy_fd(int pidfd, int fd)
{
	long copy = syscall(SYS_pidfd_getfd, pidfd, fd, 0);

	return copy < 0 ? -errno : (int)copy;
}

int pidfd_exit_status(int pidfd, int *wait_status)
{
	struct pidfd_info_v0 info = {.mask = INFO_EXIT};

	if (ioctl(pidfd, GET_INFO, &info) < 0)
		/* ESRCH: gone, and the kernel kept nothing of it (6.13, 6.14). */
		return errno == ESRCH ? -ENODATA : -errno;
	if (!(info.mask & INFO_EXIT))
		return -ENODATA;
	*wait_status = info.exit_code;
	return 0;
}
