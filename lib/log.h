/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Messages of a program that has no terminal: to the systemd journal (native protocol) where
 * /run/systemd/journal/socket exists, else to /dev/log, and nowhere else. Sockets are not kept
 * connected: the daemon may be restarted while a shim lives. No allocation.
 */
#pragma once

#include <stddef.h>

/* An unbound AF_UNIX datagram socket, O_CLOEXEC | SOCK_NONBLOCK, or a negative errno. */
int log_socket(void);

/*
 * Sends one message. priority: syslog(3). identifier: "oomguard-shim". id: the container's, "" for
 * none. `json` (may be NULL): the event as one line, sent as field OOMGUARD_EVENT to the journal.
 * A daemon that does not listen or whose queue is full loses the message; returns the errno.
 */
int log_send(int socket, int priority, const char *identifier, const char *id,
	     const char *message, const char *json);
