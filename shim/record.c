/* SPDX-License-Identifier: Apache-2.0 */
#include "record.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "count.h"
#include "escape.h"
#include "mask.h"
#include "setting_event.h"
#include "units.h"

static void set_last_event(struct guard *guard, const char *format, va_list args)
{
	vsnprintf(guard->status.last_event, sizeof(guard->status.last_event), format, args);
}

/* A status that cannot be written (full disk) is no reason to stop guarding. */
static void write_status(struct guard *guard)
{
	/* A shim that takes this one's place counts from here on. */
	guard->status.seen = guard->seen;
	status_write(guard->container, &guard->status);
}

void record_phase(struct guard *guard, enum shim_phase phase)
{
	guard->status.phase = phase;
	write_status(guard);
}

void record_event(struct guard *guard, const char *event, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	set_last_event(guard, format, args);
	va_end(args);
	journal_event(&guard->journal, JOURNAL_NOTICE, event, "%s", guard->status.last_event);
}

void record_problem(struct guard *guard, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	set_last_event(guard, format, args);
	va_end(args);
	journal_event(&guard->journal, JOURNAL_WARNING, "problem", "%s", guard->status.last_event);
	write_status(guard);
}

void record_armed(struct guard *guard)
{
	struct jsonw *w = journal_begin(
	    &guard->journal, JOURNAL_INFO, "armed", "watching pid %d%s%s", guard->plan.init_pid,
	    guard->status.confinement[0] ? "; without " : "", guard->status.confinement);

	jsonw_kv_int(w, "pid", guard->plan.init_pid);
	jsonw_kv_bool(w, "late", guard->status.late);
	journal_end(&guard->journal);
}

void record_missed(struct guard *guard, uint64_t kills)
{
	struct jsonw *w = journal_begin(
	    &guard->journal, JOURNAL_WARNING, "missed",
	    "the kernel killed %llu process%s while no shim watched; it is acted on now",
	    (unsigned long long)kills, kills == 1 ? "" : "es");

	jsonw_kv_uint(w, "kills", kills);
	journal_end(&guard->journal);
}

void record_setting(struct guard *guard, const struct setting_result *result)
{
	if (result->outcome == SETTING_APPLIED || result->outcome == SETTING_FAILED)
		setting_event(&guard->journal, "setting", result);
}

void record_drift(struct guard *guard, const struct setting_result *result)
{
	snprintf(guard->status.last_event, sizeof(guard->status.last_event), "%s %s: %s -> %s",
		 result->key, setting_outcome_name(result->outcome), result->old_value,
		 result->new_value);
	setting_event(&guard->journal, "drift", result);
	if (result->outcome == SETTING_APPLIED)
		count_drift_repair(guard);
}

/* "load (pid 12, 60 MiB)", escaped; "" when nobody is known. */
static const char *victim_words(const struct incident *incident, char *buf, size_t cap)
{
	const struct incident_victim *victim = &incident->victims[0];
	char shown[MASK_NAME_BYTES], name[128], size[32];

	buf[0] = '\0';
	if (incident->victims_len > 0)
		snprintf(buf, cap, ": %s (pid %d, %s)",
			 escape_terminal(mask_name(victim->comm, shown), name, sizeof(name)),
			 victim->pid, size_text(victim->rss_bytes, size, sizeof(size)));
	return buf;
}

static void record_kills(struct guard *guard)
{
	const struct incident *incident = &guard->incident;
	char victim[256], name[MASK_NAME_BYTES];
	struct jsonw *w;

	w = journal_begin(
	    &guard->journal, JOURNAL_WARNING, "oom", "the kernel killed %llu process%s, slot %s%s",
	    (unsigned long long)incident->kills, incident->kills == 1 ? "" : "es",
	    oom_slot_name(incident->slot), victim_words(incident, victim, sizeof(victim)));
	jsonw_kv_string(w, "slot", oom_slot_name(incident->slot));
	jsonw_kv_string(w, "basis", incident_basis_name(incident->basis));
	jsonw_kv_uint(w, "kills", incident->kills);
	if (incident->victims_len > 0) {
		jsonw_kv_int(w, "pid", incident->victims[0].pid);
		jsonw_kv_string(w, "comm", mask_name(incident->victims[0].comm, name));
	}
	journal_end(&guard->journal);
}

