/* SPDX-License-Identifier: Apache-2.0 */
/* Files before and after: planned, shown as a difference, written. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/types.h>

#include "error.h"

#define CHANGES_MAX 64
#define CHANGE_FILE_MAX_BYTES (4 * 1024 * 1024)
#define CHANGE_BACKUP_SUFFIX ".before-oomguard"
#define CHANGE_EDITED_SUFFIX ".edited-by-hand"

struct change {
	char *path;	      /* of the file itself, not of a link to it, unless that goes */
	char *before, *after; /* NULL: is not, shall not be there */
	size_t before_len, after_len;
	uid_t uid;
	gid_t gid;
	mode_t mode;
	char *backup;	   /* what was there without us, to be kept; NULL: nothing is */
	char *backup_path; /* NULL with `backup` */
};

struct changes {
	/*
	 * Where copies are kept, owned; NULL: beside each file. To be set where the engine reads
	 * all that lies in the file's directory.
	 */
	char *copies_dir;
	struct change items[CHANGES_MAX];
	size_t len;
};

/*
 * Reads a file of bounded size: *text is owned and NUL-terminated, or NULL where there is no file.
 * -EINVAL for what is no regular file.
 */
int change_read(const char *path, char **text, size_t *len, struct error *err);

/*
 * Plans that `path` shall hold `after` (owned by the call in any case; NULL: shall not be there).
 * Plans nothing where that is so already. Of an existing file owner and mode are kept, a new one is
 * root's and 0644. `backup`, where it is not NULL, is kept as a copy.
 */
int change_plan(struct changes *changes, const char *path, char *after, size_t after_len,
		const char *backup, struct error *err);

/* As change_plan(), for what is taken back: a copy that says the same as `after` goes too. */
int change_plan_back(struct changes *changes, const char *path, char *after, size_t after_len,
		     struct error *err);

/*
 * Plans a copy of `text`, which the file holds and somebody has changed since we wrote it: what was
 * done by hand is not lost with what is ours. It has the file's owner and mode.
 */
int change_plan_edited(struct changes *changes, const char *path, const char *text, size_t len,
		       struct error *err);

/* The copy of `path` that was kept by change_plan(); *text is owned, NULL where there is none. */
int change_read_backup(const struct changes *changes, const char *path, char **text, size_t *len,
		       struct error *err);

/* A unified difference of all of it. */
void changes_print(const struct changes *changes, FILE *to);

/*
 * Does it: backup, temporary file beside the old one, fsync, rename. Stops at the first failure;
 * what was done before it stays, and doing the same again goes on.
 */
int changes_apply(const struct changes *changes, struct error *err);

/* "create", "change" or "remove". */
const char *change_word(const struct change *change);

/* It is the copy of a file that was edited by hand. */
bool change_is_edited_copy(const struct change *change);

void changes_free(struct changes *changes);
