/* SPDX-License-Identifier: Apache-2.0 */
#include "explain.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cleanup.h"
#include "explain_utf16.h"

#define PIECE_BYTES (16 * 1024)

static void feed(struct oomlog *log, const char *text, size_t len)
{
	while (len > 0) {
		size_t room;
		char *to = oomlog_room(log, &room);
		size_t some = len < room ? len : room;

		memcpy(to, text, some);
		oomlog_take(log, some);
		text += some;
		len -= some;
	}
}

static ssize_t read_some(int fd, char *to, size_t room)
{
	ssize_t len;

	do
		len = read(fd, to, room);
	while (len < 0 && errno == EINTR);
	return len < 0 ? -errno : len;
}

static int read_utf16(struct oomlog *log, struct utf16 *utf16, int fd)
{
	char piece[PIECE_BYTES], text[UTF16_GROWS * (PIECE_BYTES + 1)];
	ssize_t len;

	while ((len = read_some(fd, piece, sizeof(piece))) > 0)
		feed(log, text, utf16_read(utf16, piece, (size_t)len, text));
	return (int)len;
}

static bool is_compressed(const char *text, size_t len)
{
	/* gzip, xz, zstd, bzip2 */
	static const char *const magics[] = {"\x1f\x8b",
					     "\xfd"
					     "7zXZ",
					     "\x28\xb5\x2f\xfd", "BZh"};

	for (size_t i = 0; i < sizeof(magics) / sizeof(magics[0]); i++)
		if (len >= strlen(magics[i]) && !memcmp(text, magics[i], strlen(magics[i])))
			return true;
	return false;
}

int explain_read(struct oomlog *log, int fd)
{
	char text[UTF16_GROWS * (PIECE_BYTES + 1)], piece[PIECE_BYTES];
	struct utf16 utf16;
	ssize_t len = read_some(fd, piece, sizeof(piece));
	size_t room;

	if (len > 0 && is_compressed(piece, (size_t)len))
		return -ENOTSUP;
	if (len > 0 && utf16_begins(&utf16, piece, (size_t)len)) {
		feed(log, text, utf16_read(&utf16, piece, (size_t)len, text));
		len = read_utf16(log, &utf16, fd);
	} else if (len > 0) {
		feed(log, piece, (size_t)len);
		for (char *to; to = oomlog_room(log, &room), (len = read_some(fd, to, room)) > 0;)
			oomlog_take(log, (size_t)len);
	}
	if (len < 0)
		return (int)len;
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

		if (len < 0 && (errno == EINTR || errno == EPIPE))
			continue; /* EPIPE: overwritten meanwhile, on to the oldest that is left */
		if (len < 0 && errno != EAGAIN)
			return error_set(err, errno, "cannot read %s", device);
		if (len <= 0)
			break;
		feed(log, record, (size_t)len);
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
