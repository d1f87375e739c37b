/* SPDX-License-Identifier: Apache-2.0 */
/* A setting's result as an event: the hook and the shim say it in the same words. */
#pragma once

#include "journal.h"
#include "settings.h"

/*
 * `event` is "setting" or "drift" (somebody else changed what was set). Drift, and settings that
 * were refused or failed, are warnings. Old and new of a drift: "applied" from what somebody else
 * wrote to what was put back; all others from what was set to what stays there now.
 */
int setting_event(struct journal *journal, const char *event, const struct setting_result *result);
