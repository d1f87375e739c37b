/* SPDX-License-Identifier: Apache-2.0 */
/* What belongs to the host: runtimes, slots, and what annotations may ask for. */
#include "policy_check_host.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "policy_annotations.h"
#include "policy_bounds.h"
#include "policy_chain.h"

#define RESTARTS_MAX 64

static bool is_absolute_path(const struct json *value)
{
	const char *p;

	if (value->type != JSON_STRING || value->text[0] != '/' || !value->text[1])
		return false;
	for (p = value->text; *p >= ' ' && *p <= '~'; p++)
		;
	return !*p && p - value->text < POLICY_PATH_MAX;
}

void policy_check_runtimes(struct policy_check *check, const struct json *runtimes)
{
	if (!policy_check_list(check, runtimes, "runtimes", POLICY_RUNTIMES_MAX))
		return;
	for (size_t i = 0; i < runtimes->array.len; i++) {
		char path[POLICY_KEY_TEXT];

		snprintf(path, sizeof(path), "runtimes[%zu]", i);
		if (!is_absolute_path(runtimes->array.items[i]))
			policy_complain_value(check, runtimes->array.items[i], path,
					      "an absolute path of printable ASCII characters");
	}
}

void policy_check_host(struct policy_check *check, const struct json *host)
{
	if (!policy_check_object(check, host, "host"))
		return;
	for (size_t i = 0; i < host->object.len; i++) {
		const struct json_member *member = &host->object.members[i];
		char path[POLICY_KEY_TEXT];
		int64_t number;

		if (!policy_member_holds(host, i))
			continue;
		policy_key_join("host", member->key, path);
		if (strcmp(member->key, "maxConcurrentRestarts") != 0)
			policy_complain_unknown(check, member, path, "\"maxConcurrentRestarts\"");
		else if (json_int64(member->value, &number) < 0 || number < 1 ||
			 number > RESTARTS_MAX)
			policy_complain_value(check, member->value, path,
					      "a whole number from 1 to 64");
	}
}

static void complain_name(struct policy_check *check, const struct json *at, const char *path,
			  const char *found)
{
	char names[640];

	policy_complain(check, at, path, "found %s, allowed %s", found,
			policy_annotation_names(names, sizeof(names)));
}

static void check_allow(struct policy_check *check, const struct json *allow)
{
	if (!policy_check_list(check, allow, "annotations.allow", POLICY_KEYS_MAX))
		return;
	for (size_t i = 0; i < allow->array.len; i++) {
		const struct json *item = allow->array.items[i];
		char path[POLICY_KEY_TEXT], found[128];

		snprintf(path, sizeof(path), "annotations.allow[%zu]", i);
		if (item->type != JSON_STRING || !policy_annotation_known(item->text)) {
			complain_name(check, item, path, policy_found(item, found, sizeof(found)));
			continue;
		}
		for (size_t j = 0; j < i; j++)
			if (policy_is_word(allow->array.items[j], item->text))
				policy_complain(check, item, path,
						"found \"%s\" again, allowed each name once",
						item->text);
	}
}

static bool is_same_word(const struct json *a, const struct json *b)
{
	if (a->type == JSON_BOOL)
		return b->type == JSON_BOOL && a->boolean == b->boolean;
	return a->type == JSON_STRING && policy_is_word(b, a->text);
}

/* A list of words that an annotation may ask for: at least one, each once. */
static void check_word_bounds(struct policy_check *check, const struct policy_key *key,
			      const struct json *bounds, const char *path)
{
	char item_path[POLICY_KEY_TEXT + 32], found[128];

	if (bounds->type != JSON_ARRAY || bounds->array.len == 0) {
		policy_complain_value(check, bounds, path, "a list of at least one word");
		return;
	}
	for (size_t i = 0; i < bounds->array.len; i++) {
		const struct json *item = bounds->array.items[i];
		struct error err;

		snprintf(item_path, sizeof(item_path), "%s[%zu]", path, i);
		if (key && policy_bound_read(key, item, &check->scratch, &err) < 0)
			policy_complain(check, item, item_path, "%s", err.message);
		else if (!key && !policy_profile_name_valid(item))
			policy_complain_value(check, item, item_path, "a profile's name");
		else if (!key && !policy_profile_exists(check->root, item->text))
			policy_complain(check, item, item_path,
					"found %s, allowed a profile that exists",
					policy_found(item, found, sizeof(found)));
		for (size_t j = 0; j < i; j++)
			if (is_same_word(item, bounds->array.items[j]))
				policy_complain(check, item, item_path,
						"found %s again, allowed each word once",
						policy_found(item, found, sizeof(found)));
	}
}

/* [lowest, highest] */
static void check_range_bounds(struct policy_check *check, const struct policy_key *key,
			       const struct json *bounds, const char *path)
{
	struct profile low = profile_builtin, high = profile_builtin;
	struct error err;
	int64_t lowest;
	int order;

	if (bounds->type != JSON_ARRAY || bounds->array.len != 2) {
		policy_complain_value(check, bounds, path, "a list of the lowest and the highest");
		return;
	}
	if (policy_key_read(key, bounds->array.items[0], &low, &err) < 0 ||
	    policy_key_read(key, bounds->array.items[1], &high, &err) < 0)
		policy_complain(check, bounds, path, "%s", err.message);
	else if (policy_key_compare(key, &low, &high, &order) < 0)
		policy_complain(check, bounds, path,
				"found bounds of different kinds, allowed two numbers, two sizes, "
				"two shares or two durations");
	else if (order > 0)
		policy_complain(check, bounds, path,
				"found a lowest above the highest, allowed "
				"the lowest first");
	else if (key->kind == KEY_SCORE && json_int64(bounds->array.items[0], &lowest) == 0 &&
		 lowest < -999)
		policy_complain(check, bounds, path, "found a score of -1000, allowed from -999");
}

static void check_bounds(struct policy_check *check, const struct json *bounds)
{
	if (!policy_check_object(check, bounds, "annotations.bounds"))
		return;
	for (size_t i = 0; i < bounds->object.len; i++) {
		const struct json_member *member = &bounds->object.members[i];
		const struct policy_key *key = policy_key_by_annotation(member->key);
		char path[POLICY_KEY_TEXT];

		if (!policy_member_holds(bounds, i))
			continue;
		policy_key_join("annotations.bounds", member->key, path);
		if (key ? policy_key_has_words(key) : strcmp(member->key, "profile") == 0)
			check_word_bounds(check, key, member->value, path);
		else if (key)
			check_range_bounds(check, key, member->value, path);
		else if (policy_annotation_known(member->key))
			policy_complain(check, member->value, path,
					"found bounds for \"%s\", which has none", member->key);
		else
			complain_name(check, member->value, path, "an unknown key");
	}
}

void policy_check_annotations(struct policy_check *check, const struct json *annotations)
{
	if (!policy_check_object(check, annotations, "annotations"))
		return;
	for (size_t i = 0; i < annotations->object.len; i++) {
		const struct json_member *member = &annotations->object.members[i];
		char path[POLICY_KEY_TEXT];

		if (!policy_member_holds(annotations, i))
			continue;
		if (strcmp(member->key, "allow") == 0)
			check_allow(check, member->value);
		else if (strcmp(member->key, "bounds") == 0)
			check_bounds(check, member->value);
		else
			policy_complain_unknown(check, member,
						policy_key_join("annotations", member->key, path),
						"\"allow\", \"bounds\"");
	}
}
