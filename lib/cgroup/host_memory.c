/* SPDX-License-Identifier: Apache-2.0 */
#include "host_memory.h"

#include <string.h>

#include "cgroup.h"

/* "\nMemFree:   12345 kB" in bytes. */
static uint64_t value_of(const char *text, const char *key)
{
	const char *at = strstr(text, key);
	uint64_t kib = 0;

	if (!at)
		return HOST_MEMORY_UNKNOWN;
	at += strlen(key);
	at += strspn(at, " \t");
	if (*at < '0' || *at > '9')
		return HOST_MEMORY_UNKNOWN;
	while (*at >= '0' && *at <= '9' && kib < UINT64_MAX / 1024 / 16)
		kib = kib * 10 + (uint64_t)(*at++ - '0');
	return kib * 1024;
}

int host_memory_read(int procfd, struct host_memory *out)
{
	char text[4096];
	ssize_t len;

	/* Each key behind a newline, also the first one: "Free:" ends two of them. */
	text[0] = '\n';
	len = cgroup_read(procfd, "meminfo", text + 1, sizeof(text) - 1);
	if (len < 0)
		return (int)len;
	*out = (struct host_memory){
	    .total = value_of(text, "\nMemTotal:"),
	    .available = value_of(text, "\nMemAvailable:"),
	    .free = value_of(text, "\nMemFree:"),
	    .swap_total = value_of(text, "\nSwapTotal:"),
	    .swap_free = value_of(text, "\nSwapFree:"),
	};
	return 0;
}
