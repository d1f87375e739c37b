/* SPDX-License-Identifier: Apache-2.0 */
#include "last_event.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "journal.h"
#include "json.h"
#include "state.h"

#define TIME_AT 11 /* in "2026-11-25T11:30:18.123Z" */
#define TIME_LEN 8

/* The last whole line of the text; a half one is still being written. NULL: none. */
static char *last_line(char *text)
{
	char *end = strrchr(text, '\n'), *start;

	if (!end)
		return NULL;
	*end = '\0';
	start = strrchr(text, '\n');
	return start ? start + 1 : text;
}

static int read_end(int dirfd, char *buf, size_t cap)
{
	cleanup_close int fd =
	    openat(dirfd, STATE_EVENTS, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat st;
	off_t from;
	ssize_t n;

	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	from = st.st_size > (off_t)cap - 1 ? st.st_size - ((off_t)cap - 1) : 0;
	n = pread(fd, buf, cap - 1, from);
	if (n < 0)
		return -errno;
	buf[n] = '\0';
	/* Else a NUL would hide what is behind it. */
	return strlen(buf) == (size_t)n ? 0 : -ENODATA;
}

int last_event_read(int container_dirfd, char *buf, size_t cap)
{
	const struct json_limits limits = {
	    .source = STATE_EVENTS, .max_bytes = JOURNAL_LINE_MAX, .max_depth = 8};
	/* Two lines at most: the last one, and the one that is being written. */
	char text[2 * JOURNAL_LINE_MAX + 1];
	cleanup_json struct json *event = NULL;
	const char *time, *name, *message, *line;
	int r = read_end(container_dirfd, text, sizeof(text));

	if (r < 0)
		return r;
	line = last_line(text);
	if (!line || json_parse(line, strlen(line), &limits, &event, NULL) < 0)
		return -ENODATA;
	time = json_get_string(event, "time");
	name = json_get_string(event, "event");
	message = json_get_string(event, "message");
	if (!time || strlen(time) < TIME_AT + TIME_LEN || !name || !message)
		return -ENODATA;
	snprintf(buf, cap, "%.*s %s: %s", TIME_LEN, time + TIME_AT, name, message);
	return 0;
}
