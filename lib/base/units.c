/* SPDX-License-Identifier: Apache-2.0 */
#include "units.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define KIB (UINT64_C(1) << 10)
#define MIB (UINT64_C(1) << 20)
#define GIB (UINT64_C(1) << 30)
#define TIB (UINT64_C(1) << 40)

#define SECOND_MS UINT64_C(1000)
#define MINUTE_MS (60 * SECOND_MS)
#define HOUR_MS (60 * MINUTE_MS)
#define DURATION_MAX_MS (366 * 24 * HOUR_MS)

struct unit {
	const char *name;
	uint64_t factor;
};

static const struct unit sizes[] = {
    {"", 1},
    {"B", 1},
    {"KiB", KIB},
    {"MiB", MIB},
    {"GiB", GIB},
    {"TiB", TIB},
    {"KB", UINT64_C(1000)},
    {"MB", UINT64_C(1000000)},
    {"GB", UINT64_C(1000000000)},
    {"TB", UINT64_C(1000000000000)},
    {NULL, 0},
};
static const struct unit percents[] = {{"%", 1000}, {NULL, 0}};
static const struct unit durations[] = {
    {"ms", 1}, {"s", SECOND_MS}, {"m", MINUTE_MS}, {"h", HOUR_MS}, {NULL, 0},
};

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Reads digits; a number that is too large stays at UINT64_MAX. NULL when there is no digit. */
static const char *read_whole(const char *text, uint64_t *value)
{
	bool overflow = false;

	if (!is_digit(*text))
		return NULL;
	for (*value = 0; is_digit(*text); text++) {
		overflow |= __builtin_mul_overflow(*value, 10, value);
		overflow |= __builtin_add_overflow(*value, (uint64_t)(*text - '0'), value);
	}
	if (overflow)
		*value = UINT64_MAX;
	return text;
}

/* Reads the digits behind the point as *value / *scale; those beyond the 18th count nothing. */
static const char *read_fraction(const char *text, uint64_t *value, uint64_t *scale)
{
	*value = 0;
	*scale = 1;
	if (*text != '.')
		return text;
	if (!is_digit(*++text))
		return NULL;
	for (; is_digit(*text); text++) {
		if (*scale >= UINT64_C(1000000000000000000))
			continue;
		*value = *value * 10 + (uint64_t)(*text - '0');
		*scale *= 10;
	}
	return text;
}

/* NUMBER UNIT, times the unit's factor, what is below one cut. */
static int parse_quantity(const char *text, const struct unit *units, uint64_t max, uint64_t *out)
{
	uint64_t whole, fraction, scale;
	unsigned __int128 value;
	const char *at = read_whole(text, &whole);

	if (at)
		at = read_fraction(at, &fraction, &scale);
	if (!at)
		return -EINVAL;
	while (units->name && strcmp(units->name, at) != 0)
		units++;
	if (!units->name)
		return -EINVAL;
	value = (unsigned __int128)whole * units->factor +
		(unsigned __int128)fraction * units->factor / scale;
	if (value > max)
		return -ERANGE;
	*out = (uint64_t)value;
	return 0;
}

int size_parse(const char *text, uint64_t *bytes)
{
	return parse_quantity(text, sizes, UINT64_MAX / 2, bytes);
}

int percent_parse(const char *text, uint32_t *millipercent)
{
	uint64_t value;
	int r = parse_quantity(text, percents, 1000 * 1000, &value);

	if (r < 0)
		return r;
	*millipercent = (uint32_t)value;
	return 0;
}

int duration_parse(const char *text, uint64_t *ms)
{
	if (strcmp(text, "0") == 0) {
		*ms = 0;
		return 0;
	}
	return parse_quantity(text, durations, DURATION_MAX_MS, ms);
}

const char *size_text(uint64_t bytes, char *buf, size_t cap)
{
	static const struct unit units[] = {
	    {"KiB", KIB}, {"MiB", MIB}, {"GiB", GIB}, {"TiB", TIB}, {NULL, 0}};
	const struct unit *unit = units;
	uint64_t tenths;

	if (bytes < KIB) {
		snprintf(buf, cap, "%" PRIu64 " B", bytes);
		return buf;
	}
	do {
		tenths =
		    (uint64_t)(((unsigned __int128)bytes * 10 + unit->factor / 2) / unit->factor);
		/* What rounds up to 1024 is one of the next unit. */
	} while (tenths >= 10 * KIB && unit[1].name && unit++);
	if (tenths % 10)
		snprintf(buf, cap, "%" PRIu64 ".%u %s", tenths / 10, (unsigned)(tenths % 10),
			 unit->name);
	else
		snprintf(buf, cap, "%" PRIu64 " %s", tenths / 10, unit->name);
	return buf;
}

const char *duration_text(uint64_t ms, char *buf, size_t cap)
{
	if (ms % SECOND_MS)
		snprintf(buf, cap, "%" PRIu64 "ms", ms);
	else if (ms % MINUTE_MS || ms == 0)
		snprintf(buf, cap, "%" PRIu64 "s", ms / SECOND_MS);
	else if (ms % HOUR_MS)
		snprintf(buf, cap, "%" PRIu64 "m", ms / MINUTE_MS);
	else
		snprintf(buf, cap, "%" PRIu64 "h", ms / HOUR_MS);
	return buf;
}

const char *span_text(uint64_t ms, char *buf, size_t cap)
{
	static const struct unit units[] = {
	    {"s", SECOND_MS}, {"min", MINUTE_MS}, {"h", HOUR_MS}, {"d", 24 * HOUR_MS}, {NULL, 0}};
	const struct unit *unit = units;
	uint64_t tenths;

	if (ms < SECOND_MS) {
		snprintf(buf, cap, "%" PRIu64 " ms", ms);
		return buf;
	}
	/* What rounds up to one of the next unit is written so. */
	while (unit[1].name && ms >= unit[1].factor - unit->factor / 20)
		unit++;
	tenths =
	    ms / unit->factor * 10 + (ms % unit->factor * 10 + unit->factor / 2) / unit->factor;
	if (tenths % 10)
		snprintf(buf, cap, "%" PRIu64 ".%u %s", tenths / 10, (unsigned)(tenths % 10),
			 unit->name);
	else
		snprintf(buf, cap, "%" PRIu64 " %s", tenths / 10, unit->name);
	return buf;
}

const char *size_canonical(uint64_t bytes, char *buf, size_t cap)
{
	static const struct unit units[] = {
	    {"TiB", TIB}, {"GiB", GIB}, {"MiB", MIB}, {"KiB", KIB}, {"", 1}};
	const struct unit *unit = units;

	while (unit->factor > 1 && (bytes == 0 || bytes % unit->factor))
		unit++;
	snprintf(buf, cap, "%" PRIu64 "%s", bytes / unit->factor, unit->name);
	return buf;
}
