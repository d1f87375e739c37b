/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cgroup.h"
#include "cleanup.h"
#include "clock.h"
#include "proc.h"
#include "stall.h"

/* Inode of the first pid namespace (include/linux/proc_ns.h, PROC_PID_INIT_INO). */
#define FIRST_PID_NAMESPACE_INODE 0xEFFFFFFCu
/* On a busy machine we are awake later than the victim's parent, which has its replacement then. */
#define WAKE_SLACK_MS 1000

static bool in_first_pid_namespace(int procfd)
{
	struct stat st;

	return fstatat(procfd, "self/ns/pid", &st, 0) == 0 &&
	       st.st_ino == FIRST_PID_NAMESPACE_INODE;
}

/*
 * v1 notifies the cgroup at its limit and all below, so what the parent is told is not of the
 * container's own limit. Only an eventfd is registered there; no ancestor's setting is written.
 */
static int open_parent_event(const struct evidence *evidence)
{
	cleanup_close int event = -1;

	if (evidence->memcg->version != CGROUP_V1 || evidence->ancestors.len == 0)
		return -1;
	event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (event < 0 || memcg_oom_event(evidence->ancestors.dirfd[0], event) < 0)
		return -1;
	return take_fd(&event);
}

void evidence_listen(struct evidence *evidence)
{
	evidence->kmsg = kmsg_open("/dev/kmsg");
}

int evidence_open(struct evidence *evidence, const struct memcg *memcg,
		  const struct cgroup_mounts *mounts, int procfd, pid_t init, pid_t *pids,
		  size_t pids_cap, struct scene *scene, struct error *err)
{
	int r;

	*evidence = (struct evidence){.kmsg = evidence->kmsg,
				      .memcg = memcg,
				      .procfd = procfd,
				      .init = init,
				      .pids = pids,
				      .pids_cap = pids_cap,
				      .scene = scene};
	evidence->pids_are_host_pids = in_first_pid_namespace(procfd);
	r = memcg_ancestors_open(mounts, memcg, &evidence->ancestors, err);
	evidence->parent_event = r == 0 ? open_parent_event(evidence) : -1;
	return r;
}

void evidence_close(struct evidence *evidence)
{
	memcg_ancestors_close(&evidence->ancestors);
	cleanup_closep(&evidence->parent_event);
}

void evidence_rebase(struct evidence *evidence)
{
	uint64_t count;

	memcg_ancestors_rebase(&evidence->ancestors);
	/* EAGAIN: nothing was told since. */
	if (evidence->parent_event >= 0)
		(void)!read(evidence->parent_event, &count, sizeof(count));
}

void evidence_start(struct evidence *evidence)
{
	evidence->report = (struct report){0};
	evidence->limit = LIMIT_OF_UNKNOWN;
	evidence->limit_cgroup[0] = '\0';
	evidence->group = evidence->by_cgroup = false;
	evidence->victims = 0;
	evidence->young_ticks =
	    (clock_ms(CLOCK_BOOTTIME) - WAKE_SLACK_MS) * (uint64_t)sysconf(_SC_CLK_TCK) / 1000;
}

static const struct scene_process *in_list(const struct evidence *evidence, pid_t pid)
{
	for (size_t i = 0; i < evidence->scene->processes_len; i++)
		if (evidence->scene->process[i].pid == pid)
			return &evidence->scene->process[i];
	return NULL;
}

/* `path` is `top` or below it. "" is nowhere. */
static bool is_below(const char *path, const char *top)
{
	size_t len = strlen(top);

	if (!path[0] || !len)
		return false;
	return strncmp(path, top, len) == 0 &&
	       (path[len] == '\0' || path[len] == '/' || top[len - 1] == '/');
}

static void note_limit(struct evidence *evidence, const struct kmsg_line *line)
{
	const char *own = evidence->memcg->path;

	if (line->constraint == KMSG_CONSTRAINT_MEMCG && line->oom_cgroup[0]) {
		snprintf(evidence->limit_cgroup, sizeof(evidence->limit_cgroup), "%.255s",
			 line->oom_cgroup);
		evidence->limit =
		    is_below(line->oom_cgroup, own) ? LIMIT_OF_CONTAINER : LIMIT_OF_ANCESTOR;
	} else if (line->constraint == KMSG_CONSTRAINT_NONE) {
		evidence->limit = LIMIT_OF_HOST;
	}
}

static void add_victim(struct evidence *evidence, struct incident *incident,
		       const struct incident_victim *victim)
{
	for (size_t i = 0; i < incident->victims_len; i++)
		if (incident->victims[i].pid == victim->pid)
			return;
	evidence->victims++;
	if (victim->is_init)
		evidence->init_is_victim = true;
	if (incident->victims_len < INCIDENT_VICTIMS_MAX)
		incident->victims[incident->victims_len++] = *victim;
	else
		incident->victims_more++;
}

