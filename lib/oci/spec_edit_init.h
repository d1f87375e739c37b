/* SPDX-License-Identifier: Apache-2.0 */
/* Puts oomguard-init in front of the container's own program; for spec_edit.c alone. */
#pragma once

#include "json_edit.h"
#include "spec_edit.h"

/* -EINVAL when process.args or mounts are of a wrong type. Without a program nothing is done. */
int spec_edit_init(struct json_edit *edit, const struct json *root,
		   const struct spec_changes *changes, struct error *err);
