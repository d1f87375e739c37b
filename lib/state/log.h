/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Messages of a program that has no terminal: to the systemd journal (native protocol) where
 * /run/systemd/journal/socket exists, else to /dev/log, and nowhere else. Sockets are not kept
 * connected: the daemon may be restarted while a shim lives. No allocation.
 */
#pragma once

#define LOG_JOURNAL_SOCKET "/run/systemd/journal/socket"
#define LOG_SYSLOG_SOCKET "/dev/log"

struct log_message {
	int priority;           /* syslog(3), 0 to 7 */
	const char *identifier; /* "oomguard-shim" */
	const char *id;         /* the container's, "" for none */
	const char *message;    /* hostile text in it is made harmless here */
	const char *json;       /* NULL, or the event as one line, with or without its newline */
};

/* An unbound AF_UNIX datagram socket, O_CLOEXEC | SOCK_NONBLOCK, or a negative errno. */
int log_socket(void);

/*
 * Sends one message. `json` goes to the journal alone, as field OOMGUARD_EVENT, as `id` does as
 * OOMGUARD_CONTAINER; syslog gets both id and message in one line of at most 1024 bytes, without a
 * time: the daemon writes its own, and ours could not name the zone without an allocation.
 * A daemon that does not listen or whose queue is full loses the message; returns -errno then.
 * Makes no other system calls than sendmsg and getpid.
 */
int log_send(int socket, int priority, const char *identifier, const char *id,
	     const char *message, const char *json);

/* The same to other sockets; `syslog` is used where nothing listens on `journal`. */
int log_send_to(int socket, const char *journal, const char *syslog,
		const struct log_message *message);
