/* SPDX-License-Identifier: Apache-2.0 */
/* Reads the log on standard input; prints how many reports were in it, and its own peak in KiB. */
#include <stdio.h>
#include <unistd.h>

#include "oomlog.h"

static void count(const struct oomlog_report *report, void *context)
{
	++*(unsigned long *)context;
}

/* Not ru_maxrss: that begins with what the parent had when it forked. */
static unsigned long peak_kib(void)
{
	FILE *status = fopen("/proc/self/status", "re");
	unsigned long kib = 0;
	char line[256];

	while (status && fgets(line, sizeof(line), status))
		if (sscanf(line, "VmHWM: %lu kB", &kib) == 1)
			break;
	if (status)
		fclose(status);
	return kib;
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
	printf("%lu %lu\n", reports, peak_kib());
	return 0;
}
