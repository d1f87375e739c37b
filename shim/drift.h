/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Somebody rewrote what the hook had set: put it back, or respect it? Facts in, verdict out.
 * tests/unit/test_drift.c is its table.
 *
 * Respected is only a change of limit or swap that the runtime's own `update` made. How that is
 * told:
 * - runc writes <root>/<id>/state.json anew some milliseconds after the cgroup's files: a change
 *   with such a rewriting at most DRIFT_NEAR_MS away is an update. One that only brought swap back
 *   to what it was before the hook, with the limit as it was, is none: an update of something else
 *   rewrites all that the runtime knows.
 * - crun's `update` writes the cgroup's files and nothing else. With it (no state.json) a new limit
 *   is an update, and so is a new swap at most DRIFT_NEAR_MS away from a new limit. A limit that is
 *   again what it was before the hook is none: systemd writes its unit's values again when it is
 *   reloaded. Swap alone cannot be told from anybody's writing; it is put back.
 * The OOM killer's switches, swappiness and scores are never respected.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define DRIFT_NEAR_MS 2000
#define DRIFT_PUT_BACK_MAX 5 /* within DRIFT_WINDOW_MS, for one file */
#define DRIFT_WINDOW_MS (10 * 60 * 1000)

enum drift_kind {
	DRIFT_OOM_KILLER,
	DRIFT_OOM_GROUP,
	DRIFT_LIMIT,
	DRIFT_SWAP,
	DRIFT_SWAPPINESS,
	DRIFT_SCORE
};

struct drift_facts {
	enum drift_kind kind;
	bool differs;	    /* another value than ours is there */
	bool as_before;	    /* the one that was there before the hook */
	bool limit_changed; /* the container's limit too, at most DRIFT_NEAR_MS ago */
	bool runtime_tells; /* the runtime keeps a state.json */
	bool runtime_wrote; /* and wrote it anew at most DRIFT_NEAR_MS away */
	uint64_t since_ms;  /* how long it has been known to differ */
	bool in_use;	    /* more than our limit is in use: v2 would kill at once */
	unsigned put_back;  /* how often within the window */
};

enum drift_verdict {
	DRIFT_NONE,
	DRIFT_WAIT, /* an update may show yet: look again at DRIFT_NEAR_MS */
	DRIFT_PUT_BACK,
	DRIFT_RESPECT,	/* it is the value to keep from now on */
	DRIFT_IN_USE,	/* cannot be put back now */
	DRIFT_TOO_OFTEN /* left as it is, for good */
};

enum drift_verdict drift_judge(const struct drift_facts *facts);

/* The verdict in words, for the event. */
const char *drift_reason(enum drift_verdict verdict, const struct drift_facts *facts);
