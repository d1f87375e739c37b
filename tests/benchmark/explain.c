/* SPDX-License-Identifier: Apache-2.0 */
/* Reads the log on standard input and prints how many reports were found in it. */
#include <stdio.h>
#include <unistd.h>

#include "oomlog.h"

static void count(const struct oomlog_report *report, void *context)
{
	++*(unsigned long *)context;
}

int main(void)
{
	unsigned long reports = 0;
	struct oomlog *log = oomlog_new(count, &reports);
	ssize_t len = -1;

	while (log) {
		size_t room;
		char *to = oomlog_room(log, &room);

		len = read(STDIN_FILENO, to, room);
		if (len <= 0)
			break;
		oomlog_take(log, (size_t)len);
	}
	if (len < 0)
		return 1;
	oomlog_end(log);
	oomlog_free(log);
	printf("%lu\n", reports);
	return 0;
}
