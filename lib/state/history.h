/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Restarts of one container within its policy's window. The key is pod UID and container name, or
 * runtime root and id: it outlives incarnations (CRI makes a new id each time) and a crash of the
 * shim. Times are CLOCK_BOOTTIME ms: the files are gone at boot anyway.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "error.h"
#include "identity.h"
#include "state.h"

#define HISTORY_MAX 128

struct restart_history {
	char key[STATE_KEY_MAX]; /* file name below history/ without ".json" */
	char owner[512];         /* the full key in words, kept in the file and checked on reading */
	size_t len;
	uint64_t at_ms[HISTORY_MAX]; /* oldest first */
	uint64_t within_ms; /* the window history_expire() was told last; the file is kept so long */
	bool gave_up;
};

/* Names the history of this container; reads nothing. */
void history_key(const struct identity *id, struct restart_history *out);
/* Loads; a missing or foreign file is an empty history. */
int history_load(const struct state_root *root, struct restart_history *history, struct error *err);
/* Pure: drops what is older than within_ms before now_ms, and what lies after now_ms. */
void history_expire(struct restart_history *history, uint64_t now_ms, uint64_t within_ms);
/* Adds now (oldest falls out when full). */
void history_add(struct restart_history *history, uint64_t now_ms);
/* Hot path: no allocation. */
int history_save(const struct state_root *root, const struct restart_history *history);
int history_remove(const struct state_root *root, const struct restart_history *history);
/* Removes files not touched for a day and for their window; called by the hook, bounded work. */
void history_prune(const struct state_root *root);
