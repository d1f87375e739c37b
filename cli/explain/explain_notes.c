/* SPDX-License-Identifier: Apache-2.0 */
#include "explain.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void __attribute__((format(printf, 3, 4)))
add(char *buf, size_t cap, const char *format, ...)
{
	size_t len = strlen(buf);
	va_list args;

	if (len && len + 2 < cap) {
		memcpy(buf + len, "; ", 3);
		len += 2;
	}
	va_start(args, format);
	vsnprintf(buf + len, cap - len, format, args);
	va_end(args);
}

static void note_victims(const struct oomlog_report *report, char *buf, size_t cap)
{
	if (report->no_victim)
		add(buf, cap, "nothing could be killed");
	if (report->exiting)
		add(buf, cap, "process %d (%s) was to be killed, but was exiting already",
		    report->exiting_pid, report->exiting_comm);
	if (report->exiting > 1)
		add(buf, cap, "so were %llu more", (unsigned long long)report->exiting - 1);
	if (report->panicked)
		add(buf, cap, "then the kernel panicked");
	if (!report->victims_len && !report->no_victim && report->has_reaped)
		add(buf, cap, "no kill line, but oom_reaper names process %d (%s)",
		    report->reaped_pid, report->reaped_comm);
	if (report->has_chosen && report->victims_len &&
	    report->chosen_pid != report->victims[0].pid)
		add(buf, cap, "process %d (%s) was chosen, %d (%s) was killed in its place",
		    report->chosen_pid, report->chosen_comm, report->victims[0].pid,
		    report->victims[0].comm);
	/* The table is shown whole, so what is not in it is no process of its own. */
	if (report->complete && report->tasks && report->victims_len &&
	    !report->victims[0].in_table)
		add(buf, cap, "the killed pid %d is not in the task table: a thread",
		    report->victims[0].pid);
	if (report->victims_more)
		add(buf, cap, "%llu more victims are not listed",
		    (unsigned long long)report->victims_more);
}

const char *explain_notes(const struct oomlog_report *report, char *buf, size_t cap)
{
	buf[0] = '\0';
	if (!report->has_invoker)
		add(buf, cap, "the beginning is missing");
	if (!report->victims_len && !report->no_victim && !report->exiting && !report->panicked)
		add(buf, cap, "the end is missing");
	if (report->records_missing)
		add(buf, cap, "records are missing in between");
	if (report->lines_missing)
		add(buf, cap, "lines are missing in between");
	if (report->repeated)
		add(buf, cap, "lines stand there twice and count once");
	note_victims(report, buf, cap);
	if (report->constraint == OOMLOG_GLOBAL && report->container_id[0])
		add(buf, cap, "the victim is in a container, but the host ran out of memory");
	return buf;
}
