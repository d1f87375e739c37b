/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who was killed and whose limit it was: from the kernel's log where it is readable, else from the
 * counters and the difference of process lists. No allocation after evidence_open().
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "decide.h"
#include "incident.h"
#include "kernel_report.h"
#include "kmsg.h"
#include "memcg.h"
#include "scene.h"

struct evidence {
	const struct memcg *memcg; /* borrowed */
	struct memcg_ancestors ancestors;
	int parent_event; /* v1: tells an OOM at the parent's limit or above it; -1 none */
	int procfd;
	int kmsg;		 /* -1: not readable */
	bool pids_are_host_pids; /* the kernel log's pids are ours: we are in the first pid
				    namespace */
	pid_t init;
	pid_t *pids; /* scratch of the guard */
	size_t pids_cap;
	/* The processes as they were at the wake-up, before the kill is counted; borrowed. */
	struct scene *scene;
	/* What the kernel's log said last, so that its lines belong together. */
	struct kmsg_line summary;
	bool summary_ours;
	struct report report; /* its lines on their way into the scene */
	/* A process that began later is younger than the kill. */
	uint64_t young_ticks;
	/* Found in this event. */
	enum limit_owner limit;
	char limit_cgroup[256];
	bool group;
	bool by_cgroup; /* the log tells that a cgroup ran out, not the host */
	bool init_is_victim;
	uint64_t victims; /* found, also those there was no room for */
};

/* Opens the kernel's log, which holds what comes from then on. */
void evidence_listen(struct evidence *evidence);
/* After evidence_listen(). */
int evidence_open(struct evidence *evidence, const struct memcg *memcg,
		  const struct cgroup_mounts *mounts, int procfd, pid_t init, pid_t *pids,
		  size_t pids_cap, struct scene *scene, struct error *err);

/* What evidence_open() opened; the log stays open. */
void evidence_close(struct evidence *evidence);

/* The event was accounted for, or nothing came of it: ancestors are counted from here on. */
void evidence_rebase(struct evidence *evidence);

/* Forgets the last event. */
void evidence_start(struct evidence *evidence);
/* Reads what is new in the kernel's log; adds victims to the incident. */
void evidence_read_log(struct evidence *evidence, struct incident *incident);
/* Names as victims what is gone from the list, at most `kills`; only if the log named none. */
void evidence_compare(struct evidence *evidence, struct incident *incident, uint64_t kills);
/* Whose limit: the log's word, else by the counters. Sets the incident's basis and limit_cgroup. */
enum limit_owner evidence_limit(const struct evidence *evidence, struct incident *incident);
/* How the init is now, seen from this event. */
enum init_end evidence_init(const struct evidence *evidence, int init_pidfd, uint64_t kills);
/* True when a process of the first victim's name, and parent where that was seen, runs that began
 * about the kill or later. */
bool evidence_healed(const struct evidence *evidence, const struct incident *incident);
