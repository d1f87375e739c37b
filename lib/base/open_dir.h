/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <dirent.h>

/*
 * The entries of a directory that is held open, from the first on; dirfd's own position stays, and
 * dirfd stays the caller's. NULL, and errno says why.
 */
DIR *open_dir(int dirfd);
