/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The event journal of a container: one JSON object a line (schema/event.schema.json), in
 * containers/KEY/events.jsonl, rotated once to events.jsonl.1 at JOURNAL_MAX_BYTES. The same event
 * goes to the systemd journal where its socket exists, else to syslog.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "jsonw.h"

#define JOURNAL_MAX_BYTES (256 * 1024)
#define JOURNAL_LINE_MAX 4096

/* syslog(3) priorities. */
enum journal_priority { JOURNAL_ERROR = 3, JOURNAL_WARNING = 4, JOURNAL_NOTICE = 5, JOURNAL_INFO = 6 };

struct journal {
	int dirfd;  /* containers/KEY, borrowed; -1: only the log */
	int fd;     /* events.jsonl, O_APPEND */
	int socket; /* unconnected datagram socket for the log, or -1 */
	bool foreground; /* also in words on stderr */
	char id[128];    /* container id, cut, for the log */
	char line[JOURNAL_LINE_MAX];
	struct jsonw w;
};

/* Opens or makes the journal; a failure leaves what works working and returns the first errno. */
int journal_open(struct journal *journal, int container_dirfd, const char *id);
void journal_close(struct journal *journal);

/*
 * One event. begin starts the object with version, time (RFC 3339 with ms), monotonic_ms, id, event
 * and message; the caller adds members to the writer it returns; end writes the line with one
 * write(2), then the log. No allocation. A full disk loses the line, never the caller's time:
 * end returns the errno.
 *
 * `event` is one of the words the schema lists: "created", "setting", "armed", "oom", "decision",
 * "kill", "killed", "backoff", "restart", "restarted", "gave-up", "cancelled", "drift", "problem",
 * "incident", "exit", "left".
 */
struct jsonw *journal_begin(struct journal *journal, enum journal_priority priority,
			    const char *event, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
int journal_end(struct journal *journal);

/* Both in one, for an event without further members. */
int journal_event(struct journal *journal, enum journal_priority priority, const char *event,
		  const char *format, ...) __attribute__((format(printf, 4, 5)));
