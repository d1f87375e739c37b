/* SPDX-License-Identifier: Apache-2.0 */
#include "proc_file.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/vfs.h>
#include <unistd.h>

int proc_file_open(const char *path, int flags)
{
	struct statfs fs;
	int proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	int fd;

	if (proc < 0)
		return -errno;
	if (fstatfs(proc, &fs) < 0)
		fd = -errno;
	else if (fs.f_type != PROC_SUPER_MAGIC)
		fd = -ENOENT;
	else if ((fd = openat(proc, path, flags | O_CLOEXEC)) < 0)
		fd = -errno;
	close(proc);
	return fd;
}
