/* SPDX-License-Identifier: Apache-2.0 */
/* Nothing could be killed, or what was killed does not go. */
#include <string.h>

#include "verdict_rules.h"

/* A zombie's kernel stack and task struct stay charged: about 15 KiB, measured on v1. */
#define ZOMBIE_BYTES (15 * 1024)
#define ZOMBIES_FEW 100
#define ZOMBIES_SHARE 10 /* percent of the limit */

static bool limit_was_hit(const struct verdict_facts *facts)
{
	return facts->event != VERDICT_OF_NEAR_LIMIT;
}

static bool killer_off(const struct verdict_facts *facts, struct verdict *verdict)
{
	bool own = facts->killer_off == FACT_YES;

	if (!limit_was_hit(facts) || !(own || facts->ancestor_killer_off == FACT_YES))
		return false;
	verdict->confidence = own ? VERDICT_CERTAIN : VERDICT_LIKELY;
	if (own)
		verdict_add(verdict, "oom_kill_disable", UNIT_WORD, 0, "1 in the container");
	else
		verdict_add(verdict, "out of memory, though the container's own OOM killer is on",
			    UNIT_WORD, 0, "%.60s",
			    facts->hit_cgroup ? facts->hit_cgroup : "a cgroup above it");
	verdict_add_known(verdict, "usage", UNIT_BYTES, facts->memory.usage);
	verdict_add_known(verdict, "limit", UNIT_BYTES, facts->limit);
	return true;
}

/* How many of the list cannot be killed; -1 as soon as one can be, or nobody knows. */
static int all_protected_count(const struct verdict_facts *facts)
{
	int count = 0;

	for (size_t i = 0; i < facts->processes_len; i++) {
		const struct verdict_process *process = &facts->processes[i];

		if (process->state == 'Z')
			continue;
		if (!process->has_score || process->oom_score_adj != -1000)
			return -1;
		count++;
	}
	return count;
}

static bool some_can_be_killed(const struct verdict_facts *facts)
{
	for (size_t i = 0; i < facts->processes_len; i++)
		if (facts->processes[i].state != 'Z' && facts->processes[i].has_score &&
		    facts->processes[i].oom_score_adj != -1000)
			return true;
	return false;
}

static bool all_protected(const struct verdict_facts *facts, struct verdict *verdict)
{
	int count = all_protected_count(facts);
	bool whole = facts->processes_more.known && facts->processes_more.n == 0;
	bool told = facts->nothing_killable == FACT_YES;

	if (!limit_was_hit(facts) || facts->victims_len > 0 || some_can_be_killed(facts))
		return false;
	if (!told && !(count > 0 && whole && facts->kills.known && facts->kills.n == 0 &&
		       facts->killer_off == FACT_NO))
		return false;
	verdict->confidence = told && count > 0 && whole ? VERDICT_CERTAIN : VERDICT_LIKELY;
	if (count > 0)
		verdict_add(verdict, "protected by oom_score_adj -1000", UNIT_COUNT,
			    (uint64_t)count, "processes");
	verdict_add_known(verdict, "usage", UNIT_BYTES, facts->memory.usage);
	verdict_add_known(verdict, "limit", UNIT_BYTES, facts->limit);
	return true;
}

static bool zombies(const struct verdict_facts *facts, struct verdict *verdict)
{
	const struct verdict_zombies *most = NULL;
	uint64_t count = 0;

	for (size_t i = 0; i < facts->zombies_len; i++) {
		if (!most || facts->zombies[i].count > most->count)
			most = &facts->zombies[i];
		count += facts->zombies[i].count;
	}
	if (facts->zombie_stall != FACT_YES &&
	    !(count >= ZOMBIES_FEW &&
	      figure_reaches(FIGURE(count * ZOMBIE_BYTES), ZOMBIES_SHARE, facts->limit)))
		return false;
	verdict->confidence = facts->zombie_stall == FACT_YES ? VERDICT_CERTAIN : VERDICT_LIKELY;
	if (count > 0) {
		verdict_add(verdict, "not reaped", UNIT_COUNT, count, "zombies");
		verdict_add(verdict, "what they keep charged, at 15 KiB each", UNIT_BYTES,
			    count * ZOMBIE_BYTES, "%s", "");
		verdict_add(verdict, "their parent", UNIT_WORD, 0, VERDICT_WHO, most->comm,
			    most->parent_pid);
	}
	verdict_add_known(verdict, "limit", UNIT_BYTES, facts->limit);
	return true;
}

/* Waiting for memory is no fault of its own: a kill ends it. */
static bool waits_for_memory(const struct verdict_process *process)
{
	return process->wchan && strstr(process->wchan, "mem_cgroup");
}

static bool unkillable(const struct verdict_facts *facts, struct verdict *verdict)
{
	uint64_t count = 0;

	for (size_t i = 0; i < facts->unkilled_len; i++) {
		const struct verdict_process *process = &facts->unkilled[i];

		if (process->state != 'D' || waits_for_memory(process))
			continue;
		if (count++ == 0)
			verdict_add(verdict, "was killed and is still there", UNIT_WORD, 0,
				    "%.40s, pid %d, in %.40s", process->comm, process->pid,
				    process->wchan && process->wchan[0] ? process->wchan : "D");
	}
	if (count == 0)
		return false;
	verdict->confidence = VERDICT_CERTAIN;
	verdict_add(verdict, "in uninterruptible sleep (D)", UNIT_COUNT, count, "processes");
	return true;
}

static const struct verdict_rule rules[] = {
    {"oom-killer-off", "The OOM killer is switched off, so the container hangs at its limit",
     VERDICT_CAUSE, killer_off,
     "Remove disableOOMKiller from the container's configuration, or leave settings.oomKiller at "
     "\"on\": oomguard then switches the killer on when the container is created. Look for who "
     "writes 1 to memory.oom_control.",
     "memory.oom_control reads oom_kill_disable 0 while the tasks still wait."},
    {"all-protected", "Every process is protected by oom_score_adj -1000, so none could be killed",
     VERDICT_CAUSE, all_protected,
     "Give the container a score above -1000 (process.oomScoreAdj, or "
     "settings.oomScoreAdj.workload in the policy). Look for a manager that runs at -1000 and "
     "hands its score down.",
     "A process of the container has an oom_score_adj above -1000."},
    {"zombies", "A parent does not reap its children: zombies fill the cgroup", VERDICT_CAUSE,
     zombies,
     "Make the parent wait() for its children, or run the service under an init that reaps "
     "(oomguard-init, tini, catatonit). A restart only empties the pile.",
     "The number of zombies stays the same while usage grows."},
    {"unkillable", "A killed process does not go: it sleeps in the kernel", VERDICT_EFFECT,
     unkillable,
     "Look at what it waits for: a frozen file system, a dead disk or NFS server, a driver. Its "
     "memory comes back only when that wait ends; a restart before that only adds to the load.",
     "The process is gone a moment later: then it was only slow to exit."},
};

const struct verdict_topic verdict_stuck = VERDICT_TOPIC(rules);
