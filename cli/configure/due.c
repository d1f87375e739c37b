/* SPDX-License-Identifier: Apache-2.0 */
#include "due.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "clock.h"
#include "read_all.h"
#include "restart.h"
#include "write_all.h"

#define TEXT_MAX 64

static char *due_path(const char *root, const char *unit)
{
	char *out;

	return asprintf(&out, "%s.%s.due", root, unit) < 0 ? NULL : out;
}

int due_note(const char *root, const char *unit, struct error *err)
{
	const int flags = O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC;
	cleanup_free char *path = due_path(root, unit);
	cleanup_close int fd = -1;
	char text[TEXT_MAX];
	int r;

	if (!path)
		return error_set(err, ENOMEM, "cannot note that %s needs it", unit);
	snprintf(text, sizeof(text), "%" PRIu64 "\n", clock_us(CLOCK_MONOTONIC));
	fd = open(path, flags, 0600);
	r = fd < 0 ? -errno : write_all(fd, text, strlen(text));
	return r < 0 ? error_set(err, -r, "cannot write %s", path) : 0;
}

bool due_is(const char *root, const char *unit)
{
	cleanup_free char *path = due_path(root, unit), *text = NULL;
	uint64_t noted, active;
	size_t len;

	if (!path || read_all_at(AT_FDCWD, path, TEXT_MAX, &text, &len) < 0)
		return false;
	noted = strtoull(text, NULL, 10);
	/* What cannot be told counts as due. */
	return restart_active_since(unit, &active) < 0 || active < noted;
}

void due_done(const char *root, const char *unit)
{
	cleanup_free char *path = due_path(root, unit);

	if (path)
		unlink(path);
}
