/* SPDX-License-Identifier: Apache-2.0 */
#include "victim.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cgroup.h"
#include "ere.h"
#include "escape.h"
#include "mask.h"
#include "units.h"

bool candidate_before(const struct candidate *a, const struct candidate *b)
{
	if (a->init != b->init)
		return b->init;
	if (a->avoided != b->avoided)
		return b->avoided;
	if (a->preferred != b->preferred)
		return a->preferred;
	return a->bytes > b->bytes;
}

static int compile(const struct ere_list *list, regex_t *out, size_t *len, struct error *err)
{
	for (size_t i = 0; i < list->len; i++) {
		int r = ere_compile(list->ere[i], &out[i], err);

		if (r < 0)
			return r;
		(*len)++;
	}
	return 0;
}

int victim_rules_init(struct victim_rules *rules, const struct profile *profile, struct error *err)
{
	int r;

	*rules = (struct victim_rules){0};
	r = compile(&profile->victims.prefer, rules->prefer, &rules->prefer_len, err);
	if (r == 0)
		r = compile(&profile->victims.avoid, rules->avoid, &rules->avoid_len, err);
	if (r < 0)
		victim_rules_free(rules);
	return r;
}

void victim_rules_free(struct victim_rules *rules)
{
	for (size_t i = 0; i < rules->prefer_len; i++)
		regfree(&rules->prefer[i]);
	for (size_t i = 0; i < rules->avoid_len; i++)
		regfree(&rules->avoid[i]);
	rules->prefer_len = rules->avoid_len = 0;
}

static bool named(const regex_t *list, size_t len, const char *comm)
{
	for (size_t i = 0; i < len; i++)
		if (ere_matches(&list[i], comm))
			return true;
	return false;
}

/* The kB behind a key of PID/status, in bytes. */
static uint64_t status_bytes(const char *status, const char *key)
{
	const char *at = strstr(status, key);

	return at ? strtoull(at + strlen(key), NULL, 10) * 1024 : 0;
}

/* Memory that its death gives back. Reading status does not block, not even for a task in D. */
static uint64_t own_bytes(int procfd, pid_t pid)
{
	char name[32], status[4096];

	snprintf(name, sizeof(name), "%d/status", pid);
	if (cgroup_read(procfd, name, status, sizeof(status)) <= 0)
		return 0;
	/* The name is in the first line and hostile, but holds no newline unescaped. */
	return status_bytes(status, "\nRssAnon:") + status_bytes(status, "\nRssShmem:") +
	       status_bytes(status, "\nVmSwap:");
}

static bool look_at(const struct kill_target *target, const struct victim_rules *rules, pid_t pid,
		    pid_t init, struct candidate *out)
{
	struct proc_stat stat;

	if (proc_stat_read(target->procfd, pid, &stat) < 0 || stat.state == 'Z' ||
	    stat.state == 'X' || proc_dying(target->procfd, pid))
		return false;
	*out = (struct candidate){.pid = pid, .init = pid == init};
	memcpy(out->comm, stat.comm, sizeof(out->comm));
	out->bytes = own_bytes(target->procfd, pid);
	out->preferred = named(rules->prefer, rules->prefer_len, stat.comm);
	out->avoided = named(rules->avoid, rules->avoid_len, stat.comm);
	return true;
}

int victim_choose(const struct kill_target *target, const struct victim_rules *rules, pid_t init,
		  struct candidate *out)
{
	ssize_t n = cgroup_procs(target->memcg->dirfd, target->pids, KILL_PIDS_MAX);
	bool found = false;

	for (ssize_t i = 0; i < n && i < KILL_PIDS_MAX; i++) {
		struct candidate candidate;

		if (!look_at(target, rules, target->pids[i], init, &candidate))
			continue;
		if (!found || candidate_before(&candidate, out))
			*out = candidate;
		found = true;
	}
	return found ? 0 : -ESRCH;
}

int victim_kill(const struct kill_target *target, const struct candidate *victim)
{
	return signal_member(target, victim->pid, SIGKILL) ? 0 : -ESRCH;
}

const char *victim_text(const struct candidate *victim, char *buf, size_t cap)
{
	char shown[MASK_NAME_BYTES], name[128], size[32];

	snprintf(buf, cap, "%s (pid %d, %s)",
		 escape_terminal(mask_name(victim->comm, shown), name, sizeof(name)), victim->pid,
		 size_text(victim->bytes, size, sizeof(size)));
	return buf;
}
