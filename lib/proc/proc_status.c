/* SPDX-License-Identifier: Apache-2.0 */
/* What PID/status tells of a process's memory and names. proc.h has the declarations. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "proc.h"

/* "Key:\t  123 kB" behind a newline. The name in the first line is escaped by the kernel. */
static bool value_of(const char *text, const char *key, uint64_t *out)
{
	const char *at = strstr(text, key);
	char *end;

	if (!at)
		return false;
	at += strlen(key);
	*out = strtoull(at, &end, 10);
	return end != at;
}

/* The last number of the line: the innermost namespace's. */
static pid_t ns_pid_of(const char *text)
{
	const char *at = strstr(text, "\nNSpid:");
	pid_t pid = 0;

	if (!at)
		return 0;
	at += strlen("\nNSpid:");
	while (*at && *at != '\n') {
		char *end;
		long value = strtol(at, &end, 10);

		if (end == at)
			break;
		pid = (pid_t)value;
		at = end;
	}
	return pid;
}

int proc_status_read(int procfd, pid_t pid, struct proc_status *out)
{
	char text[4096];
	ssize_t len = proc_file_read(procfd, pid, "status", text, sizeof(text));

	*out = (struct proc_status){0};
	if (len < 0)
		return (int)len;
	out->ns_pid = ns_pid_of(text);
	out->has_memory = value_of(text, "\nRssAnon:", &out->anon_kib) &&
			  value_of(text, "\nRssFile:", &out->file_kib) &&
			  value_of(text, "\nRssShmem:", &out->shmem_kib);
	value_of(text, "\nVmSwap:", &out->swap_kib);
	return 0;
}

int proc_oom_score_read(int procfd, pid_t pid, int *score)
{
	char text[32], *end;
	ssize_t len = proc_file_read(procfd, pid, "oom_score", text, sizeof(text));
	long value;

	if (len < 0)
		return (int)len;
	value = strtol(text, &end, 10);
	if (end == text || value < 0 || value > 10000)
		return -EINVAL;
	*score = (int)value;
	return 0;
}
