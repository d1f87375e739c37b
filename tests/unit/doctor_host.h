/* SPDX-License-Identifier: Apache-2.0 */
/* Facts of `oomguard doctor` on which there is nothing to complain of. */
#pragma once

#include "checks.h"
#include "unit.h"

#define GIB (UINT64_C(1) << 30)

/* A host on which all is well, with one watched container. */
struct host {
	struct doctor_facts facts;
	struct container_facts containers[3];
};

static inline struct host *good_host(void)
{
	struct host *host = calloc(1, sizeof(*host));
	static char web[] = "web", api[] = "api", job[] = "job";
	char *const names[] = {web, api, job};
	struct kernel_facts *kernel;

	ck_assert_ptr_nonnull(host);
	kernel = &host->facts.kernel;
	*kernel = (struct kernel_facts){
	    .release = "6.1.0",
	    .has_v2 = true,
	    .has_memory = true,
	    .version = CGROUP_V2,
	    .kill_counter = KNOWN_YES,
	    .swap_accounted = KNOWN_YES,
	    .oom_group = KNOWN_YES,
	    .cgroup_kill = KNOWN_YES,
	    .has_swap = true,
	    .pressure = true,
	    .pidfd = true,
	    .memcgs = 100,
	    .mem_total = 4 * GIB,
	    .initial_userns = true,
	    .capabilities = UINT64_MAX,
	};
	host->facts.hook.executable = host->facts.shim.executable = true;
	host->facts.policy.valid = true;
	host->facts.state.space_known = host->facts.records.space_known = true;
	host->facts.state.space = host->facts.records.space = GIB;
	host->facts.state.inodes = host->facts.records.inodes = 100000;
	host->facts.engines.len = 1;
	host->facts.engines.items[0] = (struct registration){.engine = "hooks.d",
							     .is_hook = true,
							     .has_env = true,
							     .has_timeout = true,
							     .has_create = true,
							     .has_poststart = true,
							     .has_poststop = true,
							     .program.executable = true};
	for (size_t i = 0; i < 3; i++)
		host->containers[i] = (struct container_facts){.key = "key",
							       .id = names[i],
							       .guarding = GUARDING_WATCHED,
							       .has_cgroup = true,
							       .limit = GIB,
							       .shim_state = 'S',
							       .shim_pid = 10};
	host->facts.containers = host->containers;
	host->facts.containers_len = 3;
	return host;
}
