/* SPDX-License-Identifier: Apache-2.0 */
/* A whole file or pipe in memory, bounded; interrupted calls go on. */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * Reads a file of /proc or of a cgroup to its end, but only the first cap - 1 bytes, and puts a NUL
 * behind them. Their number, or a negative errno: buf is "" then.
 */
ssize_t read_text(int fd, char *buf, size_t cap);

/*
 * Reads fd to its end. *out (owned) is NUL-terminated behind *len bytes. -E2BIG when there is more
 * than max bytes, else the errno of read(2).
 */
int read_all(int fd, size_t max, char **out, size_t *len);

/*
 * The same for a pipe whose writer may dawdle: -ETIMEDOUT at this CLOCK_MONOTONIC time. On failure
 * too *out (owned, may be NULL) holds the *len bytes that were read, without a NUL behind them.
 */
int read_all_until(int fd, size_t max, uint64_t deadline_us, char **out, size_t *len);

/*
 * The same for a file below dirfd (AT_FDCWD allowed). Only a regular file is read (-EINVAL), and
 * opening never waits, so that a FIFO in its place cannot hold us.
 */
int read_all_at(int dirfd, const char *path, size_t max, char **out, size_t *len);
