/* SPDX-License-Identifier: Apache-2.0 */
/* libFuzzer's way into the reader of kernel logs: tests/fuzz/run.sh. */
#include <stdlib.h>
#include <string.h>

#include "oomlog.h"
#include "verdict_oomlog.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
	if (!holds)
		abort();
}

static void visit(const struct oomlog_report *report, void *context)
{
	static struct verdict_log known;
	static struct verdicts verdicts;

	must(memchr(report->oom_cgroup, '\0', sizeof(report->oom_cgroup)) != NULL);
	must(memchr(report->task_cgroup, '\0', sizeof(report->task_cgroup)) != NULL);
	must(!report->complete || report->has_invoker);
	must((report->constraint == OOMLOG_UNKNOWN) == (report->basis == OOMLOG_NO_BASIS));
	must(report->top_len <= OOMLOG_TOP && report->top_len <= report->tasks);
	for (size_t i = 0; i < report->victims_len; i++)
		must(report->victims[i].pid > 0);
	verdict_log_read(report, &known);
	verdicts_find(&known.facts, &verdicts);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct oomlog *log = oomlog_new(visit, NULL);

	while (log && size > 0) {
		size_t room;
		char *to = oomlog_room(log, &room);
		size_t some = size < room ? size : room;

		memcpy(to, data, some);
		oomlog_take(log, some);
		data += some;
		size -= some;
	}
	if (log)
		oomlog_end(log);
	oomlog_free(log);
	return 0;
}
