/* SPDX-License-Identifier: Apache-2.0 */
/* The kernel, its cgroups, and what we may do. */
#include "checks.h"

#include <inttypes.h>
#include <linux/capability.h>
#include <stdio.h>
#include <string.h>

/* A memcg's id has 16 bits and 0 is no id (mm/memcontrol.c, MEM_CGROUP_ID_MAX). */
#define MEMCG_IDS 65535
#define MEMCG_WARN (MEMCG_IDS / 2)
#define MEMCG_FAIL (MEMCG_IDS / 10 * 9)

static void check_cgroups(const struct doctor_facts *facts, struct findings *out)
{
	const struct kernel_facts *kernel = &facts->kernel;

	if (!kernel->has_v1 && !kernel->has_v2)
		finding_fail(out, "mount cgroup2 at /sys/fs/cgroup",
			     "Linux %s: no cgroup file system is mounted", kernel->release);
	else if (!kernel->has_memory)
		finding_fail(out, "boot without cgroup_disable=memory",
			     "Linux %s: no hierarchy has the memory controller", kernel->release);
	else if (kernel->version == CGROUP_V2)
		finding_ok(out, "Linux %s, cgroup v2", kernel->release);
	else if (kernel->has_v2)
		finding_ok(out,
			   "Linux %s, cgroup v1 and v2 (hybrid), memory on v1; crun refuses it",
			   kernel->release);
	else
		finding_ok(out, "Linux %s, cgroup v1", kernel->release);
}

static void check_kill_counter(const struct doctor_facts *facts, struct findings *out)
{
	switch (facts->kernel.kill_counter) {
	case KNOWN_YES:
		finding_ok(out, "the kernel counts OOM kills of each cgroup");
		break;
	case KNOWN_NO:
		finding_fail(out, "use Linux 4.19 or later",
			     "the kernel does not count OOM kills: none would be seen");
		break;
	case KNOWN_NOT:
		finding_ok(out, "no cgroup is there to look at");
		break;
	}
}

static void check_swap(const struct doctor_facts *facts, struct findings *out)
{
	const struct kernel_facts *kernel = &facts->kernel;

	if (kernel->swap_accounted == KNOWN_YES)
		finding_ok(out, "swap is accounted to containers");
	else if (!kernel->has_swap)
		finding_ok(out, "the host has no swap");
	else if (kernel->swap_accounted == KNOWN_NO)
		finding_warn(out, "boot with swapaccount=1, or swapoff -a",
			     "the host has swap and does not account it: a container over its "
			     "limit swaps without an OOM");
	else
		finding_ok(out, "no cgroup is there to look at");
}

static void check_pressure(const struct doctor_facts *facts, struct findings *out)
{
	if (facts->kernel.pressure)
		finding_ok(out, "memory pressure (PSI) is measured");
	else
		finding_warn(out, "boot with psi=1 (Linux 4.20)",
			     "memory pressure (PSI) is not measured: a stall by thrashing is not "
			     "seen on cgroup v2");
}

static void check_oom_group(const struct doctor_facts *facts, struct findings *out)
{
	const struct kernel_facts *kernel = &facts->kernel;

	if (kernel->version == CGROUP_V1)
		finding_ok(out, "settings.oomGroup needs cgroup v2, and is not applied here");
	else if (kernel->oom_group == KNOWN_NO)
		finding_warn(out, "use Linux 4.19 or later",
			     "memory.oom.group is not to be had: settings.oomGroup is refused");
	else
		finding_ok(out, "memory.oom.group %s",
			   kernel->oom_group == KNOWN_YES ? "is there"
							  : "is not known: no cgroup to look at");
}

static void check_cgroup_kill(const struct doctor_facts *facts, struct findings *out)
{
	const struct kernel_facts *kernel = &facts->kernel;

	if (kernel->version == CGROUP_V1)
		finding_ok(out, "cgroup.kill needs cgroup v2: processes are killed one by one");
	else if (kernel->cgroup_kill == KNOWN_YES)
		finding_ok(out, "cgroup.kill is there");
	else
		finding_ok(out, "cgroup.kill (Linux 5.14) is not seen: processes are killed one by "
				"one");
}

