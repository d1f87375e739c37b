/* SPDX-License-Identifier: Apache-2.0 */
/* The host's memory in bytes, from /proc/meminfo (Documentation/filesystems/proc.rst). */
#pragma once

#include <stdint.h>

#define HOST_MEMORY_UNKNOWN UINT64_MAX

/* HOST_MEMORY_UNKNOWN where the kernel does not tell (MemAvailable came with 3.14). */
struct host_memory {
	uint64_t total, available, free, swap_total, swap_free;
};

/* `procfd` is an fd of /proc. Hot path: no allocation. A negative errno when it cannot be read. */
int host_memory_read(int procfd, struct host_memory *out);
