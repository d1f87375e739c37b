/* SPDX-License-Identifier: Apache-2.0 */
/* What is written down of stalls and of coming near the limit. */
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "mask.h"
#include "proc.h"
#include "record.h"
#include "scene_read.h"
#include "units.h"

void record_begin(struct guard *guard, enum incident_kind kind, uint64_t start_us)
{
	struct incident *incident = &guard->incident;

	memset(incident, 0, offsetof(struct incident, actions));
	incident->kind = kind;
	incident->time_ms = clock_ms(CLOCK_REALTIME);
	incident->start_us = start_us;
	incident->armed_ms = guard->armed_ms;
	incident->armed = guard->armed;
	incident->identity = &guard->plan.identity;
	incident->profile_name = guard->profile_name;
	incident->before = guard->seen;
	scene_begin(guard);
	guard->counted.begun = guard->counted.done = false;
}

void record_zombies(struct guard *guard, const struct zombie_pile *pile,
		    const struct stall_sample *now)
{
	struct incident *incident = &guard->incident;
	char text[512], name[MASK_NAME_BYTES];
	struct jsonw *w;

	record_begin(guard, INCIDENT_STALL, clock_us(CLOCK_MONOTONIC));
	incident->stall = stall_kind_name(STALL_ZOMBIES);
	incident->usage = now->usage;
	incident->after = now->counters;
	scene_before(guard);
	scene_settle(guard);
	w = journal_begin(&guard->journal, JOURNAL_WARNING, "zombies", "%s",
			  zombies_text(pile, text, sizeof(text)));
	jsonw_kv_uint(w, "zombies", pile->zombies);
	jsonw_kv_int(w, "pid", pile->parent[0].pid);
	jsonw_kv_string(w, "comm", mask_name(pile->parent[0].comm, name));
	journal_end(&guard->journal);
}

static int note_sleeper(pid_t tid, void *context)
{
	struct guard *guard = context;
	struct incident *incident = &guard->incident;
	struct incident_left *sleeper;
	struct proc_stat stat;

	if (proc_stat_read(guard->procfd, tid, &stat) < 0 || stat.state != 'D')
		return 0;
	if (incident->sleepers_len == INCIDENT_LEFT_MAX) {
		incident->sleepers_more++;
		return 0;
	}
	sleeper = &incident->sleepers[incident->sleepers_len++];
	sleeper->pid = tid;
	sleeper->state = stat.state;
	memcpy(sleeper->comm, stat.comm, sizeof(sleeper->comm));
	proc_wchan(guard->procfd, tid, sleeper->wchan, sizeof(sleeper->wchan));
	return 0;
}

/* Threads in D, with what they wait in: the first one of a process may be well. Reading /proc of
 * such a thread does not block. */
static void note_sleepers(struct guard *guard)
{
	ssize_t n = cgroup_procs(guard->memcg.dirfd, guard->pids, KILL_PIDS_MAX);

	for (ssize_t i = 0; i < n && i < KILL_PIDS_MAX; i++)
		proc_threads(guard->procfd, guard->pids[i], note_sleeper, guard);
}

static void write_figures(struct jsonw *w, const struct memcg_usage *usage)
{
	jsonw_kv_uint(w, "usage", usage->usage);
	if (usage->limit != MEMCG_NO_LIMIT)
		jsonw_kv_uint(w, "limit", usage->limit);
	jsonw_kv_uint(w, "workingSet", memcg_working_set(usage));
}

static const char *stall_words(enum stall_kind kind)
{
	switch (kind) {
	case STALL_NONE:
		break;
	case STALL_OOM_KILLER_OFF:
		return "out of memory with the OOM killer switched off: its tasks sleep for ever";
	case STALL_ANCESTOR:
		return "out of memory at a limit above the container, and nothing ends it";
	case STALL_NOTHING_KILLABLE:
		return "at its limit, and no process that the kernel may kill";
	case STALL_PRESSURE:
		return "nobody gets on for want of memory";
	case STALL_ZOMBIES:
		return "a pile of zombies that nobody reaps";
	}
	return "stalled";
}

