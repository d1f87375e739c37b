/* SPDX-License-Identifier: Apache-2.0 */
#include "restart.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cleanup.h"
#include "read_all.h"

#define SYSTEMCTL "/usr/bin/systemctl"
#define ANSWER_MAX 4096
#define ACTIVE "ActiveEnterTimestampMonotonic"

/* `out`: where its output goes, or -1. */
static int start(const char *const *argv, int out, pid_t *pid)
{
	char path[] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin";
	char *const environment[] = {path, NULL};
	posix_spawn_file_actions_t actions;
	int r = posix_spawn_file_actions_init(&actions);

	if (r != 0)
		return -r;
	if (out >= 0)
		r = posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
	if (r == 0)
		r = posix_spawn(pid, SYSTEMCTL, &actions, NULL, (char *const *)argv, environment);
	posix_spawn_file_actions_destroy(&actions);
	return -r;
}

/* -EIO: it failed. */
static int wait_for(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -EIO;
}

int restart_unit(const char *action, const char *unit, struct error *err)
{
	const char *argv[] = {"systemctl", action, unit, NULL};
	pid_t pid;
	int r = start(argv, -1, &pid);

	if (r < 0)
		return error_set(err, -r, "cannot run %s", SYSTEMCTL);
	r = wait_for(pid);
	if (r == -EIO)
		return error_say(err, EIO, "`systemctl %s %s` failed", action, unit);
	return r < 0 ? error_set(err, -r, "cannot wait for %s", SYSTEMCTL) : 0;
}

int restart_active_since(const char *unit, uint64_t *us)
{
	const char *argv[] = {"systemctl", "show", "-p", ACTIVE, unit, NULL};
	cleanup_free char *text = NULL;
	cleanup_close int from = -1;
	int ends[2], r, ended;
	size_t len;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	from = ends[0];
	r = start(argv, ends[1], &pid);
	close(ends[1]);
	if (r < 0)
		return r;
	r = read_all(from, ANSWER_MAX, &text, &len);
	/* So that one that goes on writing ends. */
	close(take_fd(&from));
	ended = wait_for(pid);
	if (r < 0 || ended < 0)
		return r < 0 ? r : ended;
	if (strncmp(text, ACTIVE "=", strlen(ACTIVE "=")) != 0)
		return -EPROTO;
	*us = strtoull(text + strlen(ACTIVE "="), NULL, 10);
	return 0;
}
