/* SPDX-License-Identifier: Apache-2.0 */
#include "shim_of.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cleanup.h"
#include "close_from.h"
#include "config.h"
#include "deadline.h"
#include "incarnation.h"
#include "proc.h"
#include "read_all.h"
#include "state.h"
#include "status.h"

#define STEP_MS 50
#define CMDLINE_MAX_BYTES (64 * 1024)
#define SEE_OFF_MS 2000

bool shim_restarting(const struct hook *hook, int container_dir, const struct plan *plan)
{
	cleanup_close int pidfd = shim_open_restarting(hook->procfd, container_dir, plan);

	return pidfd >= 0;
}

/* The value behind an option among NUL-separated words, or NULL. */
static const char *word_behind(const char *words, size_t len, const char *option)
{
	for (size_t at = 0; at < len;) {
		bool found = !strcmp(words + at, option);

		at += strlen(words + at) + 1;
		if (found)
			return at < len ? words + at : NULL;
	}
	return NULL;
}

/* The very file, or, behind an upgrade, one that stood at its path. */
static bool runs_shim(const struct hook *hook, pid_t pid)
{
	const size_t len = strlen(OOMGUARD_SHIM_PATH);
	char path[64], target[PATH_MAX];
	struct stat running, installed;
	ssize_t n;

	snprintf(path, sizeof(path), "%d/exe", (int)pid);
	if (fstatat(hook->procfd, path, &running, 0) == 0 &&
	    stat(OOMGUARD_SHIM_PATH, &installed) == 0 && running.st_dev == installed.st_dev &&
	    running.st_ino == installed.st_ino)
		return true;
	n = readlinkat(hook->procfd, path, target, sizeof(target) - 1);
	if (n < 0)
		return false;
	target[n] = '\0';
	return !strncmp(target, OOMGUARD_SHIM_PATH, len) && !strcmp(target + len, " (deleted)");
}

bool shim_runs_us(const struct hook *hook, pid_t runtime, const char *key)
{
	cleanup_free char *words = NULL;
	struct proc_stat stat;
	const char *given;
	char path[64];
	size_t len;

	if (proc_stat_read(hook->procfd, runtime, &stat) < 0 || stat.ppid <= 1 ||
	    !runs_shim(hook, stat.ppid))
		return false;
	snprintf(path, sizeof(path), "%d/cmdline", (int)stat.ppid);
	if (read_all_at(hook->procfd, path, CMDLINE_MAX_BYTES, &words, &len) < 0)
		return false;
	given = word_behind(words, len, "--key");
	return given && !strcmp(given, key);
}

/*
 * Signals whoever status.json names. A shim that is just starting has not written it yet, and then
 * it may name the one before, which goes on.
 */
static void signal_shim(const struct hook *hook, int container_dir, const struct plan *plan,
			int signal)
{
	cleanup_close int pidfd = -1;
	struct shim_status status;

	if (status_read(container_dir, &status, NULL) < 0 || (plan && !status_is_of(&status, plan)))
		return;
	pidfd = shim_open(hook->procfd, &status);
	if (pidfd >= 0)
		pidfd_signal(pidfd, signal);
}

static bool let_go(int container_dir, unsigned wait_ms)
{
	int lock = state_lock(container_dir, STATE_SHIM_LOCK, wait_ms);

	if (lock < 0)
		return false;
	close(lock);
	return true;
}

static bool ended_in(int pidfd, unsigned wait_ms)
{
	struct pollfd end = {.fd = pidfd, .events = POLLIN};

	return poll(&end, 1, (int)wait_ms) == 1;
}

/* It holds no lock: told by its end alone. */
static int end_restarting(int pidfd)
{
	pidfd_signal(pidfd, SIGTERM);
	if (ended_in(pidfd, deadline_left_ms() / 2))
		return 0;
	pidfd_signal(pidfd, SIGKILL);
	return ended_in(pidfd, deadline_left_ms() / 2) ? 0 : -ETIMEDOUT;
}

int shim_end(const struct hook *hook, int container_dir, const struct plan *plan)
{
	unsigned wait_ms = deadline_left_ms() / 2, waited = 0;

	if (!state_locked(container_dir, STATE_SHIM_LOCK)) {
		cleanup_close int pidfd = shim_open_restarting(hook->procfd, container_dir, plan);

		return pidfd >= 0 ? end_restarting(pidfd) : 0;
	}
	do {
		/* Again in each round: status.json may not have been there in the first. */
		signal_shim(hook, container_dir, plan, SIGTERM);
		if (let_go(container_dir, STEP_MS))
			return 0;
		waited += STEP_MS;
	} while (waited < wait_ms);
	signal_shim(hook, container_dir, plan, SIGKILL);
	return let_go(container_dir, deadline_left_ms() / 2) ? 0 : -ETIMEDOUT;
}

/* Holds nothing but the pidfd, so that nobody waits for it. */
__attribute__((noreturn)) static void watch_it_go(int pidfd)
{
	setsid();
	if (dup2(pidfd, STDIN_FILENO) < 0 || chdir("/") < 0)
		_exit(EXIT_FAILURE);
	close_from(STDIN_FILENO + 1);
	if (!ended_in(STDIN_FILENO, SEE_OFF_MS))
		pidfd_signal(STDIN_FILENO, SIGKILL);
	_exit(EXIT_SUCCESS);
}

int shim_see_off(const struct hook *hook, int container_dir)
{
	cleanup_close int pidfd = -1;
	struct shim_status status;

	if (!state_locked(container_dir, STATE_SHIM_LOCK))
		return 0;
	if (status_read(container_dir, &status, NULL) == 0)
		pidfd = shim_open(hook->procfd, &status);
	/* Not known by name yet, or no process to spare: then it is waited for. */
	if (pidfd < 0 || pidfd_signal(pidfd, SIGTERM) < 0)
		return shim_end(hook, container_dir, NULL);
	switch (fork()) {
	case -1:
		return shim_end(hook, container_dir, NULL);
	case 0:
		watch_it_go(pidfd);
	default:
		return 0;
	}
}

void shim_dismiss(const struct hook *hook, int container_dir)
{
	signal_shim(hook, container_dir, &hook->plan, SIGTERM);
}
