/* SPDX-License-Identifier: Apache-2.0 */
#include "ready.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"

#define REASON_MAX 512 /* bytes of the reason that are taken */

/* What is there, or the end (0), in the time that is left. */
static ssize_t read_some(int fd, char *buf, size_t cap, uint64_t end_ms)
{
	struct pollfd ready = {.fd = fd, .events = POLLIN};

	for (;;) {
		uint64_t now = clock_ms(CLOCK_MONOTONIC);
		uint64_t left = end_ms > now ? end_ms - now : 0;
		int n = poll(&ready, 1, left < INT_MAX ? (int)left : INT_MAX);
		ssize_t len;

		if (n == 0)
			return -ETIMEDOUT;
		len = n < 0 ? -1 : read(fd, buf, cap);
		if (len >= 0)
			return len;
		if (errno != EINTR)
			return -errno;
	}
}

static int no_reason(struct error *err)
{
	return error_say(err, EPIPE, "the shim ended before it was armed, and gave no reason");
}

/* The text as the shim sent it: hostile words in it are made harmless where they are shown. */
static int failed(const char *word, size_t len, struct error *err)
{
	while (len > 1 && word[len - 1] == '\n')
		len--;
	if (word[0] != 'e' || len < 2)
		return no_reason(err);
	return error_say(err, EPIPE, "the shim could not be armed: %.*s", (int)(len - 1), word + 1);
}

int ready_wait(int fd, unsigned wait_ms, struct error *err)
{
	uint64_t end_ms = clock_ms(CLOCK_MONOTONIC) + wait_ms;
	char word[1 + REASON_MAX];
	size_t len = 0;

	while (len < sizeof(word)) {
		ssize_t n = read_some(fd, word + len, sizeof(word) - len, end_ms);

		if (n == -ETIMEDOUT && len == 0)
			return error_say(err, ETIMEDOUT, "the shim was not armed in time");
		if (n < 0 && len == 0)
			return error_set(err, (int)-n, "wait for the shim");
		if (n <= 0)
			break;
		len += (size_t)n;
		if (word[0] == 'r')
			return 0;
	}
	return len == 0 ? no_reason(err) : failed(word, len, err);
}
