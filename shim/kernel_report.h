/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kernel's own report of an event, out of a log that holds everybody's. A report begins with
 * "NAME invoked oom-killer:" and says only near its end whose it is, so its lines are held until
 * then, and dropped when it is another's.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "kmsg.h"
#include "scene.h"

struct report {
	bool open;     /* a report has begun and not ended */
	bool ours;     /* … and it is ours */
	bool cut;      /* … and not all of it found room */
	bool followed; /* ours has ended: what the reaper says belongs to it */
	uint32_t held; /* bytes behind scene->report_len, of a report that may be ours */
};

/* Takes one line. `ours`: it names our cgroup or one of our processes. No allocation. */
void report_take(struct report *report, struct scene *scene, const struct kmsg_line *line,
		 const char *text, bool ours);
