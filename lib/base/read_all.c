/* SPDX-License-Identifier: Apache-2.0 */
#include "read_all.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cleanup.h"
#include "clock.h"

#define FIRST_BYTES 4096
#define FOREVER UINT64_MAX
/* Of these files a read brings whole records for as long as they fit (fs/seq_file.c), and none of
 * them has so long ones: what is shorter is the end. */
#define SHORT_BYTES 2048

ssize_t read_text(int fd, char *buf, size_t cap)
{
	size_t len = 0;

	while (len + 1 < cap) {
		ssize_t n = read(fd, buf + len, cap - 1 - len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			buf[0] = '\0';
			return -errno;
		}
		len += (size_t)n;
		if (n < SHORT_BYTES)
			break;
	}
	buf[len] = '\0';
	return (ssize_t)len;
}

static int grow(char **buf, size_t *cap, size_t max)
{
	size_t want = *cap ? *cap * 2 : FIRST_BYTES;
	char *bigger;

	/* One byte above the limit shows that there is more, one is for the NUL. */
	if (want > max + 2)
		want = max + 2;
	bigger = realloc(*buf, want);
	if (!bigger)
		return -ENOMEM;
	*buf = bigger;
	*cap = want;
	return 0;
}

/* What is there is read also when the time is over. */
static int wait_until(int fd, uint64_t deadline_us)
{
	struct pollfd in = {.fd = fd, .events = POLLIN};

	for (;;) {
		uint64_t now_us = clock_us(CLOCK_MONOTONIC);
		uint64_t left_ms = now_us < deadline_us ? (deadline_us - now_us + 999) / 1000 : 0;
		int n = poll(&in, 1, left_ms < INT_MAX ? (int)left_ms : INT_MAX);

		if (n > 0)
			return 0;
		if (n == 0 && clock_us(CLOCK_MONOTONIC) >= deadline_us)
			return -ETIMEDOUT;
		if (n < 0 && errno != EINTR)
			return -errno;
	}
}

int read_all_until(int fd, size_t max, uint64_t deadline_us, char **out, size_t *len)
{
	size_t cap = 0;

	*out = NULL;
	*len = 0;
	for (;;) {
		ssize_t n;
		int r = deadline_us == FOREVER ? 0 : wait_until(fd, deadline_us);

		if (r < 0)
			return r;
		if (*len + 1 >= cap && grow(out, &cap, max) < 0)
			return -ENOMEM;
		n = read(fd, *out + *len, cap - *len - 1);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		*len += (size_t)n;
		if (*len > max)
			return -E2BIG;
	}
	(*out)[*len] = '\0';
	return 0;
}

int read_all(int fd, size_t max, char **out, size_t *len)
{
	cleanup_free char *buf = NULL;
	size_t used;
	int r = read_all_until(fd, max, FOREVER, &buf, &used);

	if (r < 0)
		return r;
	*out = take_ptr(buf);
	*len = used;
	return 0;
}

int read_all_at(int dirfd, const char *path, size_t max, char **out, size_t *len)
{
	cleanup_close int fd = openat(dirfd, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat st;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	return read_all(fd, max, out, len);
}
