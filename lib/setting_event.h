/* SPDX-License-Identifier: Apache-2.0 */
/* A setting's result as an event: the hook and the shim say it in the same words. */
#pragma once

#include "journal.h"
#include "settings.h"

/* `event` is "setting" or "drift". A drift, a refusal and a failure are warnings. */
int setting_event(struct journal *journal, const char *event, const struct setting_result *result);
