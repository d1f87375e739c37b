/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From files to one checked policy document: policy.json, then the drop-ins of policy.d/ beside it
 * in lexical order, merged by RFC 7396; the merged result is what is checked.
 */
#pragma once

#include "error.h"
#include "json.h"
#include "policy.h"

#define POLICY_FILE_MAX_BYTES (1024 * 1024)
#define POLICY_FILE_MAX_DEPTH 32

/* A merged and checked document. */
struct policy_document {
	struct json *root; /* NULL: no policy file, the built-in default holds */
	char **sources;	   /* names that the tree's nodes point to; NULL-terminated */
	struct host_policy host;
	bool runtimes_told; /* host.runtimes is what the files say, by a word or by none */
	/* The profile this program was started for (--profile), in place of the rules; NULL: none.
	 * Borrowed; set by the caller. */
	const char *profile;
};

/* One thing that is wrong, for `oomguard policy check`, which wants all of them. */
struct policy_problem {
	struct error error; /* message: "FILE:LINE: KEY.PATH: found …, allowed …" */
	bool warning;	    /* the policy can be used all the same (a duplicate key) */
	char file[256];
	unsigned line;
	char key[256]; /* "profiles.worker.onOom.process" */
};

struct policy_problems {
	struct policy_problem *items;
	size_t len;
};

/*
 * Loads `file` (NULL: the compiled-in default path) and the drop-ins `*.json` in the folder
 * policy.d beside it. A missing default file and a missing folder are valid; a file that was
 * named and is not there is -ENOENT, unless there are drop-ins beside it. Files must be regular; a
 * file that others than root or its owner (the caller) can write is refused with EPERM.
 * On success *out is to be freed with policy_document_free(). On failure err is the first
 * problem, and `problems` (may be NULL) holds all of them, warnings too. *out then holds nothing
 * but host.runtimes: a wrong word elsewhere is no reason to run another program. Where
 * `runtimes_told` is false it is the built-in list.
 */
int policy_load(const char *file, struct policy_document *out, struct policy_problems *problems,
		struct error *err);
void policy_document_free(struct policy_document *doc);
void policy_problems_free(struct policy_problems *problems);

/*
 * Checks a merged tree; adds to `problems`. Returns the number of errors (not warnings).
 * Everything schema/policy.schema.json says holds here, and also: profiles that are extended or
 * named in rules exist, `extends` has no cycle, regular expressions compile and are bounded,
 * annotation names are known and their bounds fit the key, a kill signal other than SIGKILL has
 * a grace.
 */
size_t policy_check(const struct json *root, struct policy_problems *problems);

/* Adds one problem about `at` (line and source taken from it). -ENOMEM. */
int policy_problem_add(struct policy_problems *problems, const struct json *at, const char *key,
		       bool warning, const char *format, ...) __attribute__((format(printf, 5, 6)));
