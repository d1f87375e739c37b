/* SPDX-License-Identifier: Apache-2.0 */
#include "write_all.h"

#include <errno.h>
#include <unistd.h>

int write_all(int fd, const char *text, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, text, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			return -ENOSPC;
		text += n;
		len -= (size_t)n;
	}
	return 0;
}
