/* SPDX-License-Identifier: Apache-2.0 */
#include "disabled.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include "config.h"
#include "state.h"

static bool is_there(int dirfd, const char *file)
{
	struct stat st;

	return fstatat(dirfd, file, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

bool disabled_at(const char *host_file, int state_root)
{
	return (host_file && is_there(AT_FDCWD, host_file)) ||
	       (state_root >= 0 && is_there(state_root, DISABLED_NAME));
}

bool disabled_by(const struct state_root *root, char file[static PATH_MAX])
{
	int len;

	snprintf(file, PATH_MAX, "%s", OOMGUARD_DISABLED_FILE);
	if (is_there(AT_FDCWD, file))
		return true;
	len = root->path ? snprintf(file, PATH_MAX, "%s/%s", root->path, DISABLED_NAME) : 0;
	if (len > 0 && len < PATH_MAX && is_there(AT_FDCWD, file))
		return true;
	file[0] = '\0';
	return false;
}

bool disabled(const char *state_root, char file[static PATH_MAX])
{
	struct state_root paths;
	bool is;

	/* Its failure leaves no paths: then only the host's file is looked at. */
	state_root_paths(state_root, &paths, NULL);
	is = disabled_by(&paths, file);
	state_root_close(&paths);
	return is;
}
