/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Checks a merged policy. What the schema says is checked in the schema's words; the rest, which
 * only a program can say, is listed in oomguard-policy(5).
 */
#include "policy_check_host.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "ere.h"
#include "policy_chain.h"
#include "policy_complain.h"
#include "policy_match.h"

#define POLICY_RULES_MAX 256 /* rules of one policy */
#define PROFILE_NAME_ALLOWED                                                                       \
	"a profile's name of at most 63 letters, digits, '_', '.' and '-' that starts with a "     \
	"letter or digit"

static void check_profile_name(struct policy_check *check, const struct json *value,
			       const char *key)
{
	char found[128];

	if (!policy_profile_name_valid(value))
		policy_complain_value(check, value, key, PROFILE_NAME_ALLOWED);
	else if (!policy_profile_exists(check->root, value->text))
		policy_complain(check, value, key, "found %s, allowed a profile that exists",
				policy_found(value, found, sizeof(found)));
}

/* The next part of a path below `prefix` ("" or "onOom"), NULL when the path is not below it. */
static const char *part_below(const char *path, const char *prefix)
{
	size_t len = strlen(prefix);

	if (len == 0)
		return path;
	return strncmp(path, prefix, len) == 0 && path[len] == '.' ? path + len + 1 : NULL;
}

/* The keys that a profile can hold below `prefix`: "init", "process", … */
static void list_parts(const char *prefix, char *buf, size_t cap)
{
	const char *last = "";
	size_t last_len = 0, used = 0;

	if (!*prefix)
		used = (size_t)snprintf(buf, cap, "\"extends\"");
	for (size_t i = 0; i < policy_keys_len && used < cap; i++) {
		const char *part = part_below(policy_keys[i].path, prefix);
		size_t len = part ? strcspn(part, ".") : 0;

		/* Keys of one parent stand together in the table. */
		if (!part || (len == last_len && strncmp(part, last, len) == 0))
			continue;
		used += (size_t)snprintf(buf + used, cap - used, "%s\"%.*s\"", used ? ", " : "",
					 (int)len, part);
		last = part;
		last_len = len;
	}
}

static bool is_key_prefix(const char *path)
{
	for (size_t i = 0; i < policy_keys_len; i++)
		if (part_below(policy_keys[i].path, path))
			return true;
	return false;
}

/* One level of a profile: `below` is the path within the profile, `shown` the whole one. */
static void check_profile_level(struct policy_check *check, const struct json *object,
				const char *below, const char *shown)
{
	for (size_t i = 0; i < object->object.len; i++) {
		const struct json_member *member = &object->object.members[i];
		char path[POLICY_KEY_TEXT], shown_path[POLICY_KEY_TEXT], allowed[256];
		const struct policy_key *key;
		struct error err;

		if (!policy_member_holds(object, i) ||
		    (!*below && strcmp(member->key, "extends") == 0))
			continue;
		policy_key_join(below, member->key, path);
		policy_key_join(shown, member->key, shown_path);
		/* A dot within a name does not make it a path. */
		if (!*member->key || strchr(member->key, '.')) {
			list_parts(below, allowed, sizeof(allowed));
			policy_complain_unknown(check, member, shown_path, allowed);
			continue;
		}
		key = policy_key_by_path(path);
		if (key) {
			if (policy_key_read(key, member->value, &check->scratch, &err) < 0)
				policy_complain(check, member->value, shown_path, "%s",
						err.message);
		} else if (!is_key_prefix(path)) {
			list_parts(below, allowed, sizeof(allowed));
			policy_complain_unknown(check, member, shown_path, allowed);
		} else if (policy_check_object(check, member->value, shown_path)) {
			check_profile_level(check, member->value, path, shown_path);
		}
	}
}

static void check_extends(struct policy_check *check, const struct json *profile, const char *name,
			  const char *key)
{
	const struct json *extends = json_get(profile, "extends");
	char path[POLICY_KEY_TEXT];
	struct profile resolved;
	struct error err;
	size_t before = check->errors;
	int r;

	policy_key_join(key, "extends", path);
	if (extends)
		check_profile_name(check, extends, path);
	if (check->errors > before)
		return;
	r = policy_profile_resolve(check->root, name, &resolved, NULL, &err);
	/* What is wrong further up the chain is told where it stands. */
	if (extends && (r == -ELOOP || r == -E2BIG))
		policy_complain(check, extends, path, "%s", err.message);
	if (r < 0 || resolved.kill.signal == SIGKILL || resolved.kill.grace_ms > 0)
		return;
	policy_complain(
	    check, profile, key,
	    "found \"kill.signal\" other than SIGKILL with \"kill.grace\" of zero, "
	    "allowed a grace above zero (an init without a handler ignores the signal)");
}

static void check_profiles(struct policy_check *check, const struct json *profiles)
{
	if (!policy_check_object(check, profiles, "profiles"))
		return;
	for (size_t i = 0; i < profiles->object.len; i++) {
		const struct json_member *member = &profiles->object.members[i];
		struct json name = {.type = JSON_STRING, .text = member->key};
		char path[POLICY_KEY_TEXT];

		if (!policy_member_holds(profiles, i))
			continue;
		policy_key_join("profiles", member->key, path);
		if (!policy_profile_name_valid(&name))
			policy_complain_unknown(check, member, path, PROFILE_NAME_ALLOWED);
		else if (policy_check_object(check, member->value, path)) {
			check_profile_level(check, member->value, "", path);
			check_extends(check, member->value, member->key, path);
		}
	}
}

