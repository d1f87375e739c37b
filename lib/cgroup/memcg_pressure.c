/* SPDX-License-Identifier: Apache-2.0 */
/* memory.pressure as a whole: "some avg10=0.00 avg60=0.00 avg300=0.00 total=0", then "full". */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "memcg_scene.h"

/* Percent with two digits behind the point, whatever the locale. */
static bool read_percent(const char *line, const char *key, double *out)
{
	const char *at = strstr(line, key);
	char *end;
	unsigned long whole, part = 0;

	if (!at)
		return false;
	at += strlen(key);
	whole = strtoul(at, &end, 10);
	if (end == at)
		return false;
	if (*end == '.' && end[1] >= '0' && end[1] <= '9' && end[2] >= '0' && end[2] <= '9')
		part = (unsigned long)((end[1] - '0') * 10 + (end[2] - '0'));
	*out = (double)whole + (double)part / 100;
	return true;
}

static bool read_line(char *text, const char *name, struct memcg_pressure_line *out)
{
	char *line = strstr(text, name), *end, *total;
	char saved;
	bool ok;

	if (!line)
		return false;
	end = line + strcspn(line, "\n");
	saved = *end;
	*end = '\0';
	total = strstr(line, "total=");
	ok = total && read_percent(line, "avg10=", &out->avg10) &&
	     read_percent(line, "avg60=", &out->avg60) &&
	     read_percent(line, "avg300=", &out->avg300);
	if (ok)
		out->total_us = strtoull(total + strlen("total="), NULL, 10);
	*end = saved;
	return ok;
}

int memcg_pressure_all(const struct memcg *memcg, struct memcg_pressure *out)
{
	char text[512];
	ssize_t len;

	*out = (struct memcg_pressure){0};
	if (memcg->version == CGROUP_V1)
		return -ENOENT;
	len = cgroup_read(memcg->dirfd, "memory.pressure", text, sizeof(text));
	if (len < 0)
		return (int)len;
	return read_line(text, "some ", &out->some) && read_line(text, "full ", &out->full)
		   ? 0
		   : -ENODATA;
}
