/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A closer look at one process: smaps_rollup and smaps (Documentation/filesystems/proc.rst). Both
 * wait for the process's mmap_lock, which a process in trouble may hold for ever: only to be read
 * by a child that can be given up (slow.h).
 */
#pragma once

#include "scene.h"

/*
 * Fills in all but pid and comm. Heaps of glibc's malloc (arena.c, HEAP_MAX_SIZE) are told by their
 * place: they begin at a multiple of 64 MiB, and what is not used of it follows as PROT_NONE. Go
 * reserves its heap in the same way, but below 1 TiB, where mmap() puts nothing by itself.
 */
void detail_read(int procfd, pid_t pid, struct scene_detail *out);