/*
 * A "Killed process" line names no cgroup. It is ours when the summary before it was about the
 * same pid and our cgroup, or, in a storm that swallowed the summary, when that pid was ours.
 */
static bool kill_is_ours(const struct evidence *evidence, const struct kmsg_line *line)
{
	if (evidence->summary.kind == KMSG_SUMMARY && evidence->summary.pid == line->pid)
		return evidence->summary_ours;
	if (evidence->summary.kind == KMSG_TASK_IN)
		return evidence->summary_ours;
	if (!evidence->pids_are_host_pids)
		return false;
	return line->pid == evidence->init || in_list(evidence, line->pid);
}

static void note_kill(struct evidence *evidence, struct incident *incident,
		      const struct kmsg_line *line)
{
	const struct scene_process *known;
	struct incident_victim victim = {.pid = line->pid, .source = VICTIM_KMSG};

	/* Before 5.0 the line about the limit comes first and has no pid. */
	if (line->constraint == KMSG_CONSTRAINT_NONE && evidence->limit == LIMIT_OF_UNKNOWN)
		note_limit(evidence, line);
	evidence->by_cgroup = evidence->by_cgroup || line->constraint == KMSG_CONSTRAINT_MEMCG;
	known = in_list(evidence, line->pid);
	snprintf(victim.comm, sizeof(victim.comm), "%.63s", line->comm);
	if (line->has_sizes)
		victim.rss_bytes =
		    line->anon_rss_bytes + line->file_rss_bytes + line->shmem_rss_bytes;
	else if (known)
		victim.rss_bytes = known->rss_bytes;
	victim.is_init = evidence->pids_are_host_pids && line->pid == evidence->init;
	add_victim(evidence, incident, &victim);
}

/* What one line says; true when it is about us. */
static bool take_line(struct evidence *evidence, struct incident *incident,
		      const struct kmsg_line *line)
{
	const char *own = evidence->memcg->path;
	bool ours = false;

	switch (line->kind) {
	case KMSG_SUMMARY:
	case KMSG_TASK_IN:
		evidence->summary = *line;
		evidence->summary_ours = ours = is_below(line->task_cgroup, own);
		if (ours)
			note_limit(evidence, line);
		break;
	case KMSG_GROUP:
		ours = is_below(line->task_cgroup, own) || is_below(own, line->task_cgroup);
		evidence->group = evidence->group || ours;
		break;
	case KMSG_KILLED:
		ours = kill_is_ours(evidence, line);
		if (ours)
			note_kill(evidence, incident, line);
		if (evidence->summary.kind == KMSG_TASK_IN)
			evidence->summary.kind = KMSG_OTHER;
		break;
	case KMSG_NO_VICTIM:
	case KMSG_OTHER:
		break;
	}
	return ours;
}

void evidence_read_log(struct evidence *evidence, struct incident *incident)
{
	struct kmsg_line line;
	char text[1024];
	uint64_t lost = 0;

	if (evidence->kmsg < 0)
		return;
	evidence->scene->has_report = true;
	while (kmsg_next(evidence->kmsg, &line, text, sizeof(text), &lost) == 1) {
		bool ours = take_line(evidence, incident, &line);

		report_take(&evidence->report, evidence->scene, &line, text, ours);
	}
}

/* Gone, or somebody else by now, or on its way out. */
static bool is_gone(const struct evidence *evidence, const struct scene_process *process)
{
	struct proc_stat stat;

	return proc_stat_read(evidence->procfd, process->pid, &stat) < 0 ||
	       stat.start_ticks != process->start_ticks || stat.state == 'Z' || stat.state == 'X' ||
	       proc_dying(evidence->procfd, process->pid);
}

void evidence_compare(struct evidence *evidence, struct incident *incident, uint64_t kills)
{
	if (evidence->victims > 0)
		return;
	for (size_t i = 0; i < evidence->scene->processes_len && evidence->victims < kills; i++) {
		const struct scene_process *process = &evidence->scene->process[i];
		struct incident_victim victim = {.pid = process->pid,
						 .rss_bytes = process->rss_bytes,
						 .is_init = process->pid == evidence->init,
						 .source = VICTIM_PROCESS_LIST};

		if (!is_gone(evidence, process))
			continue;
		memcpy(victim.comm, process->comm, sizeof(process->comm));
		add_victim(evidence, incident, &victim);
	}
}

/* Without taking the event away: evidence_rebase() does. */
static bool parent_was_told(const struct evidence *evidence)
{
	struct pollfd event = {.fd = evidence->parent_event, .events = POLLIN};

	return evidence->parent_event >= 0 && poll(&event, 1, 0) == 1;
}

