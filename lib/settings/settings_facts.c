/* SPDX-License-Identifier: Apache-2.0 */
/* Reads what a container's memory cgroup and init have now: settings_facts_read() of settings.h. */
#include "settings.h"

#include <errno.h>
#include <unistd.h>

#include "proc.h"

static void facts_v1(const struct memcg *memcg, struct settings_facts *out)
{
	uint64_t value;
	char text[256];

	if (cgroup_read(memcg->dirfd, "memory.oom_control", text, sizeof(text)) > 0) {
		out->has_oom_control = cgroup_text_u64(text, "oom_kill_disable", &value) == 0;
		out->oom_kill_disabled = out->has_oom_control && value == 1;
	}
	if (cgroup_read_u64(memcg->dirfd, "memory.swappiness", &value) == 0) {
		out->has_swappiness = true;
		out->swappiness = (int)value;
	}
}

int settings_facts_read(const struct memcg *memcg, int procfd, pid_t init,
			struct settings_facts *out, struct error *err)
{
	struct memcg_usage usage;
	uint64_t value;
	int r = memcg_limits_read(memcg, &usage);

	*out = (struct settings_facts){.version = memcg->version};
	if (r < 0)
		return error_set(err, -r, "read memory cgroup %s", memcg->dir);
	out->usage = usage.usage;
	out->limit = usage.limit;
	out->has_swap = usage.has_swap_files;
	out->swap_max = usage.swap_limit;
	out->memsw_limit = usage.limit == MEMCG_NO_LIMIT || usage.swap_limit == MEMCG_NO_LIMIT
			       ? MEMCG_NO_LIMIT
			       : usage.limit + usage.swap_limit;
	out->page_size = (uint64_t)sysconf(_SC_PAGESIZE);
	if (memcg->version == CGROUP_V1) {
		facts_v1(memcg, out);
	} else if (cgroup_read_u64(memcg->dirfd, "memory.oom.group", &value) == 0) {
		out->has_oom_group = true;
		out->oom_group = value == 1;
	}
	out->has_score = proc_score_read(procfd, init, &out->init_score) == 0;
	return 0;
}

void settings_facts_given(struct settings_facts *facts, const struct settings_given *given)
{
	facts->has_config_score = given->has_score;
	facts->config_score = given->score;
}
