/* SPDX-License-Identifier: Apache-2.0 */
/* A whole file or pipe in memory, bounded. */
#pragma once

#include <stddef.h>

/*
 * Reads fd to its end. *out (owned) is NUL-terminated behind *len bytes. -E2BIG when there is more
 * than max bytes, else the errno of read(2); interrupted calls go on.
 */
int read_all(int fd, size_t max, char **out, size_t *len);

/*
 * The same for a file below dirfd (AT_FDCWD allowed). Only a regular file is read (-EINVAL), and
 * opening never waits, so that a FIFO in its place cannot hold us.
 */
int read_all_at(int dirfd, const char *path, size_t max, char **out, size_t *len);
