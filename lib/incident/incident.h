/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The record of one OOM: a JSON file of its own (schema/incident.schema.json) that survives the
 * container. Written when the action is done, rewritten when later kills of the same storm are
 * counted. Temporary file, fsync, rename; 0600.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "error.h"
#include "json.h"
#include "memcg.h"
#include "policy.h"
#include "scene.h"

#define INCIDENT_VERSION 1
#define INCIDENT_VICTIMS_MAX 32
#define INCIDENT_LEFT_MAX 16
#define INCIDENT_ACTIONS_MAX 16
#define INCIDENT_BUFFER_BYTES (16 * 1024)
/* More than the largest record: SCENE_PROCESSES_MAX processes with long command lines. */
#define INCIDENT_MAX_BYTES (32 * 1024 * 1024)
#define INCIDENT_ID_MAX 255 /* bytes: a runtime uses the id as a file name, which is no longer */
#define INCIDENTS_PER_CONTAINER 32 /* oldest out first */
#define INCIDENTS_TOTAL 1024
#define INCIDENTS_PER_CONTAINER_BYTES (64 * 1024 * 1024) /* the newest one stays in any case */
#define INCIDENTS_TOTAL_BYTES (256 * 1024 * 1024)

enum victim_source { VICTIM_KMSG, VICTIM_PROCESS_LIST };

struct incident_victim {
	pid_t pid;
	char comm[64];
	uint64_t rss_bytes; /* 0: unknown */
	bool is_init;
	enum victim_source source;
};

/* A process that could not be killed, or that sleeps. */
struct incident_left {
	pid_t pid;
	char comm[64];
	char state;
	char wchan[64];
};

/* How we know which slot it was. */
enum incident_basis { BASIS_KMSG, BASIS_COUNTERS, BASIS_NOTHING };

/* What the record is of. */
enum incident_kind { INCIDENT_OOM, INCIDENT_STALL, INCIDENT_NEAR_LIMIT };

/* One rung of onStall.ladder that was tried. */
struct incident_rung {
	enum ladder_rung rung;
	bool helped; /* verified */
	uint64_t took_us;
	char detail[160];
};

/* One thing that was done, in order. */
struct incident_action {
	char action[24]; /* "signal-init", "kill", "restart", a rung of onStall.ladder, … */
	char result[24]; /* "done", "failed", "helped", "no-help", … */
	uint64_t at_us;	 /* from the wake-up on */
	char detail[160];
};

struct incident {
	enum incident_kind kind;
	char name[96];			 /* file name without ".json": UTC time, id, number */
	uint64_t time_ms;		 /* CLOCK_REALTIME of the wake-up */
	uint64_t start_us;		 /* CLOCK_MONOTONIC of it */
	const struct identity *identity; /* borrowed */
	const char *profile_name;
	enum oom_slot slot;
	enum incident_basis basis;
	char limit_cgroup[256]; /* whose limit was hit; "" unknown */
	uint64_t armed_ms; /* CLOCK_REALTIME when the watch was armed; 0: unknown */
	struct memcg_counters armed, before, after;
	uint64_t kills;		  /* counted by the kernel in this incident */
	struct memcg_usage usage; /* at the wake-up */
	struct incident_victim victims[INCIDENT_VICTIMS_MAX];
	size_t victims_len;
	uint64_t victims_more;	  /* known by name, no room */
	enum policy_action asked; /* what onOom says */
	char decision[24];	  /* what was decided: "report", "kill", "restart", "give-up" */
	char reason[192];	  /* why, in words */
	/* Times from the wake-up on; 0: did not happen. */
	uint64_t decided_us, acted_us, empty_ms;
	unsigned killed; /* processes we signalled */
	struct incident_left left[INCIDENT_LEFT_MAX];
	size_t left_len;
	/* INCIDENT_STALL: what kind, what was tried, and who slept in the kernel when it was seen.
	 */
	const char *stall; /* a word of stall.h; NULL: no stall */
	struct incident_rung rungs[POLICY_RUNGS_MAX];
	size_t rungs_len;
	struct incident_left sleepers[INCIDENT_LEFT_MAX];
	size_t sleepers_len;
	uint64_t sleepers_more;
	unsigned restart_number; /* of the budget, 0: no restart */
	uint64_t backoff_ms;
	char result[24];   /* "reported", "killed", "restarted", "restart-failed", "gave-up",
			      "kill-incomplete", "cancelled", "pending" */
	/* The restart budget; the policy restarts nothing when `may_restart` is false. */
	bool may_restart;
	unsigned restarts_used, restarts_max;
	uint64_t restarts_within_ms;
	const struct scene *scene; /* borrowed; NULL: nothing was read */
	/* Last, and not touched before something was done. The first ones are kept. */
	size_t actions_len;
	struct incident_action actions[INCIDENT_ACTIONS_MAX];
};

/* Adds one action that was done at `now_us` (CLOCK_MONOTONIC). No allocation. */
void incident_act(struct incident *incident, uint64_t now_us, const char *action,
		  const char *result, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

/* Fills in `name` from time and id, and reserves it in the directory by an empty file. */
void incident_name(struct incident *incident, int incidents_dirfd);
/* Writes incidents_dirfd/NAME.json through the caller's buffer, of whatever size. Hot path: no
 * allocation. A full disk is -ENOSPC, and leaves the record that was there before. */
int incident_write(const struct incident *incident, int incidents_dirfd, char *buf, size_t cap);
/* Removes the oldest beyond the bounds; `id` is the container's. */
void incidents_prune(int incidents_dirfd, const char *id);
/* Opens the directory, made 0700 with its parents where missing (state_dir_open()). */
int incidents_open(const char *path, bool create, struct error *err);
/* Calls visit for the file name of every record, oldest first, without reading it: it may be one
 * that was only reserved. Stops when visit returns non-zero, and returns that. */
int incidents_names(int incidents_dirfd, int (*visit)(const char *name, void *context),
		    void *context);
/* Reads one record by its file name, which must outlive *out. As state_json_read(). */
int incident_read(int incidents_dirfd, const char *name, struct json **out, struct error *err);
/* Calls visit for every readable record, oldest first. Stops when visit returns non-zero, and
 * returns that. An id longer than INCIDENT_ID_MAX was recorded cut, and is compared so. */
int incidents_each(int incidents_dirfd, const char *id_or_null,
		   int (*visit)(const char *name, const struct json *record, void *context),
		   void *context);
const char *incident_basis_name(enum incident_basis basis);
