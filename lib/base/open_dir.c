/* SPDX-License-Identifier: Apache-2.0 */
#include "open_dir.h"

#include <fcntl.h>

#include "cleanup.h"

DIR *open_dir(int dirfd)
{
	int fd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);

	/* Only with the DIR its descriptor goes away. */
	if (!dir)
		cleanup_closep(&fd);
	return dir;
}
