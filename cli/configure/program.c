/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cleanup.h"
#include "configure.h"

char *configure_path(const struct configure *want, const char *path)
{
	char *out;

	return asprintf(&out, "%s%s", want->prefix, path) < 0 ? NULL : out;
}

int configure_need_program(const struct configure *want, const char *path, struct error *err)
{
	cleanup_free char *there = configure_path(want, path);
	struct stat st;
	int r;

	/* What is taken back needs nothing. */
	if (want->remove)
		return 0;
	if (!there)
		return error_set(err, ENOMEM, "cannot name %s", path);
	if (stat(there, &st) == 0 && S_ISREG(st.st_mode) && (st.st_mode & 0111))
		return 0;
	r = error_say(err, ENOENT, "%s is no program: nothing is registered", there);
	return error_hint(err, r,
			  "install oomguard first: an engine that cannot run it would "
			  "start no container");
}

void outcome_free(struct outcome *outcome)
{
	changes_free(&outcome->changes);
	free(take_ptr(outcome->by_hand));
	free(take_ptr(outcome->note));
}