/* Whose limit a stall is about. */
static enum limit_owner stall_limit_owner(enum stall_kind kind)
{
	switch (kind) {
	case STALL_OOM_KILLER_OFF:
	case STALL_NOTHING_KILLABLE:
	case STALL_PRESSURE:
		return LIMIT_OF_CONTAINER;
	case STALL_ANCESTOR:
		return LIMIT_OF_ANCESTOR;
	case STALL_NONE:
	case STALL_ZOMBIES:
		break;
	}
	return LIMIT_OF_UNKNOWN;
}

void record_stall(struct guard *guard, enum stall_kind kind, const struct stall_sample *now)
{
	struct incident *incident = &guard->incident;
	struct jsonw *w;

	record_begin(guard, INCIDENT_STALL, clock_us(CLOCK_MONOTONIC));
	incident->stall = stall_kind_name(kind);
	incident->usage = now->usage;
	incident->after = now->counters;
	snprintf(incident->decision, sizeof(incident->decision), "ladder");
	snprintf(incident->reason, sizeof(incident->reason), "%s", stall_words(kind));
	/* Only the switched-off killer can be freed in microseconds: there the list comes after. */
	if (kind != STALL_OOM_KILLER_OFF || guard->profile->evidence.budget_ms > 0)
		note_sleepers(guard);
	scene_before(guard);
	scene_settle(guard);
	scene_note_hit(guard, stall_limit_owner(kind));
	w = journal_begin(&guard->journal, JOURNAL_WARNING, "stall", "%s", stall_words(kind));
	jsonw_kv_string(w, "stall", incident->stall);
	write_figures(w, &now->usage);
	journal_end(&guard->journal);
	record_phase(guard, SHIM_ACTING);
}

void record_rung(struct guard *guard, const struct incident_rung *rung)
{
	struct jsonw *w = journal_begin(&guard->journal, JOURNAL_NOTICE, "rung", "%s %s%s%s",
					ladder_rung_name(rung->rung),
					rung->rung == RUNG_REPORT ? "is all that is left"
					: rung->helped		  ? "helped"
								  : "did not help",
					rung->detail[0] ? ": " : "", rung->detail);

	jsonw_kv_string(w, "rung", ladder_rung_name(rung->rung));
	jsonw_kv_bool(w, "helped", rung->helped);
	journal_end(&guard->journal);
	incident_act(&guard->incident, clock_us(CLOCK_MONOTONIC) - rung->took_us,
		     ladder_rung_name(rung->rung), rung->helped ? "helped" : "no-help", "%s",
		     rung->detail);
}

static bool any_helped(const struct incident *incident)
{
	for (size_t i = 0; i < incident->rungs_len; i++)
		if (incident->rungs[i].helped)
			return true;
	return false;
}

bool record_stall_end(struct guard *guard, bool killed)
{
	struct incident *incident = &guard->incident;
	bool helped = any_helped(incident);

	snprintf(incident->result, sizeof(incident->result), "%s",
		 killed && helped ? "killed"
		 : killed	  ? "kill-incomplete"
		 : helped	  ? "freed"
				  : "stalled");
	if (helped)
		record_event(guard, "freed", "the container %s", killed ? "was killed" : "gets on");
	else
		record_problem(guard, "nothing helped: the container still stands still");
	scene_after(guard, killed);
	if (killed && helped)
		scene_note_removed(guard);
	record_incident(guard);
	if (!killed)
		record_phase(guard, SHIM_WATCHING);
	return helped;
}

void record_near(struct guard *guard, const struct stall_sample *now)
{
	char used[32], limit[32];
	struct jsonw *w;

	w = journal_begin(&guard->journal, JOURNAL_WARNING, "near-limit",
			  "near the limit: working set %s of %s",
			  size_text(memcg_working_set(&now->usage), used, sizeof(used)),
			  size_text(now->usage.limit, limit, sizeof(limit)));
	write_figures(w, &now->usage);
	journal_end(&guard->journal);
}

void record_snapshot(struct guard *guard, const struct stall_sample *now)
{
	struct incident *incident = &guard->incident;

	record_begin(guard, INCIDENT_NEAR_LIMIT, clock_us(CLOCK_MONOTONIC));
	incident->usage = now->usage;
	incident->after = now->counters;
	snprintf(incident->decision, sizeof(incident->decision), "report");
	snprintf(incident->reason, sizeof(incident->reason), "onNearLimit");
	snprintf(incident->result, sizeof(incident->result), "reported");
	scene_before(guard);
	scene_settle(guard);
	scene_after(guard, false);
	record_incident(guard);
}
