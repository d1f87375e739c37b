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

int outcome_leave(struct outcome *outcome, struct error *err)
{
	size_t len = outcome->left_len;
	struct error *items = reallocarray(outcome->left, len + 1, sizeof(*items));

	if (!items)
		return error_set(err, ENOMEM, "cannot tell what is left");
	items[len] = *err;
	outcome->left = items;
	outcome->left_len++;
	return 0;
}

void outcome_free(struct outcome *outcome)
{
	changes_free(&outcome->changes);
	free(take_ptr(outcome->by_hand));
	free(take_ptr(outcome->note));
	free(take_ptr(outcome->left));
	outcome->left_len = 0;
}
