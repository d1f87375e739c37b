/* SPDX-License-Identifier: Apache-2.0 */
/* Sets the oom_score_adj of a container's running processes: settings_scores_apply(). */
#include "settings.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"
#include "pid_mark.h"
#include "proc.h"

#define OPEN_AT_A_TIME 64

/* What became of the processes of one kind. */
struct tally {
	unsigned wanted, written, failed;
	int error;     /* the last failure's errno */
	int old_value; /* of the last one written */
	int value;     /* the last one wanted */
};

enum kind { KIND_INIT, KIND_WORKLOAD, KIND_RULES, KIND_COUNT };

/* One way through processes of the container. */
struct pass {
	const struct score_matcher *matcher;
	const struct memcg *memcg;
	int procfd;
	pid_t init;
	struct tally tally[KIND_COUNT];
};

/* The files of one process. Once open they are this process's, whoever gets its id later. */
struct process {
	pid_t pid;
	int score;
	int comm;  /* only where there are rules; else -1 */
	int error; /* why `score` is not open */
};

static int open_file(int procfd, pid_t pid, const char *file, int flags)
{
	char name[48];
	int fd;

	snprintf(name, sizeof(name), "%d/%s", pid, file);
	fd = openat(procfd, name, flags | O_CLOEXEC | O_NOFOLLOW);
	return fd < 0 ? -errno : fd;
}

static void open_process(const struct pass *pass, pid_t pid, struct process *out)
{
	*out = (struct process){.pid = pid, .comm = -1};
	out->score = open_file(pass->procfd, pid, "oom_score_adj", O_RDWR);
	if (out->score < 0)
		out->error = -out->score;
	else if (pass->matcher->len)
		out->comm = open_file(pass->procfd, pid, "comm", O_RDONLY);
}

static void close_process(struct process *process)
{
	cleanup_closep(&process->score);
	cleanup_closep(&process->comm);
}

static bool has_ended(int error)
{
	return error == ENOENT || error == ESRCH || error == ENODEV;
}

