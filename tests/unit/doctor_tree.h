/* SPDX-License-Identifier: Apache-2.0 */
/* What `oomguard doctor` reads of engines, on a fake tree. */
#pragma once

#include "facts.h"

#include "fake_tree.h"

#define HOOK "/usr/libexec/oomguard/oomguard-hook"
#define RUNC "/usr/bin/oomguard-runc"
#define ENTRY "\"path\": \"" HOOK "\", \"env\": [\"PATH=/bin\"], \"timeout\": 10"

static inline void make_executable(const struct fake_tree *tree, const char *path)
{
	ck_assert_int_eq(fchmodat(tree->fd, path, 0755, 0), 0);
}

static inline struct engine_facts *engines_of(const struct fake_tree *tree)
{
	struct engine_facts *facts = calloc(1, sizeof(*facts));

	ck_assert_ptr_nonnull(facts);
	facts_engines(tree->root, facts);
	return facts;
}
