/* SPDX-License-Identifier: Apache-2.0 */
#include "oomlog_slot.h"

#include <string.h>

static const struct {
	const char *name;
	enum oomlog_stat stat;
} names[] = {
    /* cgroup v2, in bytes */
    {"anon", OOMLOG_STAT_ANON},
    {"file", OOMLOG_STAT_FILE},
    {"kernel", OOMLOG_STAT_KERNEL},
    {"shmem", OOMLOG_STAT_SHMEM},
    {"slab", OOMLOG_STAT_SLAB},
    {"kernel_stack", OOMLOG_STAT_KERNEL_STACK},
    {"pagetables", OOMLOG_STAT_PAGETABLES},
    {"sock", OOMLOG_STAT_SOCK},
    {"slab_reclaimable", OOMLOG_STAT_SLAB_RECLAIMABLE},
    {"slab_unreclaimable", OOMLOG_STAT_SLAB_UNRECLAIMABLE},
    {"inactive_file", OOMLOG_STAT_INACTIVE_FILE},
    {"active_file", OOMLOG_STAT_ACTIVE_FILE},
    /* cgroup v1, in KB; its cache holds shmem as file does in v2 */
    {"rss", OOMLOG_STAT_ANON},
    {"cache", OOMLOG_STAT_FILE},
    {"swap", OOMLOG_STAT_SWAP},
};

static void take(struct oomlog_report *report, struct span name, uint64_t bytes)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (name.len != strlen(names[i].name) || memcmp(name.at, names[i].name, name.len))
			continue;
		/* The first cgroup named is the one at its limit, others lie below it. */
		if (!report->has_stat[names[i].stat]) {
			report->has_stat[names[i].stat] = true;
			report->stat[names[i].stat] = bytes;
		}
	}
}

/* "name 4096", or "name:4KB" */
void slot_add_stats(struct oomlog_report *report, struct span figures)
{
	while (figures.len) {
		struct span name = figures;
		uint64_t number;

		while (figures.len && figures.at[0] != ':' && figures.at[0] != ' ')
			figures = (struct span){figures.at + 1, figures.len - 1};
		name.len = (size_t)(figures.at - name.at);
		if (span_skip(&figures, ":")) {
			if (span_skip_number(&figures, &number) && span_skip(&figures, "KB") &&
			    number <= UINT64_MAX / 1024)
				take(report, name, number * 1024);
		} else if (name.len && span_skip(&figures, " ")) {
			if (span_skip_number(&figures, &number))
				take(report, name, number);
		}
		if (figures.len && (figures.at[0] == ' ' || name.len == 0))
			figures = (struct span){figures.at + 1, figures.len - 1};
	}
}
