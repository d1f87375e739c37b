/* SPDX-License-Identifier: Apache-2.0 */
/* `oomguard status` for people. */
#pragma once

#include <limits.h>

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
	char switched_off[PATH_MAX]; /* the kill switch that is there, "" none */
};

void status_show(const struct cli *cli, const struct shown *shown);