static void check_ere(struct policy_check *check, const struct json *value, const char *key)
{
	struct error err;

	if (value->type != JSON_STRING)
		policy_complain_value(check, value, key, "a regular expression");
	else if (ere_check(value->text, &err) < 0)
		policy_complain(check, value, key, "found %s", err.message);
}

static void check_match_annotations(struct policy_check *check, const struct json *value,
				    const char *key)
{
	if (!policy_check_object(check, value, key))
		return;
	for (size_t i = 0; i < value->object.len; i++) {
		const struct json_member *member = &value->object.members[i];
		char path[POLICY_KEY_TEXT];

		policy_key_join(key, member->key, path);
		if (policy_member_holds(value, i))
			check_ere(check, member->value, path);
	}
}

static void check_match(struct policy_check *check, const struct json *match, const char *key)
{
	if (!policy_check_object(check, match, key))
		return;
	for (size_t i = 0; i < match->object.len; i++) {
		const struct json_member *member = &match->object.members[i];
		char path[POLICY_KEY_TEXT];
		bool known = false;

		if (!policy_member_holds(match, i))
			continue;
		policy_key_join(key, member->key, path);
		for (size_t f = 0; policy_match_fields[f]; f++)
			known = known || strcmp(policy_match_fields[f], member->key) == 0;
		if (strcmp(member->key, "annotations") == 0)
			check_match_annotations(check, member->value, path);
		else if (known)
			check_ere(check, member->value, path);
		else
			policy_complain_unknown(
			    check, member, path,
			    "\"id\", \"bundle\", \"cgroup\", \"runtime\", \"image\", "
			    "\"namespace\", \"pod\", \"container\", \"annotations\"");
	}
}

static void check_rule(struct policy_check *check, const struct json *rule, const char *key)
{
	const struct json *match = json_get(rule, "match"), *profile = json_get(rule, "profile");
	char path[POLICY_KEY_TEXT];

	if (!policy_check_object(check, rule, key))
		return;
	for (size_t i = 0; i < rule->object.len; i++) {
		const struct json_member *member = &rule->object.members[i];

		if (strcmp(member->key, "match") != 0 && strcmp(member->key, "profile") != 0)
			policy_complain_unknown(check, member,
						policy_key_join(key, member->key, path),
						"\"match\", \"profile\"");
	}
	if (match)
		check_match(check, match, policy_key_join(key, "match", path));
	if (profile)
		check_profile_name(check, profile, policy_key_join(key, "profile", path));
	if (!match || !profile)
		policy_complain(check, rule, key, "found no \"%s\", allowed a rule that has it",
				match ? "profile" : "match");
}

static void check_rules(struct policy_check *check, const struct json *rules)
{
	if (!policy_check_list(check, rules, "rules", POLICY_RULES_MAX))
		return;
	for (size_t i = 0; i < rules->array.len; i++) {
		char path[POLICY_KEY_TEXT];

		snprintf(path, sizeof(path), "rules[%zu]", i);
		check_rule(check, rules->array.items[i], path);
	}
}

static void check_version(struct policy_check *check, const struct json *version)
{
	int64_t number;

	if (json_int64(version, &number) < 0 || number != POLICY_VERSION)
		policy_complain_value(check, version, "version", "1");
}

size_t policy_check(const struct json *root, struct policy_problems *problems)
{
	struct policy_check check = {.root = root, .problems = problems};

	if (!policy_check_object(&check, root, ""))
		return check.errors;
	if (!json_get(root, "version"))
		policy_complain(&check, root, "version", "found nothing, allowed 1");
	for (size_t i = 0; i < root->object.len; i++) {
		const struct json_member *member = &root->object.members[i];
		char path[POLICY_KEY_TEXT];

		if (!policy_member_holds(root, i))
			continue;
		if (strcmp(member->key, "version") == 0)
			check_version(&check, member->value);
		else if (strcmp(member->key, "runtimes") == 0)
			policy_check_runtimes(&check, member->value);
		else if (strcmp(member->key, "host") == 0)
			policy_check_host(&check, member->value);
		else if (strcmp(member->key, "profiles") == 0)
			check_profiles(&check, member->value);
		else if (strcmp(member->key, "rules") == 0)
			check_rules(&check, member->value);
		else if (strcmp(member->key, "annotations") == 0)
			policy_check_annotations(&check, member->value);
		else if (strcmp(member->key, "$schema") != 0)
			policy_complain_unknown(
			    &check, member, policy_key_join("", member->key, path),
			    "\"version\", \"runtimes\", \"host\", \"profiles\", "
			    "\"rules\", \"annotations\", \"$schema\"");
		else if (member->value->type != JSON_STRING)
			policy_complain_value(&check, member->value, "$schema", "a string");
	}
	return check.errors;
}
