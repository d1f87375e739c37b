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

bool disabled(const char *state_root, char file[static PATH_MAX])
{
	struct state_root paths;
	int len;

	snprintf(file, PATH_MAX, "%s", OOMGUARD_DISABLED_FILE);
	if (is_there(AT_FDCWD, file))
		return true;
	file[0] = '\0';
	if (state_root_paths(state_root, &paths, NULL) < 0)
		return false;
	len = snprintf(file, PATH_MAX, "%s/%s", paths.path, DISABLED_NAME);
	state_root_close(&paths);
	if (len > 0 && len < PATH_MAX && is_there(AT_FDCWD, file))
		return true;
	file[0] = '\0';
	return false;
}
