/* SPDX-License-Identifier: Apache-2.0 */
/* A file of somebody else is exchanged for a new one of the same name, owner and rights. */
#pragma once

#include <stddef.h>
#include <sys/stat.h>

/*
 * Temporary file beside it, fsync, rename: a reader sees the old or the new one, also after a power
 * cut. `old_fd` is the file that goes, `old` its stat: the new one gets its owner, mode, access
 * control list and attributes. -EPERM when the owner cannot be set. The temporary name is never one
 * that is there.
 */
int replace_file(int dirfd, const char *name, const char *text, size_t len, int old_fd,
		 const struct stat *old);
