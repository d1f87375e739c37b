/* SPDX-License-Identifier: Apache-2.0 */
#include "close_own.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

#include "proc_file.h"

/* Kernels before 5.9, and seccomp filters older than close_range(2). */
static void close_listed(void)
{
	int fd = proc_file_open("self/fd", O_RDONLY | O_DIRECTORY), listed;
	DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
	struct dirent *entry;

	if (!dir)
		return;
	while ((entry = readdir(dir))) {
		listed = atoi(entry->d_name);
		if (listed > STDERR_FILENO && listed != fd)
			close(listed);
	}
	closedir(dir);
}

void close_own(void)
{
	if (close_range(STDERR_FILENO + 1, UINT_MAX, 0) < 0)
		close_listed();
}
