/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the numbers in one line of the kernel's OOM report mean. Source: mm/oom_kill.c (dump_header,
 * dump_task, __oom_kill_process) and mm/memcontrol.c (mem_cgroup_print_oom_meminfo). Pure.
 */
#pragma once

#include <stddef.h>

#define KERNEL_NOTES_MAX 12

struct kernel_note {
	size_t at, len; /* the number in the line; len 0: of the whole line */
	char text[192]; /* "60 MiB: anonymous memory it held"; hostile where it quotes the line */
};

/* In the order of the line. Returns how many there are, 0 where nothing needs words. */
size_t kernel_notes(const char *line, struct kernel_note notes[static KERNEL_NOTES_MAX]);
