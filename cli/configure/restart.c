/* SPDX-License-Identifier: Apache-2.0 */
#include "restart.h"

#include <errno.h>
#include <spawn.h>
#include <sys/wait.h>

#define SYSTEMCTL "/usr/bin/systemctl"

int restart_unit(const char *action, const char *unit, struct error *err)
{
	const char *argv[] = {"systemctl", action, unit, NULL};
	char path[] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin";
	char *const environment[] = {path, NULL};
	int r, status;
	pid_t pid;

	r = posix_spawn(&pid, SYSTEMCTL, NULL, NULL, (char *const *)argv, environment);
	if (r != 0)
		return error_set(err, r, "cannot run %s", SYSTEMCTL);
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return error_set(err, errno, "cannot wait for %s", SYSTEMCTL);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	return error_say(err, EIO, "`systemctl %s %s` failed", action, unit);
}
