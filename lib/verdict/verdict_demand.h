/* SPDX-License-Identifier: Apache-2.0 */
/* The demand of a container's processes, and its growth: what several rules and views ask for. */
#pragma once

#include "verdict.h"

/* Victims that are no longer listed count too; zombies do not. */
struct demand {
	uint64_t count;	  /* processes, those without room in the list too */
	uint64_t sum;	  /* bytes of those that are known */
	uint64_t largest; /* bytes */
	const char *comm; /* of the largest; borrowed */
	int pid;	  /* of the largest; 0: no size is known */
	bool whole;	  /* the list has all of them, with their sizes */
};
void demand_of(const struct verdict_facts *facts, struct demand *out);

/* Growth of memory that cannot be reclaimed (anonymous, shared, swap), by least squares. */
struct growth {
	uint64_t per_second;  /* bytes */
	unsigned fit_percent; /* R squared */
	uint64_t span_ms;     /* from the first to the last sample */
	uint64_t end_age_ms;  /* the last sample, before the event */
	uint64_t first, last; /* bytes */
	size_t samples;
};
/* True when it is steady: enough samples, on a line that rises. */
bool growth_of(const struct verdict_facts *facts, struct growth *out);
