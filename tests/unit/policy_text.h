/* SPDX-License-Identifier: Apache-2.0 */
/* Policies of the tests: text in a folder of its own, loaded as the programs load theirs. */
#pragma once

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "policy_load.h"

/* A folder with policy.json and policy.d, made for one test. */
struct policy_folder {
	char dir[64];
	char file[96];
};

static inline void policy_folder_add(const struct policy_folder *folder, const char *name,
				     const char *text)
{
	char path[256];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", folder->dir, name);
	file = fopen(path, "we");
	ck_assert_ptr_nonnull(file);
	ck_assert_int_ge(fputs(text, file), 0);
	ck_assert_int_eq(fclose(file), 0);
	ck_assert_int_eq(chmod(path, 0644), 0);
}

static inline void policy_folder_make(struct policy_folder *folder)
{
	char drop_ins[96];

	snprintf(folder->dir, sizeof(folder->dir), "/tmp/oomguard-policy-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder->dir));
	snprintf(folder->file, sizeof(folder->file), "%s/policy.json", folder->dir);
	snprintf(drop_ins, sizeof(drop_ins), "%s/policy.d", folder->dir);
	ck_assert_int_eq(mkdir(drop_ins, 0755), 0);
}

static inline void policy_folder_remove(const struct policy_folder *folder)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -rf '%s'", folder->dir);
	ck_assert_int_eq(system(command), 0);
}

/* Loads `text` as policy.json, alone. */
static inline int policy_load_text(const char *text, struct policy_document *out,
				   struct policy_problems *problems, struct error *err)
{
	struct policy_folder folder;
	int r;

	policy_folder_make(&folder);
	policy_folder_add(&folder, "policy.json", text);
	r = policy_load(folder.file, out, problems, err);
	policy_folder_remove(&folder);
	return r;
}
