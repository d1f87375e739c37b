/* SPDX-License-Identifier: Apache-2.0 */
/* The readings before an event as curves: what they span, how high they go, and values to draw. */
#pragma once

#include <stdbool.h>

#include "verdict.h"

/* What is drawn one on the other, the lowest first; usage is the sum that the kernel charges. */
enum series { SERIES_USAGE, SERIES_ANON, SERIES_SHMEM, SERIES_KERNEL, SERIES_FILE, SERIES_SWAP };
#define SERIES_COUNT (SERIES_SWAP + 1)

struct timeline {
	const struct verdict_sample *samples; /* oldest first; borrowed */
	size_t len;
	uint64_t span_ms; /* from the first one to the event */
	bool has_limit;	  /* the container's own */
	uint64_t limit;	  /* bytes */
	uint64_t top;	  /* bytes: of all and the limit the highest; above 0 */
};

/* False: fewer than two readings, or no time between them. */
bool timeline_make(const struct verdict_facts *facts, struct timeline *out);

/* "anonymous", …: for people. */
const char *series_name(enum series series);

/* Bytes of one sample; page cache without shared memory. 0 where it is not known. */
uint64_t series_value(const struct verdict_sample *sample, enum series series);

/* Values at so many points from the first reading to the event, each the last one known by then.
 * Returns the highest. */
uint64_t timeline_resample(const struct timeline *timeline, enum series series, uint64_t *values,
			   size_t len);
