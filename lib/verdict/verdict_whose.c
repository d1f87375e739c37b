/* SPDX-License-Identifier: Apache-2.0 */
/* Whose limit it was, what was there before, and what comes again and again. */
#include "verdict_rules.h"

#define OUTLIVES_SHARE 25 /* percent of the limit that stayed charged */
#define LOOP_RESTARTS 3

static const char *cgroup_name(const struct verdict_facts *facts)
{
	return facts->hit_cgroup ? facts->hit_cgroup : "";
}

static bool ancestor_limit(const struct verdict_facts *facts, struct verdict *verdict)
{
	if (facts->whose != WHOSE_ANCESTOR)
		return false;
	verdict->confidence = VERDICT_CERTAIN;
	if (figure_is_size(facts->limit))
		verdict_add(verdict, "limit that was hit", UNIT_BYTES, facts->limit.n, "%.80s",
			    cgroup_name(facts));
	else
		verdict_add(verdict, "cgroup that hit its limit", UNIT_WORD, 0, "%.80s",
			    facts->hit_cgroup ? facts->hit_cgroup : "one above the container");
	verdict_add_known(verdict, "the container's own limit", UNIT_BYTES, facts->own_limit);
	return true;
}

static bool host_out_of_memory(const struct verdict_facts *facts, struct verdict *verdict)
{
	if (facts->whose != WHOSE_HOST)
		return false;
	verdict->confidence = VERDICT_CERTAIN;
	verdict_add_known(verdict, "the host's memory", UNIT_BYTES, facts->host_total);
	verdict_add_known(verdict, "available", UNIT_BYTES, facts->host_available);
	verdict_add_known(verdict, "the host's swap", UNIT_BYTES, facts->host_swap_total);
	verdict_add_known(verdict, "free swap", UNIT_BYTES, facts->host_swap_free);
	return true;
}

static bool nodes_full(const struct verdict_facts *facts, struct verdict *verdict)
{
	if (facts->whose != WHOSE_NODES)
		return false;
	verdict->confidence = VERDICT_CERTAIN;
	if (facts->hit_cgroup)
		verdict_add(verdict, "cpuset", UNIT_WORD, 0, "%.80s", facts->hit_cgroup);
	verdict_add_known(verdict, "available on the whole host", UNIT_BYTES,
			  facts->host_available);
	return true;
}

static bool survives_restart(const struct verdict_facts *facts, struct verdict *verdict)
{
	struct figure left = figure_sum(facts->left_shmem, facts->left_file);

	if (!figure_reaches(left, OUTLIVES_SHARE, facts->own_limit))
		return false;
	verdict->confidence = facts->restart_useless == FACT_YES ? VERDICT_CERTAIN : VERDICT_LIKELY;
	verdict_add_known(verdict, "shared memory and tmpfs left behind", UNIT_BYTES,
			  facts->left_shmem);
	verdict_add_known(verdict, "page cache left behind", UNIT_BYTES, facts->left_file);
	verdict_add_known(verdict, "limit", UNIT_BYTES, facts->own_limit);
	return true;
}

static bool restart_loop(const struct verdict_facts *facts, struct verdict *verdict)
{
	struct figure used = facts->restarts_used;
	bool spent = facts->gave_up == FACT_YES && used.known && used.n > 0 &&
		     facts->restarts_max.known && used.n >= facts->restarts_max.n;

	if (!spent && !(used.known && used.n >= LOOP_RESTARTS))
		return false;
	verdict->confidence = VERDICT_CERTAIN;
	verdict_add(verdict, "restarted", UNIT_COUNT, used.n, "times");
	if (facts->restarts_max.known)
		verdict_add(verdict, "allowed", UNIT_COUNT, facts->restarts_max.n, "restarts");
	verdict_add_known(verdict, "within", UNIT_MS, facts->restarts_within_ms);
	return true;
}

static const struct verdict_rule rules[] = {
    {"ancestor-limit", "A limit above the container was hit, not its own", VERDICT_CAUSE,
     ancestor_limit,
     "Look at all that runs below that cgroup: a neighbour may have grown. Raise the limit of the "
     "pod or slice, or give each container a limit of its own whose sum fits below it.",
     "The limit above has room while the container is killed."},
    {"host-out-of-memory", "The whole host was out of memory", VERDICT_CAUSE, host_out_of_memory,
     "The container may be innocent: the kernel took what scored highest on the host. Give every "
     "container a limit, leave room for the system, and look for the largest process of the host.",
     "The kernel's report names a memory cgroup as the constraint."},
    {"memory-nodes-full", "The memory nodes the process may use were full, not a limit",
     VERDICT_CAUSE, nodes_full,
     "Widen cpuset.mems or the memory policy (numactl), or move work away from those nodes.",
     "The nodes in cpuset.mems have free memory at the time of the event."},
    {"memory-survives-restart", "Memory stayed charged after all processes were gone",
     VERDICT_CAUSE, survives_restart,
     "A restart does not help: files on tmpfs (emptyDir with medium Memory, /dev/shm) or page "
     "cache outlive it. Delete the files before the start, give the tmpfs a size, or end the "
     "whole pod.",
     "The cgroup's usage is near zero before the next start."},
    {"restart-loop", "It ran out of memory again after each restart", VERDICT_EFFECT, restart_loop,
     "Restarting does not help here. Repair the cause above first, then start it by hand.",
     "The restarts had other reasons than memory."},
};

const struct verdict_topic verdict_whose = VERDICT_TOPIC(rules);
