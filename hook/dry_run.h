/* SPDX-License-Identifier: Apache-2.0 */
/* --dry-run: one JSON document on stdout that says what the stage would do. */
#pragma once

#include "container.h"
#include "hook.h"
#include "memcg.h"

/* 0, or negative where nothing could be printed. */
int dry_run_create(struct hook *hook, const struct memcg *memcg);
int dry_run_poststart(struct hook *hook, const struct container *container);
int dry_run_poststop(struct hook *hook, const struct container *container);
