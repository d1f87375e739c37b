/* SPDX-License-Identifier: Apache-2.0 */
/* A file of somebody else is exchanged for a new one of the same name, owner and mode. */
#pragma once

#include <stddef.h>
#include <sys/stat.h>

/*
 * Temporary file beside it, fsync, rename: a reader sees the old or the new one, also after a power
 * cut. `old` is the stat of the file that goes. -EPERM when the owner cannot be set. The temporary
 * name is never one that is there.
 */
int replace_file(int dirfd, const char *name, const char *text, size_t len, const struct stat *old);