void record_oom(struct guard *guard)
{
	const struct incident *incident = &guard->incident;
	struct jsonw *w;

	if (incident->kind == INCIDENT_OOM)
		record_kills(guard);
	w = journal_begin(&guard->journal, JOURNAL_NOTICE, "decision", "%s: %s", incident->decision,
			  incident->reason);
	jsonw_kv_string(w, "asked", policy_action_name(incident->asked));
	jsonw_kv_string(w, "decision", incident->decision);
	jsonw_kv_uint(w, "restartNumber", incident->restart_number);
	jsonw_kv_uint(w, "backoffMs", incident->backoff_ms);
	journal_end(&guard->journal);
}

void record_kill(struct guard *guard, int signal, int error)
{
	struct jsonw *w;

	if (error == 0)
		w = journal_begin(&guard->journal, JOURNAL_NOTICE, "kill",
				  "signal %d sent to the init, pid %d", signal,
				  guard->plan.init_pid);
	else if (error == -ESRCH)
		w = journal_begin(&guard->journal, JOURNAL_NOTICE, "kill",
				  "the init, pid %d, has ended already: signal %d went to nobody",
				  guard->plan.init_pid, signal);
	else
		w = journal_begin(&guard->journal, JOURNAL_WARNING, "kill",
				  "signal %d could not be sent to the init, pid %d: %s", signal,
				  guard->plan.init_pid, strerrordesc_np(-error));
	jsonw_kv_int(w, "signal", signal);
	jsonw_kv_int(w, "pid", guard->plan.init_pid);
	journal_end(&guard->journal);
}

void record_killed(struct guard *guard, const struct kill_result *result)
{
	struct jsonw *w;

	if (result->empty && result->init_only)
		w = journal_begin(&guard->journal, JOURNAL_NOTICE, "killed",
				  "the init is gone after %llu ms",
				  (unsigned long long)result->empty_ms);
	else if (result->empty)
		w = journal_begin(&guard->journal, JOURNAL_NOTICE, "killed",
				  "all processes are gone after %llu ms",
				  (unsigned long long)result->empty_ms);
	else if (result->interrupted || result->left_len == 0)
		w = journal_begin(&guard->journal, JOURNAL_WARNING, "killed",
				  "whether anything of it is left is not known%s",
				  result->interrupted ? ": told to leave meanwhile" : "");
	else
		w = journal_begin(&guard->journal, JOURNAL_WARNING, "killed",
				  "%zu process%s could not be ended", result->left_len,
				  result->left_len == 1 ? "" : "es");
	jsonw_kv_uint(w, "killed", result->signalled);
	jsonw_kv_uint(w, "remaining", result->left_len);
	journal_end(&guard->journal);
}

void record_gave_up(struct guard *guard, const struct decision *decision)
{
	guard->history.gave_up = true;
	history_save(&guard->root, &guard->history);
	snprintf(guard->status.last_event, sizeof(guard->status.last_event), "%.159s",
		 decision->reason);
	journal_event(&guard->journal, JOURNAL_ERROR, "gave-up", "%s", decision->reason);
	record_phase(guard, SHIM_GAVE_UP);
}

void record_emptied(struct guard *guard, uint64_t bytes)
{
	char size[32];
	struct jsonw *w =
	    journal_begin(&guard->journal, JOURNAL_INFO, "emptied",
			  "%s that nobody used any more were still charged, and were let go",
			  size_text(bytes, size, sizeof(size)));

	jsonw_kv_uint(w, "freedBytes", bytes);
	journal_end(&guard->journal);
}

static void note_budget(struct guard *guard)
{
	struct incident *incident = &guard->incident;

	incident->may_restart = decide_may_restart(guard->profile);
	incident->restarts_used = (unsigned)guard->history.len;
	incident->restarts_max = guard->profile->restart.max;
	incident->restarts_within_ms = guard->profile->restart.within_ms;
}

void record_incident(struct guard *guard)
{
	int r = -ENOENT;

	note_budget(guard);

	if (guard->incidents >= 0) {
		bool first = guard->incident.name[0] == '\0';

		if (first)
			incident_name(&guard->incident, guard->incidents);
		r = incident_write(&guard->incident, guard->incidents, guard->text,
				   sizeof(guard->text));
		if (r >= 0 && first) {
			guard->status.incidents++;
			incidents_prune(guard->incidents, guard->plan.identity.id);
			journal_event(&guard->journal, JOURNAL_INFO, "incident", "recorded as %s",
				      guard->incident.name);
		}
	}
	if (r < 0) {
		guard->status.lost_incidents++;
		record_problem(guard, "an incident record was lost: %s", strerrordesc_np(-r));
	}
	count_incident(guard);
}

void record_exit(struct guard *guard, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	set_last_event(guard, format, args);
	va_end(args);
	journal_event(&guard->journal, JOURNAL_INFO, "exit", "the container's init %s",
		      guard->status.last_event);
}
