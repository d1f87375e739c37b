/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Puts into a config.json what oomguard wants there, and leaves all else byte for byte as it was:
 * hooks, memory settings that the runtime itself should know, oomguard-init. Pure.
 *
 * Done twice it is the same as once: a hook of ours is known by the base name of its path and its
 * stage, the init by the base name of the first word, its mount by the destination.
 *
 * Sources: runtime-spec config.md "POSIX-platform Hooks", "Mounts", "Process"; config-linux.md
 * "Memory", "Unified".
 */
#pragma once

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "error.h"
#include "json.h"

/* How the three hooks are entered. */
struct spec_hook {
	const char *path;	/* absolute, of oomguard-hook */
	const char *profile;	/* --profile, NULL: none */
	const char *policy;	/* --policy, NULL: the compiled-in path */
	const char *root;	/* --root, NULL: the default */
	bool closed;		/* --failure closed */
	uint64_t deadline_ms;	/* --deadline; 0: the hook's own. The entry's timeout is longer. */
	bool poststart_untimed; /* crun mixes up an init that dies with a timed hook's end */
};

#define SPEC_INIT_SCORE_MAX 8

struct spec_changes {
	bool set_limit, set_swap;
	uint64_t limit;		/* linux.resources.memory.limit, bytes */
	uint64_t swap;		/* linux.resources.memory.swap: memory and swap together */
	bool enable_oom_killer; /* linux.resources.memory.disableOOMKiller is there and true */
	const char *oom_group;	/* linux.resources.unified["memory.oom.group"], NULL: leave */
	const char *init;	/* path of oomguard-init on the host; NULL: none */
	char init_score[SPEC_INIT_SCORE_MAX]; /* its --workload-score, "": none */
};

/*
 * `root` is the tree of `text`, as lib/oci.c parses it. 1: *out (owned, *out_len bytes) is the
 * changed text; 0: nothing had to be changed, *out is NULL. -EINVAL: a member on the way is of
 * another type than the specification's, or runtimes differ in what they take for it (see
 * spec_names.h). -E2BIG: it would be longer than a config.json may be.
 */
int spec_edit(const struct json *root, const char *text, size_t len, const struct spec_hook *hook,
	      const struct spec_changes *changes, char **out, size_t *out_len, struct error *err);
