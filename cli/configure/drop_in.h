/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A file in an engine's directory of drop-ins, which is ours as a whole. Its first line tells the
 * sum of the others, so that what somebody changed by hand is seen and kept.
 */
#pragma once

#include "change.h"
#include "error.h"

struct drop_in {
	const char *path;
	const char *engine; /* it says that `oomguard configure ENGINE` wrote it */
	/*
	 * What somebody changed is kept as this and CHANGE_EDITED_SUFFIX, where the engine reads
	 * nothing of that name.
	 */
	const char *kept_as;
};

/*
 * Plans that the file holds `lines`; NULL: that it is gone. -EEXIST for a file that is not ours,
 * which is left alone.
 */
int drop_in_plan(struct changes *changes, const struct drop_in *drop_in, const char *lines,
		 struct error *err);
