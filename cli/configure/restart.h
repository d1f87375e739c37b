/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdint.h>

#include "error.h"

/* `systemctl ACTION UNIT`, and waits for it. */
int restart_unit(const char *action, const char *unit, struct error *err);

/*
 * When the unit last became active, by CLOCK_MONOTONIC in microseconds; 0: it never did. A reload
 * does not count. Negative where systemd does not tell.
 */
int restart_active_since(const char *unit, uint64_t *us);
