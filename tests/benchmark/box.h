/* SPDX-License-Identifier: Apache-2.0 */
/* A memory cgroup full of sleeping processes, for the benchmarks that go through all of them. */
#pragma once

#include <stddef.h>
#include <sys/types.h>

#include "memcg.h"

#define BOX_PROCESSES_MAX 16384

struct box {
	struct cgroup_mounts mounts;
	struct memcg memcg;
	char dir[512];
	pid_t child[BOX_PROCESSES_MAX];
	size_t len;
};

/* The cgroup's fd, or -1 where none can be had. */
int make_box(struct box *box, int procfd);
/* 0, or -1 when so many processes cannot be had. */
int fill_box(struct box *box, size_t count);
void remove_box(struct box *box);
