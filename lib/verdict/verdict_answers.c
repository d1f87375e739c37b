/* SPDX-License-Identifier: Apache-2.0 */
#include "verdict_answers.h"

#include <inttypes.h>
#include <stdio.h>

#include "units.h"
#include "verdict_rules.h"

#define NO_KILL_HELPS 50 /* percent of the limit that is of no process */
#define SMALL 5		 /* percent of the limit */
#define INIT_TIMES 10	 /* an init is taken only when it is so much larger than all others */

static bool was_killed(const struct verdict_facts *facts, int pid)
{
	for (size_t i = 0; i < facts->victims_len; i++)
		if (facts->victims[i].pid == pid)
			return true;
	return false;
}

/* Shared memory that no process has mapped is files, and belongs to nobody. */
static struct figure unmapped(const struct verdict_facts *facts)
{
	struct figure shmem = facts->memory.shmem;
	uint64_t mapped = 0;

	for (size_t i = 0; i < facts->processes_len; i++)
		if (facts->processes[i].shmem.known && facts->processes[i].shmem.n > mapped)
			mapped = facts->processes[i].shmem.n;
	if (shmem.known)
		shmem.n -= mapped < shmem.n ? mapped : shmem.n;
	return shmem;
}

/* Files in memory and the kernel's own memory stay whoever is killed. */
static bool no_kill_helps(const struct verdict_facts *facts)
{
	return figure_reaches(figure_sum(unmapped(facts), facts->memory.kernel), NO_KILL_HELPS,
			      facts->limit);
}

struct search {
	struct verdict_choice best, init; /* the largest without the init, and the init */
};

static void consider(struct search *search, const struct verdict_choice *candidate, bool init)
{
	struct verdict_choice *best = init ? &search->init : &search->best;

	if (!candidate->bytes.known)
		return;
	/* One that may be taken goes before one that is protected. */
	if (best->kind == CHOICE_UNKNOWN || (best->is_protected && !candidate->is_protected) ||
	    (best->is_protected == candidate->is_protected && candidate->bytes.n > best->bytes.n))
		*best = *candidate;
}

static void consider_all(const struct verdict_facts *facts, struct search *search)
{
	for (size_t i = 0; i < facts->processes_len; i++) {
		const struct verdict_process *process = &facts->processes[i];

		if (process->state == 'Z')
			continue;
		consider(search,
			 &(struct verdict_choice){
			     .kind = CHOICE_PROCESS,
			     .pid = process->pid,
			     .comm = process->comm,
			     .bytes = verdict_footprint(process),
			     .is_protected = process->has_score && process->oom_score_adj == -1000,
			     .was_killed = was_killed(facts, process->pid),
			     .why = "the largest process",
			 },
			 process->init == FACT_YES);
	}
	for (size_t i = 0; i < facts->victims_len; i++) {
		const struct verdict_victim *victim = &facts->victims[i];

		consider(search,
			 &(struct verdict_choice){
			     .kind = CHOICE_PROCESS,
			     .pid = victim->pid,
			     .comm = victim->comm,
			     .bytes = victim->rss,
			     .was_killed = true,
			     .why = "the largest process",
			 },
			 victim->init == FACT_YES);
	}
}

