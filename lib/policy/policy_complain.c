/* SPDX-License-Identifier: Apache-2.0 */
#include "policy_complain.h"

#include <stdarg.h>
#include <stdio.h>

#include "escape.h"

void policy_complain(struct policy_check *check, const struct json *at, const char *key,
		     const char *format, ...)
{
	char text[768];
	va_list args;

	check->errors++;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	policy_problem_add(check->problems, at, key, false, "%s", text);
}

void policy_complain_value(struct policy_check *check, const struct json *at, const char *key,
			   const char *allowed)
{
	char found[128];

	policy_complain(check, at, key, "found %s, allowed %s",
			policy_found(at, found, sizeof(found)), allowed);
}

void policy_complain_unknown(struct policy_check *check, const struct json_member *member,
			     const char *path, const char *allowed)
{
	policy_complain(check, member->value, path, "found an unknown key, allowed %s", allowed);
}

const char *policy_key_join(const char *parent, const char *name, char path[POLICY_KEY_TEXT])
{
	char shown[128];

	escape_terminal(name, shown, sizeof(shown));
	snprintf(path, POLICY_KEY_TEXT, "%.120s%s%s", parent, *parent ? "." : "", shown);
	return path;
}

bool policy_check_object(struct policy_check *check, const struct json *value, const char *key)
{
	if (value->type == JSON_OBJECT)
		return true;
	policy_complain_value(check, value, key, "an object");
	return false;
}

bool policy_check_list(struct policy_check *check, const struct json *value, const char *key,
		       size_t max)
{
	char allowed[64];

	if (value->type == JSON_ARRAY && value->array.len <= max)
		return true;
	snprintf(allowed, sizeof(allowed), "a list of at most %zu", max);
	policy_complain_value(check, value, key, allowed);
	return false;
}

bool policy_member_holds(const struct json *object, size_t i)
{
	const struct json_member *member = &object->object.members[i];

	return json_get(object, member->key) == member->value;
}
