/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Policy values that are lists: rungs of the ladder, actions near the limit, regular expressions
 * over process names. What is wrong is told with the place in the list.
 */
#pragma once

#include "policy_keys.h"

/* All as policy_key_read(), into a value that is zero; after an error *out is of no use. */
int policy_ere_read(const struct json *value, char out[POLICY_ERE_MAX], struct error *err);
int policy_eres_read(const struct json *value, struct ere_list *out, struct error *err);
int policy_ladder_read(const struct policy_key *key, const struct json *value, struct ladder *out,
		       struct error *err);
int policy_near_actions_read(const struct policy_key *key, const struct json *value,
			     struct near_actions *out, struct error *err);

/* One action alone: "report", "signal:SIGUSR1". */
int policy_near_action_read(const struct policy_key *key, const struct json *value,
			    struct near_action *out, struct error *err);

/* "report,signal:SIGUSR1", or "none". */
int policy_near_actions_read_text(const struct policy_key *key, const char *text,
				  struct near_actions *out, struct error *err);

/* In the form that is read. */
void policy_eres_write(const struct ere_list *list, struct jsonw *w);
void policy_ladder_write(const struct policy_key *key, const struct ladder *ladder,
			 struct jsonw *w);
void policy_near_actions_write(const struct policy_key *key, const struct near_actions *list,
			       struct jsonw *w);

/* Words divided by commas; "none" for none of them. Returns buf. */
const char *policy_ladder_text(const struct policy_key *key, const struct ladder *ladder, char *buf,
			       size_t cap);
const char *policy_near_actions_text(const struct policy_key *key, const struct near_actions *list,
				     char *buf, size_t cap);
