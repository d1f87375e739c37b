/* SPDX-License-Identifier: Apache-2.0 */
/* One hook of oomguard as config.json has it. */
#pragma once

#include <stddef.h>

#include "spec_edit.h"

#define SPEC_ENTRY_MAX (4 * PATH_MAX)

/* Writes the entry for a stage into buf, without a newline. Returns its length, or -ENOBUFS;
 * -EILSEQ for a value that is not UTF-8: written, it would be another. */
int spec_hook_entry(const struct spec_hook *hook, const char *stage, char *buf, size_t cap);
