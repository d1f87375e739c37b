/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "error.h"

/* `systemctl ACTION UNIT`, waited for. -EIO when it fails; it has said why itself. */
int restart_unit(const char *action, const char *unit, struct error *err);
