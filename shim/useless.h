/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Would the next incarnation end as this one did? Asked when all processes of the old one are gone.
 * Only what is certain counts: memory that nobody can take back (anonymous and shared memory that
 * no swap has room for), and a limit under which the runtime's own init was never seen to start.
 * A doubt is a restart; the restart budget is the brake then.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "memcg.h"

/* This share of the container's limit in files of tmpfs that outlived it. */
#define USELESS_OUTLIVING_PERCENT 90
/*
 * The smallest limits at which a container with /bin/sleep was ever started, measured: runc 1.1.5
 * failed 3 times of 3 at 2171 KiB and 2 of 3 at 2235, crun 1.8.1 failed 3 of 3 at 191 KiB and did
 * not at 255.
 */
#define USELESS_RUNC_BYTES (2 * 1024 * 1024)
#define USELESS_CRUN_BYTES (192 * 1024)

struct useless_level {
	uint64_t held; /* bytes that cannot be taken back: anonymous and shared memory */
	uint64_t shmem;
	uint64_t limit;	    /* MEMCG_NO_LIMIT: none */
	uint64_t swap_room; /* bytes of it that swap could take */
};

struct useless_facts {
	bool has_own; /* the old incarnation's cgroup stands */
	struct useless_level own;
	size_t ancestors_len;
	struct useless_level ancestors[MEMCG_ANCESTORS_MAX]; /* nearest first */
	const char *runtime;				     /* base name: "runc" */
	uint64_t init_bytes;				     /* what its init needs; 0: unknown */
};

/* The reason in words, in `buf`; NULL: it may help. Pure. */
const char *restart_useless(const struct useless_facts *facts, char *buf, size_t cap);

/* Reads the facts. `runtime` is the path of the program that will be run. No allocation. */
void useless_read(const struct memcg *memcg, const struct memcg_ancestors *ancestors, int procfd,
		  const char *runtime, struct useless_facts *out);
