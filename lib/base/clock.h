/* SPDX-License-Identifier: Apache-2.0 */
/* Clocks in the units we use. MONOTONIC for delays, BOOTTIME for windows, REALTIME for people. */
#pragma once

#include <stdint.h>
#include <time.h>

static inline uint64_t clock_us(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static inline uint64_t clock_ms(clockid_t clock)
{
	return clock_us(clock) / 1000;
}

static inline void sleep_us(uint64_t us)
{
	struct timespec t = {.tv_sec = (time_t)(us / 1000000),
			     .tv_nsec = (long)(us % 1000000) * 1000};

	clock_nanosleep(CLOCK_MONOTONIC, 0, &t, NULL);
}
