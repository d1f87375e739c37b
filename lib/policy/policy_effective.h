/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The policy of one container: profile chosen by rules, changed by annotations within the host's
 * bounds, each value with its origin. It is frozen at creation, so it can be written and read back.
 */
#pragma once

#include "error.h"
#include "identity.h"
#include "json.h"
#include "jsonw.h"
#include "policy.h"
#include "policy_keys.h"
#include "policy_load.h"

enum origin_kind {
	ORIGIN_BUILTIN,	   /* nobody set it; what a zeroed struct says */
	ORIGIN_FILE,	   /* set in a profile: where = "FILE:LINE", profile named */
	ORIGIN_RULE,	   /* only for the profile itself: chosen by rule N, where = "FILE:LINE" */
	ORIGIN_ANNOTATION, /* where = the annotation's key */
	ORIGIN_BOUND,	   /* an annotation asked for more, the host's bound holds */
	ORIGIN_ARGUMENT	   /* only for the profile itself: --profile */
};

struct origin {
	enum origin_kind kind;
	char where[160]; /* cut when longer */
};

#define REFUSED_ANNOTATIONS_MAX 16

/* An annotation of ours that was not followed, or not wholly. */
struct refused_annotation {
	char key[128];
	char value[64];
	char reason[160];
};

struct effective_policy {
	char profile_name[POLICY_PROFILE_MAX];
	struct origin profile_from; /* of the choice of the profile */
	struct profile profile;
	struct origin from[POLICY_KEYS_MAX]; /* parallel to policy_keys[] */
	struct host_policy host;
	bool disabled; /* oomguard.io/disable, where the host allows it */
	struct refused_annotation refused[REFUSED_ANNOTATIONS_MAX];
	size_t refused_len;
	size_t refused_dropped; /* more than the array holds */
};

/*
 * All zero, NULL when there is no memory. Large and mostly empty, so it is a mapping of its own,
 * whose empty parts never become memory. To be freed with effective_policy_free(); NULL is fine.
 */
struct effective_policy *effective_policy_new(void);
void effective_policy_free(struct effective_policy *policy);

static inline void effective_policy_freep(struct effective_policy **policy)
{
	effective_policy_free(*policy);
}

#define cleanup_effective_policy __attribute__((cleanup(effective_policy_freep)))

/*
 * Resolves the policy for the container. Pure: no file is read. `doc` may be a document with
 * root NULL. Values out of an annotation's bounds are clamped (numbers, durations, sizes) or
 * refused (words); -1000, paths and commands cannot be reached by annotation at all.
 * *out is all zero before, as effective_policy_new() gives it.
 */
int policy_effective(const struct policy_document *doc, const struct identity *id,
		     struct effective_policy *out, struct error *err);

/* For whoever looks at it: the members of one JSON object, each key with its value and origin. */
void effective_policy_write(const struct effective_policy *policy, struct jsonw *w);

/*
 * Freezing: the members of one JSON object that effective_policy_read() takes back. As short as can
 * be, since hook and shim read it while the container waits: values by key, and an origin only for
 * the keys that somebody set. *out is as for policy_effective().
 */
void effective_policy_freeze(const struct effective_policy *policy, struct jsonw *w);
int effective_policy_read(const struct json *json, struct effective_policy *out, struct error *err);

/* "built-in", "/etc/oomguard/policy.json:12 (profile worker)", … Returns buf. */
const char *origin_text(const struct origin *origin, char *buf, size_t cap);