static void check_pidfd(const struct doctor_facts *facts, struct findings *out)
{
	if (facts->kernel.pidfd)
		finding_ok(out, "processes can be held by pidfd");
	else
		finding_fail(out, "use Linux 5.3 or later, and allow pidfd_open in seccomp",
			     "pidfds are not to be had: no shim can start");
}

static void check_fork_events(const struct doctor_facts *facts, struct findings *out)
{
	int why = facts->kernel.connector;

	if (why == 0 && facts->kernel.initial_userns)
		finding_ok(out, "the kernel tells of forks (process connector)");
	else
		finding_warn(
		    out, "run as root on the host; CONFIG_PROC_EVENTS=y",
		    "the kernel does not tell of forks (%s): processes made later get their "
		    "oom_score_adj later",
		    why ? strerrordesc_np(why) : "in a user namespace");
}

static void check_kernel_log(const struct doctor_facts *facts, struct findings *out)
{
	int why = facts->kernel.kernel_log;

	if (why == 0)
		finding_ok(out, "/dev/kmsg can be read");
	else
		finding_warn(out, "run as root, or sysctl kernel.dmesg_restrict=0",
			     "/dev/kmsg cannot be read (%s): victims and limits stay unknown",
			     strerrordesc_np(why));
}

static void check_capabilities(const struct doctor_facts *facts, struct findings *out)
{
	static const struct {
		unsigned bit;
		const char *name, *lost;
	} wanted[] = {
	    {CAP_SYS_RESOURCE, "CAP_SYS_RESOURCE",
	     "no oom_score_adj can be lowered, that of the shims neither"},
	    {CAP_KILL, "CAP_KILL", "processes of other users cannot be killed"},
	    {CAP_SYS_PTRACE, "CAP_SYS_PTRACE", "what a hung process sleeps in stays unknown"},
	    {CAP_NET_ADMIN, "CAP_NET_ADMIN", "forks are not followed"},
	    {CAP_DAC_OVERRIDE, "CAP_DAC_OVERRIDE", "scores of other users' processes stay"},
	    {CAP_SYSLOG, "CAP_SYSLOG", "the kernel log stays closed where it is restricted"},
	};
	const size_t len = sizeof(wanted) / sizeof(wanted[0]);
	size_t missing = 0;

	for (size_t i = 0; i < len; i++) {
		if (facts->kernel.capabilities & UINT64_C(1) << wanted[i].bit)
			continue;
		missing++;
		finding_warn(out, "run as root with all capabilities", "without %s: %s",
			     wanted[i].name, wanted[i].lost);
	}
	if (!missing)
		finding_ok(out, "all %zu that are used are there", len);
}

static void check_memcgs(const struct doctor_facts *facts, struct findings *out)
{
	uint64_t memcgs = facts->kernel.memcgs;
	const char *remedy =
	    "find who leaks cgroups; `sysctl vm.drop_caches=1` lets removed ones go";

	if (!memcgs)
		finding_ok(out, "the number of memory cgroups is not known");
	else if (memcgs >= MEMCG_FAIL)
		finding_fail(out, remedy,
			     "%" PRIu64 " memory cgroups of %d: soon no container starts", memcgs,
			     MEMCG_IDS);
	else if (memcgs >= MEMCG_WARN)
		finding_warn(out, remedy, "%" PRIu64 " memory cgroups of %d", memcgs, MEMCG_IDS);
	else
		finding_ok(out, "%" PRIu64 " memory cgroups of %d", memcgs, MEMCG_IDS);
}

const struct check checks_kernel[] = {
    {"cgroups", check_cgroups},
    {"kill-counter", check_kill_counter},
    {"swap", check_swap},
    {"pressure", check_pressure},
    {"oom-group", check_oom_group},
    {"cgroup-kill", check_cgroup_kill},
    {"pidfd", check_pidfd},
    {"fork-events", check_fork_events},
    {"kernel-log", check_kernel_log},
    {"capabilities", check_capabilities},
    {"memcgs", check_memcgs},
    {NULL, NULL},
};
