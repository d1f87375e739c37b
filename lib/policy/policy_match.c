/* SPDX-License-Identifier: Apache-2.0 */
#include "policy_match.h"

#include <string.h>

#include "ere.h"

const char *const policy_match_fields[] = {"id",	"bundle", "cgroup",    "runtime", "image",
					   "namespace", "pod",	  "container", NULL};

static const char *field_of(const struct identity *id, const char *name)
{
	/* Parallel to policy_match_fields. */
	const char *const values[] = {id->id,	 id->bundle,	id->cgroup, id->runtime,
				      id->image, id->namespace, id->pod,    id->container};

	for (size_t i = 0; policy_match_fields[i]; i++)
		if (strcmp(policy_match_fields[i], name) == 0)
			return values[i] ? values[i] : "";
	return NULL;
}

static bool condition_holds(const struct json *pattern, const char *subject)
{
	/* A checked pattern compiles; where memory is out, the rule does not match. */
	return subject && pattern->type == JSON_STRING && ere_match(pattern->text, subject) == 1;
}

static bool annotations_match(const struct json *wanted, const struct json *annotations)
{
	if (wanted->type != JSON_OBJECT)
		return false;
	for (size_t i = 0; i < wanted->object.len; i++) {
		const struct json_member *member = &wanted->object.members[i];

		if (!condition_holds(member->value, json_get_string(annotations, member->key)))
			return false;
	}
	return true;
}

static bool rule_matches(const struct json *rule, const struct identity *id)
{
	const struct json *match = json_get_typed(rule, "match", JSON_OBJECT);

	if (!match)
		return false;
	for (size_t i = 0; i < match->object.len; i++) {
		const struct json_member *member = &match->object.members[i];

		if (strcmp(member->key, "annotations") == 0) {
			if (!annotations_match(member->value, id->annotations))
				return false;
		} else if (!condition_holds(member->value, field_of(id, member->key))) {
			return false;
		}
	}
	return true;
}

const struct json *policy_match(const struct json *rules, const struct identity *id, size_t *index)
{
	if (!rules || rules->type != JSON_ARRAY)
		return NULL;
	for (*index = 0; *index < rules->array.len; ++*index)
		if (rule_matches(rules->array.items[*index], id))
			return rules->array.items[*index];
	return NULL;
}
