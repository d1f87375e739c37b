/* SPDX-License-Identifier: Apache-2.0 */
#include "explain.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cleanup.h"

int explain_read(struct oomlog *log, int fd)
{
	for (;;) {
		size_t room;
		char *to = oomlog_room(log, &room);
		ssize_t len = read(fd, to, room);

		if (len > 0)
			oomlog_take(log, (size_t)len);
		else if (len == 0)
			break;
		else if (errno != EINTR)
			return -errno;
	}
	oomlog_end(log);
	return 0;
}

int explain_read_kmsg(struct oomlog *log, const char *device, struct error *err)
{
	cleanup_close int fd = open(device, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	char record[8192]; /* CONSOLE_EXT_LOG_MAX: a shorter one could be refused with EINVAL */

	if (fd < 0)
		return error_set(err, errno, "cannot open %s", device);
	for (;;) {
		ssize_t len = read(fd, record, sizeof(record));
		size_t room, done = 0;

		if (len < 0 && (errno == EINTR || errno == EPIPE))
			continue; /* EPIPE: overwritten meanwhile, on to the oldest that is left */
		if (len < 0 && errno != EAGAIN)
			return error_set(err, errno, "cannot read %s", device);
		if (len <= 0)
			break;
		while (done < (size_t)len) {
			char *to = oomlog_room(log, &room);
			size_t some = (size_t)len - done < room ? (size_t)len - done : room;

			memcpy(to, record + done, some);
			oomlog_take(log, some);
			done += some;
		}
	}
	oomlog_end(log);
	return 0;
}

static void __attribute__((noreturn)) exec_journalctl(int out)
{
	char *const argv[] = {(char *)"journalctl",
			      (char *)"--dmesg",
			      (char *)"--boot=0",
			      (char *)"--output=short-monotonic",
			      (char *)"--no-pager",
			      (char *)"--no-hostname",
			      (char *)"--all",
			      (char *)"--quiet",
			      NULL};
	char *const env[] = {(char *)"PATH=/usr/bin:/bin", (char *)"LC_ALL=C", NULL};

	if (dup2(out, STDOUT_FILENO) >= 0) {
		execve("/usr/bin/journalctl", argv, env);
		execve("/bin/journalctl", argv, env);
	}
	_exit(127);
}

int explain_read_journal(struct oomlog *log, struct error *err)
{
	int ends[2], status = 0, r;
	pid_t child;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return error_set(err, errno, "cannot make a pipe");
	child = fork();
	if (child == 0)
		exec_journalctl(ends[1]);
	r = child < 0 ? -errno : 0;
	close(ends[1]);
	if (r == 0)
		r = explain_read(log, ends[0]);
	close(ends[0]);
	while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	if (r < 0)
		return error_set(err, -r, "cannot read the journal");
	if (!WIFEXITED(status) || WEXITSTATUS(status) == 127)
		return error_hint(err, error_say(err, ENOENT, "cannot run journalctl"),
				  "without systemd's journal use --kmsg, or give a log file");
	if (WEXITSTATUS(status) != 0)
		return error_hint(err, error_say(err, EIO, "journalctl failed"),
				  "its own message says why; reading all of it may need root");
	return 0;
}
