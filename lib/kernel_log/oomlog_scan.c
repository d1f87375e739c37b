/* SPDX-License-Identifier: Apache-2.0 */
#include "oomlog_scan.h"

#include <stdbool.h>
#include <string.h>

#define WINDOW 19 /* bytes of each word that are looked at: the length of the shortest */

/*
 * Long words let the window jump far. A line that begins with none of them stands beside one that
 * does: "memory: usage" before the stats, "Killed process" of old kernels behind "Kill process".
 */
static const char *const words[] = {
    "invoked oom-killer:",	   "oom-kill:constraint=",
    "killed as a result of limit", "of memory: Killed process ",
    "of memory: Kill process ",	   "of memory: kill process ",
    "Memory cgroup stats for",	   "uid  tgid total_vm      rss",
    "and no killable process",	   "to be killed due to memory.oom.group",
    "oom-killer: gfp_mask=0x", /* "X invoked" stands on the line before */
};

static unsigned slot_of(const char *at)
{
	return ((unsigned char)at[0] | (unsigned)(unsigned char)at[1] << 6) & (SCAN_TABLE - 1);
}

void oomlog_scan_init(struct oomlog_scan *scan)
{
	memset(scan->jump, WINDOW - 1, sizeof(scan->jump));
	for (size_t w = 0; w < sizeof(words) / sizeof(words[0]); w++) {
		for (size_t i = 0; i + 2 <= WINDOW; i++) {
			uint8_t *jump = &scan->jump[slot_of(words[w] + i)];

			if (*jump > WINDOW - 2 - i)
				*jump = (uint8_t)(WINDOW - 2 - i);
		}
	}
}

static bool is_word(const char *at, size_t len)
{
	for (size_t w = 0; w < sizeof(words) / sizeof(words[0]); w++) {
		size_t word_len = strlen(words[w]);

		if (at[0] == words[w][0] && at[1] == words[w][1] && len >= word_len &&
		    !memcmp(at, words[w], word_len))
			return true;
	}
	return false;
}

const char *oomlog_scan_find(const struct oomlog_scan *scan, const char *text, size_t len)
{
	size_t at = 0;

	while (at + WINDOW <= len) {
		uint8_t jump = scan->jump[slot_of(text + at + WINDOW - 2)];

		if (jump) {
			at += jump;
			continue;
		}
		if (is_word(text + at, len - at))
			return text + at;
		at++;
	}
	return NULL;
}
