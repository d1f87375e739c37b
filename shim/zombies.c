/* SPDX-License-Identifier: Apache-2.0 */
#include "zombies.h"

#include <stdio.h>
#include <string.h>

#include "cgroup.h"
#include "escape.h"
#include "mask.h"

struct counting {
	int procfd;
	unsigned zombies;
};

static int count_child(pid_t child, void *context)
{
	struct counting *counting = context;
	struct proc_stat stat;

	if (proc_stat_read(counting->procfd, child, &stat) == 0 && stat.state == 'Z')
		counting->zombies++;
	return 0;
}

/* Keeps the list sorted, largest first; the smallest falls out. */
static void add_parent(struct zombie_pile *pile, const struct zombie_parent *parent)
{
	size_t at = pile->parents_len;

	while (at > 0 && pile->parent[at - 1].zombies < parent->zombies)
		at--;
	if (at == ZOMBIE_PARENTS_MAX)
		return;
	if (pile->parents_len < ZOMBIE_PARENTS_MAX)
		pile->parents_len++;
	memmove(&pile->parent[at + 1], &pile->parent[at],
		(pile->parents_len - 1 - at) * sizeof(*parent));
	pile->parent[at] = *parent;
}

void zombies_count(const struct kill_target *target, struct zombie_pile *out)
{
	ssize_t n = cgroup_procs(target->memcg->dirfd, target->pids, KILL_PIDS_MAX);

	memset(out, 0, sizeof(*out));
	for (ssize_t i = 0; i < n && i < KILL_PIDS_MAX; i++) {
		struct counting counting = {.procfd = target->procfd};
		struct zombie_parent parent = {.pid = target->pids[i]};
		struct proc_stat stat;

		proc_children(target->procfd, parent.pid, count_child, &counting);
		if (counting.zombies == 0 || proc_stat_read(target->procfd, parent.pid, &stat) < 0)
			continue;
		memcpy(parent.comm, stat.comm, sizeof(parent.comm));
		parent.zombies = counting.zombies;
		out->zombies += counting.zombies;
		add_parent(out, &parent);
	}
}

const char *zombies_text(const struct zombie_pile *pile, char *buf, size_t cap)
{
	size_t used;

	snprintf(buf, cap, "%u zombies", pile->zombies);
	for (size_t i = 0; i < pile->parents_len && i < 3; i++) {
		const struct zombie_parent *parent = &pile->parent[i];
		char shown[MASK_NAME_BYTES], name[128];

		used = strlen(buf);
		snprintf(buf + used, cap - used, "%s %s (pid %d) has %u", i ? "," : ":",
			 escape_terminal(mask_name(parent->comm, shown), name, sizeof(name)),
			 parent->pid, parent->zombies);
	}
	return buf;
}
