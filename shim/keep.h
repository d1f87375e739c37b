/* SPDX-License-Identifier: Apache-2.0 */
/*
 * settings.keep: what the hook set in the container's memory cgroup stays as it was set. inotify
 * tells of a write to one of the files, and they are read again after every OOM and, at most once a
 * second, when something else wakes the shim. Values are compared, not events, so that our own
 * writes mean nothing. The verdict is drift.h's.
 *
 * kernfs tells inotify of writes that succeeded and of no others; measured on 6.18 (v1).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "drift.h"
#include "memcg.h"
#include "plan.h"
#include "settings.h"
#include "watch.h"

#define KEEP_FILES_MAX 5

struct kept {
	const char *key; /* SETTING_… */
	char file[64];
	enum drift_kind kind;
	uint64_t ours;	   /* the value that is kept; MEMCG_NO_LIMIT: none */
	uint64_t before;   /* what was there before the hook */
	int wd;		   /* of inotify, -1: not watched */
	uint64_t since_ms; /* seen to differ, no verdict yet; 0: it does not */
	unsigned put_back_len;
	uint64_t put_back_ms[DRIFT_PUT_BACK_MAX];
	bool left;	  /* it is no longer put back */
	bool told_in_use; /* said once */
};

struct keep {
	const struct memcg *memcg; /* borrowed */
	struct watch *watch;	   /* borrowed; NULL: nothing tells of writes */
	size_t len;		   /* 0: nothing is kept */
	struct kept item[KEEP_FILES_MAX];
	char *state_file; /* the runtime's <root>/<id>/state.json, whether or not there is one;
			     owned */
	struct keep_mark {
		ino_t inode;
		struct timespec written;
	} mark;			   /* of state_file when all was as it should be */
	uint64_t limit;		   /* of the container when last seen */
	uint64_t limit_changed_ms; /* 0: never */
	uint64_t next_ms;	   /* an update may show until then; 0: nothing is waited for */
	uint64_t looked_ms;
	uint64_t told_from_ms; /* how often inotify told, since when */
	unsigned told;
};

/* All times are CLOCK_MONOTONIC, in milliseconds. */

/* Picks what the hook set, out of the plan's results; the plan's settings may be freed then. */
int keep_open(struct keep *keep, const struct plan *plan, const struct profile *profile,
	      const struct memcg *memcg, struct error *err);
/* Has inotify tell. Negative errno: changes are only seen when something else wakes us. */
int keep_watch(struct keep *keep, struct watch *watch);
/* For tests: what a shim holds goes with it. */
void keep_close(struct keep *keep);

/* How long the loop may sleep because of this: -1 for ever. */
int keep_timeout_ms(const struct keep *keep, uint64_t now_ms);

/*
 * Looks if it is time or if inotify `told`, and puts back what is to be put back.
 * True when *out has something to tell. No allocation.
 */
bool keep_look(struct keep *keep, bool told, uint64_t now_ms, struct settings_results *out);
