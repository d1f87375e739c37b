/* SPDX-License-Identifier: Apache-2.0 */
#include "pid_mark.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cgroup.h"
#include "cleanup.h"
#include "clock.h"

/* From one look to the next the ids must not go round once: for that they would have to be given at
 * more than 300 000 a second, which the kernel's one lock for them does not let through. */
#define CIRCLE_MIN 32768
#define CIRCLE_US 100000

/* The last word of the line. */
static bool last_pid(const char *line, pid_t *out)
{
	const char *blank = strrchr(line, ' ');
	long value = blank ? strtol(blank, NULL, 10) : 0;

	*out = (pid_t)value;
	return value > 0 && value <= INT32_MAX;
}

static bool read_last(int loadavg, pid_t *out)
{
	char line[128];
	ssize_t len = pread(loadavg, line, sizeof(line) - 1, 0);

	if (len <= 0)
		return false;
	line[len] = '\0';
	return last_pid(line, out);
}

void pid_marks_begin(int procfd, struct pid_marks *out)
{
	*out = (struct pid_marks){.us = clock_us(CLOCK_MONOTONIC)};
	out->source = openat(procfd, "loadavg", O_RDONLY | O_CLOEXEC);
	out->known = out->source >= 0 &&
		     cgroup_read_u64(procfd, "sys/kernel/pid_max", &out->circle) == 0 &&
		     out->circle >= CIRCLE_MIN && read_last(out->source, &out->first);
	out->last = out->first;
}

void pid_marks_end(struct pid_marks *marks)
{
	cleanup_closep(&marks->source);
}

void pid_marks_note(struct pid_marks *marks, pid_t last, uint64_t us)
{
	marks->given += (uint64_t)(last - marks->last) + (last < marks->last ? marks->circle : 0);
	if (us - marks->us > CIRCLE_US || marks->given >= CIRCLE_MIN)
		marks->known = false;
	marks->last = last;
	marks->us = us;
}

void pid_marks_look(struct pid_marks *marks)
{
	uint64_t before = clock_us(CLOCK_MONOTONIC);
	pid_t last;

	if (!marks->known)
		return;
	marks->known = read_last(marks->source, &last);
	if (!marks->known)
		return;
	pid_marks_note(marks, last, clock_us(CLOCK_MONOTONIC));
	/* It was read at some time between the two: the longer way counts, both times. */
	marks->us = before;
}

bool pid_marks_passed(const struct pid_marks *marks, pid_t pid)
{
	if (!marks->known)
		return true;
	if (marks->last >= marks->first)
		return pid > marks->first && pid <= marks->last;
	return pid > marks->first || pid <= marks->last;
}
