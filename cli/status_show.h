/* SPDX-License-Identifier: Apache-2.0 */
/* `oomguard status` for people. */
#pragma once

#include "common.h"
#include "event_source.h"
#include "view.h"

#define LAST_EVENTS 8

struct last_events {
	struct json *items[LAST_EVENTS]; /* oldest first, owned */
	size_t len;
};

struct shown {
	struct view *view;
	struct last_events events;
};

void status_show(const struct cli *cli, const struct shown *shown);
