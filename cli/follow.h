/* SPDX-License-Identifier: Apache-2.0 */
/* Waits for new events with inotify(7): nothing is read until something changed. */
#pragma once

#include "event_source.h"

/*
 * Hands on all events there are and then every new one: of one container until its state is
 * removed (`key`), or of all of them, those to come too, for ever (`key` NULL). stdout is
 * flushed after each batch. 0, or a negative errno.
 */
int follow_events(const struct state_root *root, const char *key, event_visit *visit, void *context,
		  struct error *err);
