/* SPDX-License-Identifier: Apache-2.0 */
/* Reads a container's journal line by line, from its beginning and across rotations. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "journal.h"
#include "json.h"
#include "state.h"

struct event_source {
	char key[STATE_KEY_MAX];
	int dirfd; /* containers/KEY, owned */
	int fd;	   /* the file that is being read, -1: none yet */
	dev_t device;
	ino_t inode;
	size_t used;
	bool skipping; /* within a line that is too long to be ours */
	char buf[JOURNAL_LINE_MAX + 1];
};

/* One event; the text ends without a newline. Both are borrowed. */
typedef void event_visit(const struct json *event, const char *line, void *context);

/* -ENOENT when the container is gone. */
int event_source_open(struct event_source *source, const struct state_root *root, const char *key);
void event_source_close(struct event_source *source);

/*
 * Hands on all lines that are new since the last call, in order; at first the rotated file, then
 * the current one. A line that is not an event of ours is passed over, and so is an unfinished one
 * until it is finished. A container that is gone meanwhile is read to its end.
 */
void event_source_read(struct event_source *source, event_visit *visit, void *context);
