/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is written down of an OOM: the journal's lines, the status, the incident. Called after the
 * first signal went out, never before. A record that cannot be written is counted and said, and
 * stops nothing.
 */
#pragma once

#include "guard.h"
#include "zombies.h"

void record_phase(struct guard *guard, enum shim_phase phase);
void record_armed(struct guard *guard);
/* Kills that came while no shim watched. */
void record_missed(struct guard *guard, uint64_t kills);
/* A score that was set, or could not be, while the container runs. */
void record_setting(struct guard *guard, const struct setting_result *result);
/* A setting that somebody else changed, and what became of it. */
void record_drift(struct guard *guard, const struct setting_result *result);
/* "oom" and "decision", out of the incident at hand. */
void record_oom(struct guard *guard);
/* `error` is what came of the signal: 0 or a negative errno. */
void record_kill(struct guard *guard, int signal, int error);
void record_killed(struct guard *guard, const struct kill_result *result);
void record_gave_up(struct guard *guard, const struct decision *decision);
/* What was still charged to the cgroup when its last process was gone. */
void record_emptied(struct guard *guard, uint64_t bytes);
void record_incident(struct guard *guard);
void record_exit(struct guard *guard, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void record_problem(struct guard *guard, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* An event in words; also becomes the status's last event. */
void record_event(struct guard *guard, const char *event, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* A stall that was seen, with the tasks that sleep; a rung that was tried; how it ended. */
void record_stall(struct guard *guard, enum stall_kind kind, const struct stall_sample *now);
void record_rung(struct guard *guard, const struct incident_rung *rung);
/* True when something helped. */
bool record_stall_end(struct guard *guard, bool killed);

/* A pile of zombies, with the parents that do not reap them; begins an incident. */
void record_zombies(struct guard *guard, const struct zombie_pile *pile,
		    const struct stall_sample *now);

/* Near the limit: the figures as an event; the same as a record of its own. */
void record_near(struct guard *guard, const struct stall_sample *now);
void record_snapshot(struct guard *guard, const struct stall_sample *now);

/* A new incident of that kind, with identity and counters and an empty scene. */
void record_begin(struct guard *guard, enum incident_kind kind, uint64_t start_us);
