/* SPDX-License-Identifier: Apache-2.0 */
#include "slots.h"

#include <errno.h>
#include <stdio.h>

#include "cleanup.h"

int slot_take(const struct state_root *root, unsigned count)
{
	cleanup_close int slots = state_subdir_open(root->dirfd, "slots", true, NULL);

	if (slots < 0)
		return slots;
	for (unsigned i = 0; i < count; i++) {
		char name[16];
		int fd;

		snprintf(name, sizeof(name), "%u", i);
		fd = state_lock(slots, name, 0);
		if (fd != -EWOULDBLOCK)
			return fd;
	}
	return -EWOULDBLOCK;
}
