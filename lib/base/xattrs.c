/* SPDX-License-Identifier: Apache-2.0 */
#include "xattrs.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>

#include "cleanup.h"

#define ACL "system.posix_acl_access"

static bool holds_for_content(const char *name)
{
	return !strcmp(name, "security.ima") || !strcmp(name, "security.evm") ||
	       !strcmp(name, "security.capability");
}

/* Of those of users, and of access control lists, every one counts. */
static bool must_be_set(const char *name)
{
	return !strncmp(name, "user.", 5) || !strncmp(name, "system.", 7);
}

/* A label that the new file has by itself is not set again: to set it takes a right of its own. */
static bool has_value(int fd, const char *name, const char *value, size_t len)
{
	cleanup_free char *there = malloc(len + 1);

	return there && fgetxattr(fd, name, there, len + 1) == (ssize_t)len &&
	       !memcmp(there, value, len);
}

static int copy_one(int from, int to, const char *name)
{
	ssize_t len = fgetxattr(from, name, NULL, 0);
	cleanup_free char *value = len < 0 ? NULL : malloc((size_t)len + 1);

	if (len < 0)
		return -errno;
	if (!value)
		return -ENOMEM;
	len = fgetxattr(from, name, value, (size_t)len);
	if (len < 0)
		return -errno;
	if (has_value(to, name, value, (size_t)len))
		return 0;
	return fsetxattr(to, name, value, (size_t)len, 0) < 0 ? -errno : 0;
}

static bool is_missing(int error)
{
	return error == ENODATA || error == EOPNOTSUPP || error == ENOSYS;
}

int xattrs_copy(int from, int to)
{
	cleanup_free char *names = NULL;
	ssize_t len;

	if (fremovexattr(to, ACL) < 0 && !is_missing(errno))
		return -errno;
	len = flistxattr(from, NULL, 0);
	if (len <= 0)
		return len < 0 && !is_missing(errno) ? -errno : 0;
	names = malloc((size_t)len);
	if (!names)
		return -ENOMEM;
	len = flistxattr(from, names, (size_t)len);
	if (len < 0)
		return -errno;
	for (const char *name = names; name < names + len; name += strlen(name) + 1) {
		int r = holds_for_content(name) ? 0 : copy_one(from, to, name);

		if (r < 0 && must_be_set(name))
			return r;
	}
	return 0;
}
