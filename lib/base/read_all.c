/* SPDX-License-Identifier: Apache-2.0 */
#include "read_all.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cleanup.h"

#define FIRST_BYTES 4096

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
		if (n == 0)
			break;
		len += (size_t)n;
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

int read_all(int fd, size_t max, char **out, size_t *len)
{
	cleanup_free char *buf = NULL;
	size_t cap = 0, used = 0;

	for (;;) {
		ssize_t n;

		if (used + 1 >= cap && grow(&buf, &cap, max) < 0)
			return -ENOMEM;
		n = read(fd, buf + used, cap - used - 1);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		used += (size_t)n;
		if (used > max)
			return -E2BIG;
	}
	buf[used] = '\0';
	*len = used;
	*out = take_ptr(buf);
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
