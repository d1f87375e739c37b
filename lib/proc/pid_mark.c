/* SPDX-License-Identifier: Apache-2.0 */
#include "pid_mark.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cgroup.h"
#include "clock.h"

/* In between the ids must not have gone round once: for that they would have to be given at more
 * than 300 000 a second, which the kernel's one lock for them does not let through. */
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

void pid_mark_take(int procfd, struct pid_mark *out)
{
	uint64_t circle;
	char line[128];

	*out = (struct pid_mark){.us = clock_us(CLOCK_MONOTONIC)};
	if (cgroup_read_u64(procfd, "sys/kernel/pid_max", &circle) < 0 || circle < CIRCLE_MIN ||
	    cgroup_read(procfd, "loadavg", line, sizeof(line)) <= 0)
		return;
	out->known = last_pid(line, &out->last);
}

bool pid_mark_passed(const struct pid_mark *then, const struct pid_mark *now, pid_t pid)
{
	if (!then->known || !now->known || now->us - then->us > CIRCLE_US)
		return true;
	if (now->last >= then->last)
		return pid > then->last && pid <= now->last;
	return pid > then->last || pid <= now->last;
}
