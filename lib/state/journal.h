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
#include "state.h"
#include "utc.h"

#define JOURNAL_MAX_BYTES (256 * 1024)
#define JOURNAL_LINE_MAX 4096
#define JOURNAL_ID_MAX 256
#define JOURNAL_MESSAGE_MAX 512
#define JOURNAL_ROTATED STATE_EVENTS ".1"

/* syslog(3) priorities. */
enum journal_priority {
	JOURNAL_ERROR = 3,
	JOURNAL_WARNING = 4,
	JOURNAL_NOTICE = 5,
	JOURNAL_INFO = 6
};

struct journal {
	int dirfd;	 /* containers/KEY, borrowed: outlives the journal; -1: only the log */
	int fd;		 /* events.jsonl, O_APPEND */
	int socket;	 /* unconnected datagram socket for the log, or -1 */
	bool foreground; /* also in words on stderr */
	char id[JOURNAL_ID_MAX]; /* container id, cut, for the log */
	/* The event between begin and end. */
	enum journal_priority priority;
	const char *event;
	char message[JOURNAL_MESSAGE_MAX];
	char time[UTC_TEXT_MAX];
	uint64_t monotonic_ms;
	bool torn; /* the last line was cut by a full disk: the next one starts behind a newline */
	char line[JOURNAL_LINE_MAX];
	struct jsonw w;
};

/* Opens or makes the journal; a failure leaves what works working and returns the first errno. */
int journal_open(struct journal *journal, int container_dirfd, const char *id);
void journal_close(struct journal *journal);

/*
 * One event. begin starts the object with version, time (RFC 3339 with ms), monotonicMs, id, level,
 * event and message; the caller adds members to the writer it returns; end writes the line with one
 * write(2), then the log. No allocation, no waiting. A full disk loses the line, never the caller's
 * time: end returns the errno. A line that would be longer than JOURNAL_LINE_MAX keeps the common
 * members alone and says "cut": true.
 *
 * Members that callers add, one vocabulary with incident.h; the schema lists their types:
 * slot basis kills asked decision reason killed remaining restartNumber backoffMs result incident
 * pid comm signal key file outcome old new freedBytes profile cgroup restartVia restartWhy phase
 * late exitCode exitSignal.
 *
 * `event` is one of the words the schema lists: "created", "setting", "armed", "oom", "decision",
 * "kill", "killed", "backoff", "restart", "restarted", "gave-up", "cancelled", "drift", "problem",
 * "incident", "exit", "left", "emptied", "switched-off", "switched-on", "missed", "recovered".
 */
struct jsonw *journal_begin(struct journal *journal, enum journal_priority priority,
			    const char *event, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
int journal_end(struct journal *journal);

/* Both in one, for an event without further members. */
int journal_event(struct journal *journal, enum journal_priority priority, const char *event,
		  const char *format, ...) __attribute__((format(printf, 4, 5)));
