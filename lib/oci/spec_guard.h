/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a config.json and the host's policy to the config.json of a guarded container: whose it is,
 * which policy holds, what goes in. Reads nothing but what is on this host: its cgroups, and
 * whether our own programs are there.
 */
#pragma once

#include "oci.h"
#include "policy_load.h"
#include "spec_edit.h"

struct spec_guard {
	const struct policy_document *policy;
	int procfd;
	const struct spec_hook *hook;
	const char *id;	     /* of the container, "" when not told */
	const char *bundle;  /* absolute, "" when not told */
	const char *runtime; /* absolute path, "" when not told */
};

struct spec_guarded {
	char *text; /* owned, NULL: nothing had to be changed */
	size_t len;
	/* What of the policy could not be followed, and what is done instead. "": all of it was. */
	char problem[768];
};

/*
 * -ENOENT, -EACCES: the hook itself is not there, and its entry would stop every container.
 * 0, with the text NULL also for a pod's sandbox, which is passed over. -EINVAL, -E2BIG: the text
 * cannot be parsed or edited.
 */
int spec_guard(const struct spec_guard *what, const char *text, size_t len,
	       struct spec_guarded *out, struct error *err);
void spec_guarded_free(struct spec_guarded *guarded);
