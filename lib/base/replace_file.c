/* SPDX-License-Identifier: Apache-2.0 */
#include "replace_file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <sys/random.h>
#include <unistd.h>

#include "write_all.h"
#include "xattrs.h"

#define TRIES 16

/* Two programs may exchange the same file at one time: no name is taken from another. */
static int open_temporary(int dirfd, const char *name, char out[static NAME_MAX + 1])
{
	for (int i = 0; i < TRIES; i++) {
		uint64_t random;
		int n, fd;

		if (getrandom(&random, sizeof(random), 0) != sizeof(random))
			return -EIO;
		n = snprintf(out, NAME_MAX + 1, ".%s.%016" PRIx64 ".tmp", name, random);
		if (n < 0 || n > NAME_MAX)
			return -ENAMETOOLONG;
		fd = openat(dirfd, out, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
		if (fd >= 0 || errno != EEXIST)
			return fd < 0 ? -errno : fd;
	}
	return -EEXIST;
}

/*
 * The owner first: a change of owner takes set-id bits away. The mode last: a list may change it,
 * and of a file with a list its group bits are what the list's entries are held within.
 */
static int make_like(int fd, int old_fd, const struct stat *old)
{
	struct stat st;
	int r;

	if (fstat(fd, &st) < 0)
		return -errno;
	if ((st.st_uid != old->st_uid || st.st_gid != old->st_gid) &&
	    fchown(fd, old->st_uid, old->st_gid) < 0)
		return -errno;
	r = xattrs_copy(old_fd, fd);
	if (r < 0)
		return r;
	return fchmod(fd, old->st_mode & 07777) < 0 ? -errno : 0;
}

int replace_file(int dirfd, const char *name, const char *text, size_t len, int old_fd,
		 const struct stat *old)
{
	char temporary[NAME_MAX + 1];
	int fd = open_temporary(dirfd, name, temporary);
	int r;

	if (fd < 0)
		return fd;
	r = write_all(fd, text, len);
	if (r == 0)
		r = make_like(fd, old_fd, old);
	if (r == 0 && fsync(fd) < 0)
		r = -errno;
	if (close(fd) < 0 && r == 0)
		r = -errno;
	if (r == 0 && renameat(dirfd, temporary, dirfd, name) < 0)
		r = -errno;
	if (r < 0)
		unlinkat(dirfd, temporary, 0);
	return r;
}
