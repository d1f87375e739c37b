/* SPDX-License-Identifier: Apache-2.0 */
/* From what was gathered to the plan: incarnation, cgroup, policy, way of a restart. */
#pragma once

#include "gather.h"
#include "hook.h"
#include "memcg.h"

/* Fills in which process of which boot the container's init is. Negative: refused. */
int plan_incarnation(struct hook *hook, const struct gathered *g);

/*
 * Fills the rest of hook->plan but for the settings. *memcg is opened (dirfd -1 where there is
 * none: the plan is then not guarded). Negative: refused.
 */
int make_plan(struct hook *hook, const struct gathered *g, struct memcg *memcg);

/* Writes the settings of a guarded container and keeps what became of each. Negative: refused. */
int make_settings(struct hook *hook, const struct memcg *memcg);
