/* SPDX-License-Identifier: Apache-2.0 */
#include "journal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "cleanup.h"
#include "escape.h"
#include "log.h"
#include "utc.h"

static int open_events(int dirfd)
{
	int fd = openat(dirfd, STATE_EVENTS,
			O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);

	return fd < 0 ? -errno : fd;
}

int journal_open(struct journal *journal, int container_dirfd, const char *id)
{
	int r, first = 0;

	memset(journal, 0, sizeof(*journal));
	journal->dirfd = container_dirfd;
	journal->fd = -1;
	journal->priority = JOURNAL_INFO;
	snprintf(journal->id, sizeof(journal->id), "%s", id);
	first = jsonw_init(&journal->w, journal->line, sizeof(journal->line), false);
	journal->socket = log_socket();
	if (journal->socket < 0 && first == 0)
		first = journal->socket;
	if (container_dirfd < 0)
		return first;
	r = open_events(container_dirfd);
	if (r < 0)
		return first < 0 ? first : r;
	journal->fd = r;
	return first;
}

void journal_close(struct journal *journal)
{
	cleanup_closep(&journal->fd);
	cleanup_closep(&journal->socket);
	jsonw_close(&journal->w);
}

static const char *level_name(enum journal_priority priority)
{
	switch (priority) {
	case JOURNAL_ERROR:
		return "error";
	case JOURNAL_WARNING:
		return "warning";
	case JOURNAL_NOTICE:
		return "notice";
	case JOURNAL_INFO:
		break;
	}
	return "info";
}

static void take_time(struct journal *journal)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	journal->monotonic_ms = (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
	utc_text(utc_now_ms(), journal->time);
}

static void start_line(struct journal *journal)
{
	struct jsonw *w = &journal->w;

	jsonw_start(w);
	jsonw_object(w);
	jsonw_kv_int(w, "version", STATE_VERSION);
	jsonw_kv_string(w, "time", journal->time);
	jsonw_kv_uint(w, "monotonicMs", journal->monotonic_ms);
	jsonw_kv_string(w, "id", journal->id);
	jsonw_kv_string(w, "level", level_name(journal->priority));
	jsonw_kv_string(w, "event", journal->event);
	jsonw_kv_string(w, "message", journal->message);
}

static struct jsonw *begin(struct journal *journal, enum journal_priority priority,
			   const char *event, const char *format, va_list args)
{
	journal->priority = priority;
	journal->event = event;
	vsnprintf(journal->message, sizeof(journal->message), format, args);
	take_time(journal);
	start_line(journal);
	return &journal->w;
}

struct jsonw *journal_begin(struct journal *journal, enum journal_priority priority,
			    const char *event, const char *format, ...)
{
	struct jsonw *w;
	va_list args;

	va_start(args, format);
	w = begin(journal, priority, event, format, args);
	va_end(args);
	return w;
}

/* Ends the object; what does not fit into a line is left out as a whole. */
static int finish_line(struct journal *journal)
{
	int len;

	jsonw_object_end(&journal->w);
	len = jsonw_finish(&journal->w);
	if (len != -ENOBUFS)
		return len;
	start_line(journal);
	jsonw_kv_bool(&journal->w, "cut", true);
	jsonw_object_end(&journal->w);
	return jsonw_finish(&journal->w);
}

/* True when events.jsonl is another file by now: the hook and the shim write the same journal. */
static bool replaced(const struct journal *journal)
{
	struct stat held, named;

	if (fstat(journal->fd, &held) < 0)
		return true;
	if (fstatat(journal->dirfd, STATE_EVENTS, &named, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT;
	return held.st_ino != named.st_ino || held.st_dev != named.st_dev;
}

static int reopen(struct journal *journal)
{
	int fd = open_events(journal->dirfd);

	if (fd < 0)
		return fd;
	cleanup_closep(&journal->fd);
	journal->fd = fd;
	journal->torn = false;
	return 0;
}

/*
 * Renames a full journal. The lock keeps two writers from doing it at once, which would throw the
 * first one's file away; who does not get it writes on and leaves the rotation to the other.
 */
static void rotate(struct journal *journal, size_t more)
{
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	struct stat st;

	if (fstat(journal->fd, &st) < 0 || st.st_size == 0 ||
	    (uint64_t)st.st_size + more <= JOURNAL_MAX_BYTES)
		return;
	if (fcntl(journal->fd, F_OFD_SETLK, &lock) < 0)
		return;
	if (replaced(journal) ||
	    renameat(journal->dirfd, STATE_EVENTS, journal->dirfd, JOURNAL_ROTATED) == 0) {
		reopen(journal);
		return;
	}
	lock.l_type = F_UNLCK;
	fcntl(journal->fd, F_OFD_SETLK, &lock);
}

static int append(struct journal *journal, size_t len)
{
	struct iovec parts[2] = {
	    {.iov_base = (char[]){'\n'}, .iov_len = 1},
	    {.iov_base = journal->line, .iov_len = len},
	};
	size_t wanted = len + (journal->torn ? 1 : 0);
	ssize_t n;

	if (journal->dirfd < 0)
		return 0;
	if (journal->fd < 0 || replaced(journal)) {
		int r = reopen(journal);

		if (r < 0)
			return r;
	}
	rotate(journal, len);
	n = journal->torn ? writev(journal->fd, parts, 2) : write(journal->fd, journal->line, len);
	if (n < 0)
		return -errno;
	journal->torn = n > 0 && (size_t)n < wanted;
	return (size_t)n < wanted ? -ENOSPC : 0;
}

/* For `--foreground`: the event in words. */
static void tell_terminal(const struct journal *journal)
{
	char message[JOURNAL_MESSAGE_MAX * 4];
	char text[JOURNAL_MESSAGE_MAX * 4 + 64];
	int len;

	escape_terminal(journal->message, message, sizeof(message));
	len = snprintf(text, sizeof(text), "%s %s: %s\n", journal->time, journal->event, message);
	if (len > 0 && write(STDERR_FILENO, text, (size_t)len) < 0)
		return; /* nobody looks */
}

int journal_end(struct journal *journal)
{
	int len = finish_line(journal);
	int r = len < 0 ? len : append(journal, (size_t)len);
	int logged = 0;

	if (journal->socket >= 0)
		logged =
		    log_send(journal->socket, (int)journal->priority, program_invocation_short_name,
			     journal->id, journal->message, len < 0 ? NULL : journal->line);
	if (journal->foreground)
		tell_terminal(journal);
	/* Without a file the log is all there is; beside one its loss is no news. */
	return journal->dirfd < 0 && r == 0 ? logged : r;
}

int journal_event(struct journal *journal, enum journal_priority priority, const char *event,
		  const char *format, ...)
{
	va_list args;

	va_start(args, format);
	begin(journal, priority, event, format, args);
	va_end(args);
	return journal_end(journal);
}
