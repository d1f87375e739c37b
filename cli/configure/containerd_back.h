/* SPDX-License-Identifier: Apache-2.0 */
/* Taking ours out of containerd's configuration: all of it, or what another place takes over. */
#pragma once

#include <stdio.h>

#include "configure.h"
#include "containerd_found.h"
#include "error.h"

#define CONTAINERD_ENGINE "containerd"
#define CONTAINERD_NEW_FILE "version = 2\n"

/*
 * --remove. What was added by hand stays, and is told in out->by_hand. -EBUSY where containerd
 * would not start any more.
 */
int containerd_take_back(const struct configure *want, const struct containerd_found *found,
			 struct outcome *out, struct error *err);

/* Every drop-in of ours goes, but that at the path `but`. */
int containerd_remove_drop_ins(const struct containerd_found *found, const char *but,
			       struct outcome *out, struct error *err);

/* Our lines go, but in one file: which section holds may have changed since they were put. */
int containerd_cut_blocks(const struct containerd_found *found, const struct containerd_file *but,
			  struct outcome *out, struct error *err);

/* Of lines of ours that somebody has changed a copy is kept. */
int containerd_keep_edited(const struct containerd_file *file, struct outcome *out,
			   struct error *err);

/* *out: the file is ours as a whole. One that was there before us has left a copy. */
int containerd_is_made_by_us(const struct containerd_file *file, const struct changes *changes,
			     bool *out, struct error *err);

/* FILE:LINES: runtime "NAME" */
void containerd_tell_runtime(FILE *to, const struct containerd_file *in,
			     const struct toml_runtime *runtime);
