/* SPDX-License-Identifier: Apache-2.0 */
/* The last line of a container's journal, without reading the rest of it. */
#pragma once

#include <stddef.h>

/*
 * "11:30:18 gave-up: 3 of 3 restarts are used up" (UTC), hostile text. -ENOENT when there is no
 * journal, -ENODATA when its end is no event of ours.
 */
int last_event_read(int container_dirfd, char *buf, size_t cap);
