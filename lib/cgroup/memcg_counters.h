/* SPDX-License-Identifier: Apache-2.0 */
/* A reading of the counters as JSON, for plan.json, status.json and the incidents. */
#pragma once

#include "json.h"
#include "jsonw.h"
#include "memcg.h"

/* "KEY": {…}, or null where nothing is known. Hot path: no allocation. */
void memcg_counters_write(struct jsonw *w, const char *key, const struct memcg_counters *counters);

/*
 * Reads the member back: null is a reading with `known` false. -EINVAL when it is missing or wrong.
 * Only what is cumulative is read: how it was at that moment (under_oom, kill_disabled) is past.
 */
int memcg_counters_parse(const struct json *object, const char *key, struct memcg_counters *out);
