/* SPDX-License-Identifier: Apache-2.0 */
#include "policy_chain.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

bool policy_profile_name_valid(const struct json *value)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789";
	const char *name = value->text;
	size_t len;

	if (value->type != JSON_STRING || !*name || !strchr(letters, *name))
		return false;
	for (len = 1; name[len] && (strchr(letters, name[len]) || strchr("_.-", name[len])); len++)
		;
	return !name[len] && len < POLICY_PROFILE_MAX;
}

static const struct json *profile_of(const struct json *root, const char *name)
{
	return json_get_typed(json_get_typed(root, "profiles", JSON_OBJECT), name, JSON_OBJECT);
}

bool policy_profile_exists(const struct json *root, const char *name)
{
	return strcmp(name, POLICY_DEFAULT_PROFILE) == 0 || profile_of(root, name);
}

/* Sets the keys that this one profile of the chain has. */
static int apply_profile(const struct json *object, const char *name, struct profile *out,
			 struct origin *from, struct error *err)
{
	for (size_t i = 0; i < policy_keys_len; i++) {
		const struct json *value = json_path(object, policy_keys[i].path);
		int r;

		if (!value)
			continue;
		r = policy_key_read(&policy_keys[i], value, out, err);
		if (r < 0)
			return error_wrap(err, r, "%s:%u: profile %s: %s", value->source,
					  value->line, name, policy_keys[i].path);
		if (!from)
			continue;
		from[i].kind = ORIGIN_FILE;
		snprintf(from[i].where, sizeof(from[i].where), "%.90s:%u (profile %s)",
			 value->source, value->line, name);
	}
	return 0;
}

static int collect_chain(const struct json *root, const char *name,
			 const char *chain[POLICY_EXTENDS_MAX], size_t *len, struct error *err)
{
	for (*len = 0; name; name = json_get_string(profile_of(root, name), "extends")) {
		if (!policy_profile_exists(root, name))
			return error_say(err, ENOENT, "there is no profile \"%s\"", name);
		for (size_t i = 0; i < *len; i++)
			if (strcmp(chain[i], name) == 0)
				return error_say(err, ELOOP, "profile \"%s\" extends itself", name);
		if (*len == POLICY_EXTENDS_MAX)
			return error_say(err, E2BIG, "a chain of more than %d profiles",
					 POLICY_EXTENDS_MAX);
		chain[(*len)++] = name;
	}
	return 0;
}

int policy_profile_resolve(const struct json *root, const char *name, struct profile *out,
			   struct origin *from, struct error *err)
{
	const char *chain[POLICY_EXTENDS_MAX];
	size_t len;
	int r;

	*out = profile_builtin;
	r = collect_chain(root, name, chain, &len, err);
	while (r == 0 && len > 0) {
		len--;
		r = apply_profile(profile_of(root, chain[len]), chain[len], out, from, err);
	}
	return r;
}
