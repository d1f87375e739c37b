/* SPDX-License-Identifier: Apache-2.0 */
#include "drop_in.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "hash.h"

#define MARK "# Written by `oomguard configure"

static char *make_text(const char *engine, const char *lines)
{
	char *text;
	int r = asprintf(&text, MARK " %s`, sum %016" PRIx64 ".\n%s", engine,
			 hash_string(HASH_START, lines), lines);

	return r < 0 ? NULL : text;
}

bool drop_in_is_ours(const char *text)
{
	return !strncmp(text, MARK, sizeof(MARK) - 1);
}

static bool is_untouched(const char *engine, const char *text, size_t len)
{
	const char *lines = memchr(text, '\n', len);
	cleanup_free char *made = lines ? make_text(engine, lines + 1) : NULL;

	return made && strlen(made) == len && !memcmp(made, text, len);
}

/*
 * What is there goes, whoever edited it: a path that is left would keep containers from starting
 * once the program is gone.
 */
static int look_at(struct changes *changes, const char *path, const char *engine, struct error *err)
{
	cleanup_free char *text = NULL;
	size_t len;
	int r = change_read(path, &text, &len, err);

	if (r < 0 || !text || is_untouched(engine, text, len))
		return r;
	if (drop_in_is_ours(text))
		return change_plan_edited(changes, path, text, len, err);
	r = error_say(err, EEXIST, "%s is there, and is not oomguard's", path);
	return error_hint(err, r, "move it away");
}

int drop_in_plan(struct changes *changes, const char *path, const char *engine, const char *lines,
		 struct error *err)
{
	char *text = NULL;
	int r = look_at(changes, path, engine, err);

	if (r < 0)
		return r;
	if (lines && !(text = make_text(engine, lines)))
		return error_set(err, ENOMEM, "cannot make %s", path);
	return change_plan(changes, path, text, text ? strlen(text) : 0, NULL, err);
}
