/* SPDX-License-Identifier: Apache-2.0 */
#include "utc.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
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

/* The value of `len` digits. */
static int digits(const char *text, unsigned len)
{
	int value = 0;

	for (unsigned i = 0; i < len; i++)
		value = value * 10 + (text[i] - '0');
	return value;
}

int utc_parse(const char *text, uint64_t *ms)
{
	static const char form[] = "####-##-##T##:##:##.###Z";
	struct tm time = {0};

	if (strlen(text) != sizeof(form) - 1)
		return -EINVAL;
	for (size_t i = 0; form[i]; i++)
		if (form[i] == '#' ? text[i] < '0' || text[i] > '9' : text[i] != form[i])
			return -EINVAL;
	time.tm_year = digits(text, 4) - 1900;
	time.tm_mon = digits(text + 5, 2) - 1;
	time.tm_mday = digits(text + 8, 2);
	time.tm_hour = digits(text + 11, 2);
	time.tm_min = digits(text + 14, 2);
	time.tm_sec = digits(text + 17, 2);
	if (time.tm_year < 70 || time.tm_mon < 0 || time.tm_mon > 11 || time.tm_mday < 1 ||
	    time.tm_mday > 31 || time.tm_hour > 23 || time.tm_min > 59 || time.tm_sec > 60)
		return -EINVAL;
	*ms = (uint64_t)timegm(&time) * 1000 + (uint64_t)digits(text + 20, 3);
	return 0;
}

const char *utc_name(uint64_t ms, char buf[static UTC_TEXT_MAX])
{
	return format_time(ms, "", "", buf);
}
