/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is written down of an OOM: the journal's lines, the status, the incident. Called after the
 * first signal went out, never before. A record that cannot be written is counted and said, and
 * stops nothing.
 */
#pragma once

#include "guard.h"

void record_phase(struct guard *guard, enum shim_phase phase);
void record_armed(struct guard *guard);
/* A score that was set, or could not be, while the container runs. */
void record_setting(struct guard *guard, const struct setting_result *result);
/* "oom" and "decision", out of the incident at hand. */
void record_oom(struct guard *guard);
void record_kill(struct guard *guard, int signal);
void record_killed(struct guard *guard, const struct kill_result *result);
void record_gave_up(struct guard *guard, const struct decision *decision);
void record_incident(struct guard *guard);
void record_exit(struct guard *guard, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void record_problem(struct guard *guard, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* An event in words; also becomes the status's last event. */
void record_event(struct guard *guard, const char *event, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
