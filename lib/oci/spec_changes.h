/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which of a policy's settings go into the config.json, so that the runtime itself knows them and a
 * later `update` or a reload of systemd does not take them back. Pure; the hook applies all of the
 * policy in any case.
 *
 * What one cgroup version lacks the runtime refuses, and the container with it: only what is sure
 * to be taken goes in.
 */
#pragma once

#include "cgroup.h"
#include "oci.h"
#include "policy.h"
#include "spec_edit.h"

/* Of this host, as a container will find it. */
struct spec_host {
	bool known;	    /* the memory hierarchy was found; else nothing goes in */
	bool rootless;	    /* the container may get no memory cgroup at all */
	bool unified;	    /* the runtimes work on cgroup v2 alone: they take `unified` */
	bool swap;	    /* swap is accounted for each cgroup */
	bool oom_group;	    /* memory.oom.group is there */
	uint64_t page_size; /* the kernel rounds sizes down to whole pages */
	const char *init;   /* path of oomguard-init, NULL: it is not there */
};

/*
 * Looks at the hierarchy that limits memory, by the caller's own cgroup or one below the root. What
 * cannot be told is told as missing.
 */
void spec_host_read(int procfd, struct spec_host *out);

/* Does it hang on the host what goes in? Else nothing need be read of it, `init` aside. */
bool spec_changes_ask_host(const struct profile *profile, const struct oci_config *config);

void spec_changes(const struct profile *profile, const struct oci_config *config,
		  const struct spec_host *host, struct spec_changes *out);