/*
 * v1, the parent was told of no OOM: failed charges, which reclaim makes too. Where memory and swap
 * have one limit a kernel (6.18) counts none of them; there a cgroup ran out, and it was not above.
 */
static bool own_limit_v1(const struct evidence *evidence, const struct incident *incident)
{
	const struct memcg_level *own = evidence->scene->level;
	struct memcg_usage usage;

	if (incident->after.max > incident->before.max)
		return true;
	if (!evidence->by_cgroup || evidence->parent_event < 0 || !evidence->scene->levels_len ||
	    own->usage == MEMCG_UNKNOWN || own->limit == MEMCG_UNKNOWN)
		return false;
	usage = (struct memcg_usage){.usage = own->usage, .limit = own->limit};
	return stall_at_limit(&usage);
}

/* v2 counts an OOM where the limit ran out. On v1 the parent's notification tells it. */
static enum limit_owner limit_by_counters(const struct evidence *evidence,
					  const struct incident *incident)
{
	bool own;

	if (parent_was_told(evidence))
		return LIMIT_OF_ANCESTOR;
	own = evidence->memcg->version == CGROUP_V2 ? incident->after.oom > incident->before.oom
						    : own_limit_v1(evidence, incident);

	if (own)
		return LIMIT_OF_CONTAINER;
	if (evidence->parent_event < 0 && memcg_ancestors_hit(&evidence->ancestors) >= 0)
		return LIMIT_OF_ANCESTOR;
	/* v2: neither we nor an ancestor ran out, so it was the host. v1 cannot tell that from the
	 * limit of a cgroup below the container. */
	return evidence->memcg->version == CGROUP_V2 && incident->after.known ? LIMIT_OF_HOST
									      : LIMIT_OF_UNKNOWN;
}

enum limit_owner evidence_limit(const struct evidence *evidence, struct incident *incident)
{
	enum limit_owner owner;

	if (evidence->limit != LIMIT_OF_UNKNOWN) {
		incident->basis = BASIS_KMSG;
		memcpy(incident->limit_cgroup, evidence->limit_cgroup,
		       sizeof(incident->limit_cgroup));
		return evidence->limit;
	}
	owner = limit_by_counters(evidence, incident);
	incident->basis = evidence->victims > 0	      ? BASIS_KMSG
			  : owner != LIMIT_OF_UNKNOWN ? BASIS_COUNTERS
						      : BASIS_NOTHING;
	if (owner == LIMIT_OF_CONTAINER)
		snprintf(incident->limit_cgroup, sizeof(incident->limit_cgroup), "%.255s",
			 evidence->memcg->path);
	return owner;
}

enum init_end evidence_init(const struct evidence *evidence, int init_pidfd, uint64_t kills)
{
	bool exited = pidfd_exited(init_pidfd);
	int status;

	if (evidence->init_is_victim)
		return INIT_OOM_KILLED;
	if (!exited && !proc_dying(evidence->procfd, evidence->init))
		return INIT_ALIVE;
	/* Every kill has another victim: the init went by itself. */
	if (kills > 0 && evidence->victims >= kills)
		return INIT_ENDED;
	if (!exited)
		return kills > 0 ? INIT_OOM_KILLED : INIT_END_UNKNOWN;
	if (pidfd_exit_status(init_pidfd, &status) < 0)
		return INIT_END_UNKNOWN;
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL && kills > 0)
		return INIT_OOM_KILLED;
	return INIT_ENDED;
}

/* One process of the container as it is now; `parent` 0: nobody saw the victim's. */
static bool replaces(const struct evidence *evidence, pid_t pid,
		     const struct incident_victim *victim, pid_t parent)
{
	struct proc_stat stat;

	if (pid == victim->pid || pid == evidence->init ||
	    proc_stat_read(evidence->procfd, pid, &stat) < 0)
		return false;
	return (parent == 0 || stat.ppid == parent) && stat.state != 'Z' && stat.state != 'X' &&
	       stat.start_ticks >= evidence->young_ticks &&
	       strncmp(stat.comm, victim->comm, sizeof(stat.comm) - 1) == 0;
}

bool evidence_healed(const struct evidence *evidence, const struct incident *incident)
{
	const struct scene_process *seen;
	ssize_t n;

	if (incident->victims_len == 0)
		return false;
	seen = in_list(evidence, incident->victims[0].pid);
	n = cgroup_procs(evidence->memcg->dirfd, evidence->pids, evidence->pids_cap);
	for (ssize_t i = 0; i < n && i < (ssize_t)evidence->pids_cap; i++)
		if (replaces(evidence, evidence->pids[i], &incident->victims[0],
			     seen ? seen->ppid : 0))
			return true;
	return false;
}