void verdict_choose(const struct verdict_facts *facts, struct verdict_choice *out)
{
	struct search search = {0};

	*out = (struct verdict_choice){0};
	if (facts->zombie_stall == FACT_YES && facts->zombies_len > 0) {
		*out = (struct verdict_choice){
		    .kind = CHOICE_PROCESS,
		    .pid = facts->zombies[0].parent_pid,
		    .comm = facts->zombies[0].comm,
		    .was_killed = was_killed(facts, facts->zombies[0].parent_pid),
		    .why = "the parent that does not reap: its end frees its zombies",
		};
		return;
	}
	if (no_kill_helps(facts)) {
		*out = (struct verdict_choice){
		    .kind = CHOICE_NOBODY,
		    .why = "files in memory and kernel memory stay when a process is killed"};
		return;
	}
	consider_all(facts, &search);
	*out = search.best;
	/* Where nobody is large the largest is no better a choice: a system process as often as
	 * not. */
	if (out->kind == CHOICE_PROCESS && facts->victims_len > 0 && figure_is_size(facts->limit) &&
	    !figure_reaches(out->bytes, SMALL, facts->limit)) {
		*out = (struct verdict_choice){
		    .kind = CHOICE_PROCESS,
		    .pid = facts->victims[0].pid,
		    .comm = facts->victims[0].comm,
		    .bytes = facts->victims[0].rss,
		    .was_killed = true,
		    .why = "one of many small ones, of which none matters by itself",
		};
		return;
	}
	if (search.init.kind == CHOICE_PROCESS &&
	    (out->kind == CHOICE_UNKNOWN ||
	     (!search.init.is_protected && search.init.bytes.n / INIT_TIMES > out->bytes.n))) {
		*out = search.init;
		out->why = "the init itself is the largest by far";
	}
}

const char *verdict_limit_text(const struct verdict_facts *facts, char *buf, size_t cap)
{
	static const char *const whose[] = {
	    [WHOSE_UNKNOWN] = "not known whose",
	    [WHOSE_OWN] = "the container's own",
	    [WHOSE_ANCESTOR] = "one above the container",
	    [WHOSE_HOST] = "none: the host was out of memory",
	    [WHOSE_NODES] = "none: the memory nodes it may use were full",
	};
	const char *cgroup = facts->whose == WHOSE_HOST ? NULL : facts->hit_cgroup;
	char size[32] = "";

	if (figure_is_size(facts->limit))
		size_text(facts->limit.n, size, sizeof(size));
	snprintf(buf, cap, "%s%s%s%s%s%s", whose[facts->whose], size[0] ? ", " : "", size,
		 cgroup ? " (" : "", cgroup ? cgroup : "", cgroup ? ")" : "");
	return buf;
}

/* "NAME (pid N, SIZE)" */
static void who(const char *comm, int pid, struct figure bytes, char *buf, size_t cap)
{
	char size[32] = "";

	if (bytes.known)
		size_text(bytes.n, size, sizeof(size));
	snprintf(buf, cap, "%.60s (pid %d%s%s)", comm, pid, size[0] ? ", " : "", size);
}

const char *verdict_killed_text(const struct verdict_facts *facts, char *buf, size_t cap)
{
	const struct verdict_victim *first = facts->victims;
	uint64_t count = facts->kills.known ? facts->kills.n : facts->victims_len;
	char name[128];

	if (count < facts->victims_len)
		count = facts->victims_len;
	if (count == 0) {
		snprintf(buf, cap, facts->kills.known ? "nobody by the kernel" : "not known");
		return buf;
	}
	if (facts->victims_len == 0) {
		snprintf(buf, cap, "%" PRIu64 " process%s, names not known", count,
			 count == 1 ? "" : "es");
		return buf;
	}
	who(first->comm, first->pid, first->rss, name, sizeof(name));
	if (count > 1)
		snprintf(buf, cap, "%s and %" PRIu64 " more", name, count - 1);
	else
		snprintf(buf, cap, "%s", name);
	return buf;
}

const char *verdict_choice_text(const struct verdict_choice *choice, char *buf, size_t cap)
{
	char name[128];

	switch (choice->kind) {
	case CHOICE_UNKNOWN:
		snprintf(buf, cap, "not known");
		break;
	case CHOICE_NOBODY:
		snprintf(buf, cap, "nobody: %s", choice->why);
		break;
	case CHOICE_PROCESS:
		who(choice->comm, choice->pid, choice->bytes, name, sizeof(name));
		snprintf(buf, cap, "%s: %s%s", name, choice->why,
			 choice->was_killed	? ", and it was"
			 : choice->is_protected ? "; oom_score_adj -1000 protects it"
						: "");
		break;
	}
	return buf;
}
