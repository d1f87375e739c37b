/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The hook's own deadline. A runtime refuses the container when a hook outlives the `timeout` of
 * its entry, whatever the hook would have said, so we leave earlier and by our own rule.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "error.h"

/*
 * From now on the process ends after ms milliseconds, wherever it is: with a line on stderr and in
 * the log, and exit code 0, or 1 where `closed` is set.
 */
int deadline_start(uint64_t ms, bool closed, struct error *err);

/* What is left, in milliseconds; 0 when there is no deadline or it is about to pass. */
unsigned deadline_left_ms(void);
