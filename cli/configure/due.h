/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A restart or reload that an engine still needs, because what it reads was changed. It is written
 * down in ROOT.UNIT.due, beside the state root and gone at boot as that is: neither a restart that
 * failed nor one that was put off is forgotten, and none is done that is not needed.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "error.h"

/* To be called before the files are changed. */
int due_note(const char *root, const char *unit, struct error *err);

/* It was noted, and the unit has not become active since. */
bool due_is(const char *root, const char *unit);

void due_done(const char *root, const char *unit);
