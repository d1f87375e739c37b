/* SPDX-License-Identifier: Apache-2.0 */
/* A directory of a test's own, removed with all that is in it. */
#pragma once

#include <check.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static inline int tempdir_remove_one(const char *path, const struct stat *st, int type,
				     struct FTW *walk)
{
	return remove(path);
}

static inline void tempdir_make(char path[static 64])
{
	snprintf(path, 64, "/tmp/oomguard-test.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(path));
}

static inline void tempdir_remove(const char *path)
{
	ck_assert_int_eq(nftw(path, tempdir_remove_one, 16, FTW_DEPTH | FTW_PHYS), 0);
}

static inline int tempdir_open(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	ck_assert_int_ge(fd, 0);
	return fd;
}

/* Writes a small file as it is. */
static inline void tempdir_write(int dirfd, const char *name, const char *text)
{
	int fd = openat(dirfd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_ge(dprintf(fd, "%s", text), 0);
	close(fd);
}

/* Reads it back, cut at the buffer. Returns the length. */
static inline size_t tempdir_read(int dirfd, const char *name, char *buf, size_t cap)
{
	int fd = openat(dirfd, name, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	ck_assert_int_ge(fd, 0);
	n = read(fd, buf, cap - 1);
	ck_assert_int_ge(n, 0);
	buf[n] = '\0';
	close(fd);
	return (size_t)n;
}
