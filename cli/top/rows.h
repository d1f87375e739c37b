/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What `oomguard top` knows of each container: gathered here, laid out by layout.h, drawn by
 * screen.h. A row holds no open file and no pointer into anything: it can be made by hand.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common.h"
#include "memcg.h"
#include "state.h"

#define TOP_NAME_MAX 512
#define TOP_NO_PRESSURE -1

struct top_row {
	char key[STATE_KEY_MAX];
	char id[256];
	char name[TOP_NAME_MAX]; /* "namespace/pod/container", else the id; hostile, as all texts */
	char profile[64];
	char last_event[256];
	const char *state; /* a word of view_states */
	enum cli_color color;
	bool has_usage;
	uint64_t usage, working_set; /* bytes */
	uint64_t limit;		     /* MEMCG_NO_LIMIT: none */
	/* Share of the last 10 s in which some task waited for memory, in hundredths of a percent
	 * (memory.pressure "some avg10", v2). */
	int pressure;
	/* oom_score_adj of the init, and the highest of the other processes. */
	bool has_init_score, has_workload_score;
	int init_score, workload_score;
	bool restartable;
	unsigned restarts_left, restart_max;
	uint64_t oom_kills; /* of earlier incarnations too */
};

struct top_rows {
	struct top_row *items;
	size_t len;
};

enum top_sort {
	TOP_BY_MEMORY, /* the working set's share of the limit; what follows is by bytes */
	TOP_BY_USAGE,
	TOP_BY_PRESSURE,
	TOP_BY_KILLS,
	TOP_BY_LEFT,  /* the fewest restarts first */
	TOP_BY_STATE, /* the worst first */
	TOP_BY_NAME,
	TOP_SORTS
};

/* Reads all containers. A negative errno; -ENOENT: there is no state root yet, and no row. */
int top_rows_load(const char *root, struct top_rows *out, struct error *err);
void top_rows_free(struct top_rows *rows);

/* Largest, worst or first by name on top; rows that are alike by name and key. */
void top_rows_sort(struct top_rows *rows, enum top_sort sort);
const char *top_sort_name(enum top_sort sort);
/* The working set's share of the limit in thousandths; 0 without one. */
unsigned top_share(const struct top_row *row);

/* "some avg10=1.50 avg60=…" in hundredths of a percent. TOP_NO_PRESSURE when it is not there. */
int top_pressure_parse(const char *text);

/* For cli_json(); the context is a struct top_rows. */
void top_rows_json(struct jsonw *w, const void *rows);