/* Asked when the files are open: is the id that of a process of the container still? */
static bool is_ours(const struct pass *pass, pid_t pid)
{
	const char *controller = pass->memcg->version == CGROUP_V1 ? "memory" : NULL;
	cleanup_close int piddir = -1;
	char name[16];

	snprintf(name, sizeof(name), "%d", pid);
	piddir = openat(pass->procfd, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return piddir >= 0 && cgroup_holds(piddir, controller, pass->memcg->path);
}

static int rule_for(const struct score_matcher *matcher, const struct process *process)
{
	char comm[64];
	ssize_t len;

	if (process->comm < 0)
		return -1;
	len = pread(process->comm, comm, sizeof(comm) - 1, 0);
	if (len <= 0)
		return -1;
	/* It may hold any byte; the last one is the kernel's newline. */
	comm[comm[len - 1] == '\n' ? len - 1 : len] = '\0';
	return settings_score_rule(matcher, comm);
}

static int read_score(int fd, int *score)
{
	char text[16];
	ssize_t len = pread(fd, text, sizeof(text) - 1, 0);

	if (len <= 0)
		return len < 0 ? -errno : -ESRCH;
	text[len] = '\0';
	*score = atoi(text);
	return 0;
}

static int write_score(int fd, int score)
{
	char text[16];
	int len = snprintf(text, sizeof(text), "%d\n", score);

	return write(fd, text, (size_t)len) < 0 ? -errno : 0;
}

/* Returns true when it was written. */
static bool set_score(struct pass *pass, const struct process *process)
{
	bool is_init = process->pid == pass->init;
	int rule = rule_for(pass->matcher, process);
	enum kind kind = is_init ? KIND_INIT : rule >= 0 ? KIND_RULES : KIND_WORKLOAD;
	struct tally *tally = &pass->tally[kind];
	int wanted, now = 0, r = -process->error;

	if (!settings_score_wanted(pass->matcher, is_init, rule, &wanted))
		return false;
	if (r == 0)
		r = read_score(process->score, &now);
	if (has_ended(-r))
		return false;
	tally->wanted++;
	tally->value = wanted;
	if (r == 0 && now == wanted)
		return false;
	tally->old_value = now;
	if (r == 0)
		r = write_score(process->score, wanted);
	if (r == 0) {
		tally->written++;
	} else if (!has_ended(-r)) {
		tally->failed++;
		tally->error = -r;
	}
	return r == 0;
}

static void say_failure(struct setting_result *result, const struct tally *tally)
{
	const char *why = strerrordesc_np(tally->error);

	if (tally->error == EACCES)
		why = "going below a process's minimum needs CAP_SYS_RESOURCE";
	result->outcome = SETTING_FAILED;
	snprintf(result->new_value, sizeof(result->new_value), "%d", tally->old_value);
	snprintf(result->reason, sizeof(result->reason),
		 "%d was not taken by %u of %u processes: %s", tally->value, tally->failed,
		 tally->wanted, why ? why : "unknown error");
}

static void report(struct settings_results *out, const char *key, const struct tally *tally)
{
	struct setting_result *result = &out->item[out->len];
	bool changed = tally->written || tally->failed;

	if (!tally->wanted)
		return;
	out->len++;
	memset(result, 0, sizeof(*result));
	result->key = key;
	strcpy(result->file, "oom_score_adj");
	result->outcome = changed ? SETTING_APPLIED : SETTING_UNCHANGED;
	snprintf(result->old_value, sizeof(result->old_value), "%d",
		 changed ? tally->old_value : tally->value);
	snprintf(result->new_value, sizeof(result->new_value), "%d", tally->value);
	if (tally->failed)
		say_failure(result, tally);
	else if (tally->wanted > 1)
		snprintf(result->reason, sizeof(result->reason), "%u of %u processes were written",
			 tally->written, tally->wanted);
}

static void report_later(struct settings_results *out)
{
	struct setting_result *result = &out->item[out->len++];

	memset(result, 0, sizeof(*result));
	result->key = SETTING_SCORE_INIT;
	strcpy(result->file, "oom_score_adj");
	result->outcome = SETTING_LATER;
	strcpy(result->reason, "set once the first child exists");
}

static int finish(const struct pass *pass, bool alone, struct settings_results *out)
{
	if (out) {
		out->len = 0;
		if (alone)
			report_later(out);
		report(out, SETTING_SCORE_INIT, &pass->tally[KIND_INIT]);
		report(out, SETTING_SCORE_WORKLOAD, &pass->tally[KIND_WORKLOAD]);
		report(out, SETTING_SCORE_RULES, &pass->tally[KIND_RULES]);
	}
	return (int)(pass->tally[KIND_INIT].written + pass->tally[KIND_WORKLOAD].written +
		     pass->tally[KIND_RULES].written);
}

/*
 * An id from a list may be a stranger's by now, whose score is not ours. A few processes are opened
 * at a time, then one look tells which of their ids can have changed hands since the list was made.
 */
static void set_listed(struct pass *pass, const pid_t *pids, size_t len, struct pid_marks *listed)
{
	struct process process[OPEN_AT_A_TIME];

	for (size_t i = 0; i < len; i++)
		open_process(pass, pids[i], &process[i]);
	pid_marks_look(listed);
	for (size_t i = 0; i < len; i++) {
		if (!pid_marks_passed(listed, pids[i]) || is_ours(pass, pids[i]))
			set_score(pass, &process[i]);
		close_process(&process[i]);
	}
}

int settings_scores_apply(const struct score_matcher *matcher, const struct memcg *memcg,
			  int procfd, pid_t init, pid_t *scratch, size_t scratch_len,
			  struct settings_results *out)
{
	struct pass pass = {matcher, memcg, procfd, init, {{0}}};
	cleanup_pid_marks struct pid_marks listed = {.source = -1};
	size_t known;
	ssize_t len;
	bool alone;

	pid_marks_begin(procfd, &listed);
	len = cgroup_procs(memcg->dirfd, scratch, scratch_len);
	if (len < 0) {
		if (out)
			out->len = 0;
		return (int)len;
	}
	alone = len == 1 && scratch_len && scratch[0] == init;
	known = (size_t)len < scratch_len ? (size_t)len : scratch_len;
	for (size_t i = 0; i < known && !alone; i += OPEN_AT_A_TIME)
		set_listed(&pass, scratch + i,
			   known - i < OPEN_AT_A_TIME ? known - i : OPEN_AT_A_TIME, &listed);
	return finish(&pass, alone, out);
}

static int stop_at_one(pid_t child, void *context)
{
	return 1;
}

/*
 * Asked behind the writing: may the process have children that it forked before? While it lives
 * they are its own; of one that ends nobody can tell (and v1 says it is in the topmost cgroup).
 */
static bool may_have_left(int procfd, pid_t pid, bool written)
{
	return (written && proc_children(procfd, pid, stop_at_one, NULL) != 0) ||
	       proc_dying(procfd, pid);
}

int settings_scores_forked(const struct score_matcher *matcher, const struct memcg *memcg,
			   int procfd, pid_t init, const pid_t *children, size_t len, bool *missed,
			   struct settings_results *out)
{
	struct pass pass = {matcher, memcg, procfd, init, {{0}}};

	*missed = false;
	for (size_t i = 0; i < len; i++) {
		struct process process;
		bool written;

		open_process(&pass, children[i], &process);
		written = is_ours(&pass, children[i]) && set_score(&pass, &process);
		close_process(&process);
		if (children[i] != init && may_have_left(procfd, children[i], written))
			*missed = true;
	}
	return finish(&pass, false, out);
}
