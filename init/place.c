/* SPDX-License-Identifier: Apache-2.0 */
#include "place.h"

#include <unistd.h>

/* tcgetpgrp() answers for the caller's own controlling terminal only. */
static int find_terminal(pid_t *foreground)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		*foreground = tcgetpgrp(fd);
		if (*foreground >= 0)
			return fd;
	}
	return -1;
}

struct place place_look(void)
{
	pid_t foreground = -1;
	struct place place = {.terminal = find_terminal(&foreground)};

	place.shared = place.terminal >= 0 && getsid(0) != getpid();
	place.foreground = place.terminal >= 0 && foreground == getpgrp();
	return place;
}

void place_take(const struct place *place)
{
	if (place->shared || setpgid(0, 0) < 0)
		return;
	if (place->foreground)
		tcsetpgrp(place->terminal, getpid());
}
