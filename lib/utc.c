/* SPDX-License-Identifier: Apache-2.0 */
#include "utc.h"

#include <stdio.h>
#include <time.h>

#define DAY_MS UINT64_C(86400000)
#define LAST_YEAR 9999

static unsigned year_days(unsigned year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0 ? 366 : 365;
}

/* Splits days since 1970-01-01. */
static void civil(uint64_t days, unsigned *year, unsigned *month, unsigned *day)
{
	static const unsigned char lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	unsigned m;

	for (*year = 1970; *year < LAST_YEAR && days >= year_days(*year); (*year)++)
		days -= year_days(*year);
	for (m = 0; m < 11; m++) {
		unsigned length = lengths[m] + (m == 1 && year_days(*year) == 366);

		if (days < length)
			break;
		days -= length;
	}
	*month = m + 1;
	*day = (unsigned)(days % 31) + 1;
}

static const char *format_time(uint64_t ms, const char *dash, const char *colon,
			       char buf[static UTC_TEXT_MAX])
{
	unsigned year, month, day, rest = (unsigned)(ms % DAY_MS);

	civil(ms / DAY_MS, &year, &month, &day);
	snprintf(buf, UTC_TEXT_MAX, "%04u%s%02u%s%02uT%02u%s%02u%s%02u.%03uZ", year % 10000, dash,
		 month % 100, dash, day % 100, rest / 3600000, colon, rest / 60000 % 60, colon,
		 rest / 1000 % 60, rest % 1000);
	return buf;
}

uint64_t utc_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

const char *utc_text(uint64_t ms, char buf[static UTC_TEXT_MAX])
{
	return format_time(ms, "-", ":", buf);
}

const char *utc_name(uint64_t ms, char buf[static UTC_TEXT_MAX])
{
	return format_time(ms, "", "", buf);
}
