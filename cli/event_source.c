/* SPDX-License-Identifier: Apache-2.0 */
#include "event_source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cleanup.h"

#define EVENT_DEPTH 8
#define FILES_PER_READ 8 /* rotations within one call; more is a file that is never read out */

int event_source_open(struct event_source *source, const struct state_root *root, const char *key)
{
	memset(source, 0, sizeof(*source));
	source->fd = -1;
	snprintf(source->key, sizeof(source->key), "%s", key);
	source->dirfd = state_container_open(root, key, false, NULL);
	return source->dirfd < 0 ? source->dirfd : 0;
}

void event_source_close(struct event_source *source)
{
	cleanup_closep(&source->fd);
	cleanup_closep(&source->dirfd);
}

static void take_line(const char *line, size_t len, event_visit *visit, void *context)
{
	const struct json_limits limits = {
	    .source = STATE_EVENTS, .max_bytes = JOURNAL_LINE_MAX, .max_depth = EVENT_DEPTH};
	cleanup_json struct json *event = NULL;
	int64_t version;

	if (json_parse(line, len, &limits, &event, NULL) < 0 ||
	    json_int64(json_get(event, "version"), &version) < 0 || version != STATE_VERSION)
		return;
	visit(event, line, context);
}

/* Hands on the whole lines of the buffer and keeps the rest. */
static void take_lines(struct event_source *source, event_visit *visit, void *context)
{
	char *line = source->buf, *end;

	source->buf[source->used] = '\0';
	while ((end = memchr(line, '\n', source->used - (size_t)(line - source->buf)))) {
		*end = '\0';
		if (!source->skipping)
			take_line(line, (size_t)(end - line), visit, context);
		source->skipping = false;
		line = end + 1;
	}
	source->used -= (size_t)(line - source->buf);
	memmove(source->buf, line, source->used);
	if (source->used == sizeof(source->buf) - 1) {
		source->skipping = true;
		source->used = 0;
	}
}

static void drain(struct event_source *source, event_visit *visit, void *context)
{
	ssize_t n;

	while (source->fd >= 0) {
		n = read(source->fd, source->buf + source->used,
			 sizeof(source->buf) - 1 - source->used);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return;
		source->used += (size_t)n;
		take_lines(source, visit, context);
	}
}

static bool is_current(const struct event_source *source, const char *name)
{
	struct stat st;

	return source->fd >= 0 && fstatat(source->dirfd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	       st.st_dev == source->device && st.st_ino == source->inode;
}

static bool switch_to(struct event_source *source, const char *name)
{
	cleanup_close int fd =
	    openat(source->dirfd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return false;
	cleanup_closep(&source->fd);
	source->fd = take_fd(&fd);
	source->device = st.st_dev;
	source->inode = st.st_ino;
	source->used = 0;
	source->skipping = false;
	return true;
}

/*
 * Goes on to the file behind the one that was read: the current one if ours is the rotated one,
 * else the rotated one first (at the start, or when two rotations were missed).
 */
static bool next_file(struct event_source *source)
{
	if (is_current(source, STATE_EVENTS))
		return false;
	if (is_current(source, JOURNAL_ROTATED) || !switch_to(source, JOURNAL_ROTATED))
		return switch_to(source, STATE_EVENTS);
	return true;
}

void event_source_read(struct event_source *source, event_visit *visit, void *context)
{
	for (unsigned i = 0; i < FILES_PER_READ; i++) {
		drain(source, visit, context);
		if (is_current(source, STATE_EVENTS))
			return;
		/* It was renamed behind the last read, so its end may have come after it. */
		drain(source, visit, context);
		if (!next_file(source))
			return;
	}
}
