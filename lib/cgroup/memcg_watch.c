/* SPDX-License-Identifier: Apache-2.0 */
/* What tells that a cgroup stands still or comes near its limit. */
#include "memcg.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"

int memcg_frozen(const struct memcg *memcg)
{
	char text[256];
	uint64_t frozen = 0;

	if (memcg->version == CGROUP_V1)
		return memcg->freezer >= 0 &&
		       cgroup_read(memcg->freezer, "freezer.state", text, sizeof(text)) > 0 &&
		       strncmp(text, "THAWED", 6) != 0;
	if (cgroup_read(memcg->dirfd, "cgroup.events", text, sizeof(text)) > 0)
		cgroup_text_u64(text, "frozen", &frozen);
	return frozen != 0;
}

int memcg_oom_event(int dirfd, int eventfd)
{
	cleanup_close int control = openat(dirfd, "memory.oom_control", O_RDONLY | O_CLOEXEC);
	char words[32];

	if (control < 0)
		return -errno;
	snprintf(words, sizeof(words), "%d %d", eventfd, control);
	return cgroup_write(dirfd, "cgroup.event_control", words);
}

int memcg_threshold(const struct memcg *memcg, int eventfd, uint64_t bytes)
{
	cleanup_close int usage = -1;
	char words[64];

	if (memcg->version == CGROUP_V2)
		return -EOPNOTSUPP;
	usage = openat(memcg->dirfd, "memory.usage_in_bytes", O_RDONLY | O_CLOEXEC);
	if (usage < 0)
		return -errno;
	snprintf(words, sizeof(words), "%d %d %llu", eventfd, usage, (unsigned long long)bytes);
	return cgroup_write(memcg->dirfd, "cgroup.event_control", words);
}
