/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A file in an engine's directory of drop-ins, which is ours as a whole. Its first line tells the
 * sum of the others, so that what somebody changed by hand is seen and kept.
 */
#pragma once

#include <stdbool.h>

#include "change.h"
#include "error.h"

/*
 * Plans that the file holds `lines`, of which its first line says that `oomguard configure ENGINE`
 * wrote them; NULL: that it is gone. -EEXIST for a file that is not ours, which is left alone.
 */
int drop_in_plan(struct changes *changes, const char *path, const char *engine, const char *lines,
		 struct error *err);

/* The text is that of a file which this has written, whoever edited it since. */
bool drop_in_is_ours(const char *text);
