/* SPDX-License-Identifier: Apache-2.0 */
#include "policy_bounds.h"

#include <string.h>

#include "policy_lists.h"

int policy_bound_read(const struct policy_key *key, const struct json *word,
		      struct profile *profile, struct error *err)
{
	struct near_actions list = {.len = 1};
	int r;

	if (key->kind != KEY_NEAR_ACTIONS)
		return policy_key_read(key, word, profile, err);
	r = policy_near_action_read(key, word, &list.action[0], err);
	if (r == 0)
		memcpy((char *)profile + key->offset, &list, sizeof(list));
	return r;
}

static bool bounds_hold_action(const struct policy_key *key, const struct json *bounds,
			       const struct near_action *action)
{
	for (size_t i = 0; i < bounds->array.len; i++) {
		struct near_action allowed;

		if (policy_near_action_read(key, bounds->array.items[i], &allowed, NULL) == 0 &&
		    allowed.kind == action->kind && allowed.signal == action->signal)
			return true;
	}
	return false;
}

static bool bounds_hold_word(const struct policy_key *key, const struct json *bounds,
			     const struct profile *asked)
{
	const char *value = (const char *)asked + key->offset;

	for (size_t i = 0; i < bounds->array.len; i++) {
		struct profile allowed = profile_builtin;

		if (policy_key_read(key, bounds->array.items[i], &allowed, NULL) == 0 &&
		    memcmp((const char *)&allowed + key->offset, value, policy_key_size(key)) == 0)
			return true;
	}
	return false;
}

bool policy_bounds_hold(const struct policy_key *key, const struct json *bounds,
			const struct profile *asked)
{
	const void *field = (const char *)asked + key->offset;
	const struct near_actions *list = field;

	if (key->kind != KEY_NEAR_ACTIONS)
		return bounds_hold_word(key, bounds, asked);
	for (size_t i = 0; i < list->len; i++)
		if (!bounds_hold_action(key, bounds, &list->action[i]))
			return false;
	return true;
}
