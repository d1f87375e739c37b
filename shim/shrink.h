/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading the plan leaves a heap of holes, with a few strings that are needed for life on a dozen
 * pages. They are moved together, and the pages are given back.
 */
#pragma once

struct guard;

/* To be called once all is armed. Without memory for it, everything stays as it is. */
void shrink(struct guard *guard);

/* Gives back the stack below the caller: arming went deeper than watching does. */
void drop_old_stack(void);
