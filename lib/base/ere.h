/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Extended regular expressions of the policy. The pattern is the host's, the subject is the
 * tenant's: both are bounded, so that neither a careless pattern nor a hostile name costs more
 * than some milliseconds or megabytes.
 */
#pragma once

#include <regex.h>
#include <stdbool.h>

#include "error.h"

#define ERE_SUBJECT_MAX 4096 /* bytes of a subject that are looked at */
#define ERE_STATES_MAX 1024  /* states that a pattern may grow to once its intervals are unrolled  \
			      */

/*
 * Compiles `pattern` (REG_EXTENDED | REG_NOSUB) into *out, to be freed with regfree(). -EINVAL for
 * an empty or too long pattern, one that does not compile, one with a back-reference (matching
 * becomes exponential) and one whose intervals, as in "(a{1,255}){1,255}", grow too large.
 */
int ere_compile(const char *pattern, regex_t *out, struct error *err);

/* Whether the compiled pattern is found in `subject`, of which ERE_SUBJECT_MAX bytes count. */
bool ere_matches(const regex_t *ere, const char *subject);

/* Both at once: 1 found, 0 not found, or a negative errno. */
int ere_match(const char *pattern, const char *subject);

/* Only whether it can be used. */
int ere_check(const char *pattern, struct error *err);
