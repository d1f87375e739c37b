/* SPDX-License-Identifier: Apache-2.0 */
/* What onNearLimit.actions name, done in their order. */
#pragma once

#include "stall.h"

struct guard;

void near_act(struct guard *guard, const struct stall_sample *now);
