/* SPDX-License-Identifier: Apache-2.0 */
#include "log.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <syslog.h>
#include <unistd.h>

#include "escape.h"

#define SYSLOG_LINE_MAX 1024 /* RFC 3164, 4.1 */

static int send_parts(int socket, const char *path, struct iovec *parts, size_t count)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	struct msghdr datagram = {
	    .msg_name = &to, .msg_namelen = sizeof(to), .msg_iov = parts, .msg_iovlen = count};

	if (strlen(path) >= sizeof(to.sun_path))
		return -ENAMETOOLONG;
	strcpy(to.sun_path, path);
	return sendmsg(socket, &datagram, MSG_NOSIGNAL | MSG_DONTWAIT) < 0 ? -errno : 0;
}

static struct iovec part(const char *text)
{
	return (struct iovec){.iov_base = (char *)text, .iov_len = strlen(text)};
}

/*
 * The journal's native protocol: lines KEY=VALUE. No value holds a newline, or a container could
 * write fields of its own: id and message are escaped, and the event is cut at its first newline.
 */
static int send_journal(int socket, const char *path, const struct log_message *m, const char *id,
			const char *message)
{
	char head[160];
	struct iovec parts[10];
	size_t count = 0;

	snprintf(
	    head, sizeof(head),
	    "PRIORITY=%d\nSYSLOG_FACILITY=%d\nSYSLOG_PID=%d\nSYSLOG_IDENTIFIER=%.48s\nMESSAGE=",
	    LOG_PRI(m->priority), LOG_FAC(LOG_DAEMON), getpid(), m->identifier);
	parts[count++] = part(head);
	parts[count++] = part(message);
	if (id[0]) {
		parts[count++] = part("\nOOMGUARD_CONTAINER=");
		parts[count++] = part(id);
	}
	if (m->json) {
		parts[count++] = part("\nOOMGUARD_EVENT=");
		parts[count] = part(m->json);
		parts[count++].iov_len = strcspn(m->json, "\n");
	}
	parts[count++] = part("\n");
	return send_parts(socket, path, parts, count);
}

static int send_syslog(int socket, const char *path, const struct log_message *m, const char *id,
		       const char *message)
{
	char line[SYSLOG_LINE_MAX + 1];
	struct iovec whole;

	snprintf(line, sizeof(line), "<%d>%.48s[%d]: %s%s%s", LOG_DAEMON | LOG_PRI(m->priority),
		 m->identifier, getpid(), id, id[0] ? ": " : "", message);
	whole = part(line);
	return send_parts(socket, path, &whole, 1);
}

int log_socket(void)
{
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	return fd < 0 ? -errno : fd;
}

int log_send_to(int socket, const char *journal, const char *syslog,
		const struct log_message *message)
{
	char id[192], text[768];
	int r;

	escape_terminal(message->id, id, sizeof(id));
	escape_terminal(message->message, text, sizeof(text));
	r = send_journal(socket, journal, message, id, text);
	/* Not there, or left behind by a daemon that is gone. */
	if (r != -ENOENT && r != -ECONNREFUSED)
		return r;
	return send_syslog(socket, syslog, message, id, text);
}

int log_send(int socket, int priority, const char *identifier, const char *id, const char *message,
	     const char *json)
{
	const struct log_message m = {.priority = priority,
				      .identifier = identifier,
				      .id = id,
				      .message = message,
				      .json = json};

	return log_send_to(socket, LOG_JOURNAL_SOCKET, LOG_SYSLOG_SOCKET, &m);
}
