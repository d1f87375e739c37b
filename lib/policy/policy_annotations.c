/* SPDX-License-Identifier: Apache-2.0 */
#include "policy_annotations.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "policy_bounds.h"
#include "policy_chain.h"

#define ANNOTATION_TEXT_MAX 256 /* bytes of a value that is read at all */

static const char *const special_names[] = {"profile", "disable", NULL};

bool policy_annotation_known(const char *name)
{
	for (size_t i = 0; special_names[i]; i++)
		if (strcmp(special_names[i], name) == 0)
			return true;
	return policy_key_by_annotation(name) != NULL;
}

const char *policy_annotation_names(char *buf, size_t cap)
{
	size_t used = (size_t)snprintf(buf, cap, "%s, %s", special_names[0], special_names[1]);

	for (size_t i = 0; i < policy_keys_len && used < cap; i++)
		if (policy_keys[i].annotation)
			used += (size_t)snprintf(buf + used, cap - used, ", %s",
						 policy_keys[i].annotation);
	return buf;
}

static void refuse(struct effective_policy *out, const char *key, const char *value,
		   const char *format, ...) __attribute__((format(printf, 4, 5)));

static void refuse(struct effective_policy *out, const char *key, const char *value,
		   const char *format, ...)
{
	struct refused_annotation *refused;
	va_list args;

	if (out->refused_len == REFUSED_ANNOTATIONS_MAX) {
		out->refused_dropped++;
		return;
	}
	refused = &out->refused[out->refused_len++];
	snprintf(refused->key, sizeof(refused->key), "%s", key);
	snprintf(refused->value, sizeof(refused->value), "%s", value ? value : "");
	va_start(args, format);
	vsnprintf(refused->reason, sizeof(refused->reason), format, args);
	va_end(args);
}

/* Behind the prefix, or NULL for an annotation that is not ours. */
static const char *our_name(const char *key)
{
	size_t len = strlen(POLICY_ANNOTATION_PREFIX);

	return strncmp(key, POLICY_ANNOTATION_PREFIX, len) == 0 ? key + len : NULL;
}

/* The annotation of that name that counts here: the one for this container, else the general. */
static const struct json_member *find_request(const struct identity *id, const char *name)
{
	const struct json_member *general = NULL, *own = NULL;
	size_t len = strlen(name);

	if (!id->annotations || id->annotations->type != JSON_OBJECT)
		return NULL;
	for (size_t i = 0; i < id->annotations->object.len; i++) {
		const struct json_member *member = &id->annotations->object.members[i];
		const char *ours = our_name(member->key);

		if (!ours || strncmp(ours, name, len) != 0)
			continue;
		if (ours[len] == '\0')
			general = member;
		else if (ours[len] == '.' && id->container && *id->container &&
			 strcmp(ours + len + 1, id->container) == 0)
			own = member;
	}
	return own ? own : general;
}

static bool is_allowed(const struct json *root, const char *name)
{
	const struct json *annotations = json_get(root, "annotations");
	const struct json *allow = json_get_typed(annotations, "allow", JSON_ARRAY);

	for (size_t i = 0; allow && i < allow->array.len; i++)
		if (policy_is_word(allow->array.items[i], name))
			return true;
	return false;
}

static const struct json *bounds_of(const struct json *root, const char *name)
{
	const struct json *bounds = json_get(json_get(root, "annotations"), "bounds");

	return json_get_typed(bounds, name, JSON_ARRAY);
}

/* The request's text if it may be looked at, else NULL, and the refusal is noted. */
static const char *request_text(const struct json *root, const struct json_member *request,
				const char *name, struct effective_policy *out)
{
	const struct json *value = request->value;

	if (value->type != JSON_STRING)
		refuse(out, request->key, NULL, "it is not a string");
	else if (!is_allowed(root, name))
		refuse(out, request->key, value->text, "the host does not allow \"%s\"", name);
	else if (strlen(value->text) >= ANNOTATION_TEXT_MAX)
		refuse(out, request->key, value->text, "it is too long");
	else
		return value->text;
	return NULL;
}

static bool profile_in_bounds(const struct json *bounds, const char *text)
{
	for (size_t i = 0; bounds && i < bounds->array.len; i++)
		if (policy_is_word(bounds->array.items[i], text))
			return true;
	return !bounds;
}

const char *policy_annotated_profile(const struct json *root, const struct identity *id,
				     struct effective_policy *out, const char **key)
{
	const struct json_member *request = find_request(id, "profile");
	const char *text = request ? request_text(root, request, "profile", out) : NULL;

	if (!text)
		return NULL;
	*key = request->key;
	if (!profile_in_bounds(bounds_of(root, "profile"), text))
		refuse(out, request->key, text, "the host's bounds do not hold that profile");
	else if (!policy_profile_exists(root, text))
		refuse(out, request->key, text, "there is no such profile");
	else
		return text;
	return NULL;
}

static void set_origin(struct origin *from, enum origin_kind kind, const char *key)
{
	from->kind = kind;
	snprintf(from->where, sizeof(from->where), "%s", key);
}

/* The host's range for the key; where it names none, a score cannot be lowered below 0. */
static bool read_range(const struct policy_key *key, const struct json *bounds, struct profile *low,
		       struct profile *high)
{
	if (bounds)
		return bounds->array.len == 2 &&
		       policy_key_read(key, bounds->array.items[0], low, NULL) == 0 &&
		       policy_key_read(key, bounds->array.items[1], high, NULL) == 0;
	return key->kind == KEY_SCORE && policy_key_read_text(key, "0", low, NULL) == 0 &&
	       policy_key_read_text(key, "1000", high, NULL) == 0;
}

/*
 * Holds `asked` to the range. Returns the origin the value has then; -EINVAL, with the refusal
 * noted, for what cannot be compared: "leave", "off", a relative score, a share against bytes.
 */
static int clamp(const struct policy_key *key, const struct json_member *request,
		 const struct json *bounds, struct profile *asked, struct effective_policy *out)
{
	struct profile low = profile_builtin, high = profile_builtin;
	const struct profile *bound = NULL;
	char text[48], low_text[48], high_text[48];
	int below, above;

	if (!bounds && key->kind != KEY_SCORE)
		return ORIGIN_ANNOTATION;
	if (!read_range(key, bounds, &low, &high) ||
	    policy_key_compare(key, asked, &low, &below) < 0 ||
	    policy_key_compare(key, asked, &high, &above) < 0) {
		refuse(out, request->key, request->value->text,
		       "it cannot be held to the host's bounds, which are absolute");
		return -EINVAL;
	}
	if (below < 0)
		bound = &low;
	else if (above > 0)
		bound = &high;
	if (!bound)
		return ORIGIN_ANNOTATION;
	policy_key_copy(key, bound, asked);
	refuse(out, request->key, request->value->text, "outside of the host's bounds %s to %s: %s",
	       policy_key_text(key, &low, low_text, sizeof(low_text)),
	       policy_key_text(key, &high, high_text, sizeof(high_text)),
	       policy_key_text(key, asked, text, sizeof(text)));
	return ORIGIN_BOUND;
}

static void apply_key(const struct json *root, const struct identity *id, size_t index,
		      struct effective_policy *out)
{
	const struct policy_key *key = &policy_keys[index];
	const struct json_member *request = find_request(id, key->annotation);
	const char *text = request ? request_text(root, request, key->annotation, out) : NULL;
	struct profile asked = profile_builtin;
	const struct json *bounds;
	struct error err;
	int origin = ORIGIN_ANNOTATION;

	if (!text)
		return;
	bounds = bounds_of(root, key->annotation);
	if (policy_key_read_text(key, text, &asked, &err) < 0) {
		refuse(out, request->key, text, "%s", err.message);
		return;
	}
	if (policy_key_has_words(key)) {
		if (bounds && !policy_bounds_hold(key, bounds, &asked)) {
			refuse(out, request->key, text, "the host's bounds do not hold %s",
			       key->kind == KEY_NEAR_ACTIONS ? "all of that" : "that word");
			return;
		}
	} else {
		origin = clamp(key, request, bounds, &asked, out);
		if (origin < 0)
			return;
	}
	policy_key_copy(key, &asked, &out->profile);
	set_origin(&out->from[index], (enum origin_kind)origin, request->key);
}

static void apply_disable(const struct json *root, const struct identity *id,
			  struct effective_policy *out)
{
	const struct json_member *request = find_request(id, "disable");
	const char *text = request ? request_text(root, request, "disable", out) : NULL;

	if (!text)
		return;
	if (strcmp(text, "true") == 0)
		out->disabled = true;
	else if (strcmp(text, "false") != 0)
		refuse(out, request->key, text, "found \"%.32s\", allowed \"true\" or \"false\"",
		       text);
}

/* By which a file of hooks.d picks containers (oomguard-configure(8)): when we run it is done. */
#define PICKS_CONTAINER "enable"

/* Names of ours that mean nothing, so that a misspelt one is seen. */
static void refuse_unknown(const struct identity *id, struct effective_policy *out)
{
	if (!id->annotations || id->annotations->type != JSON_OBJECT)
		return;
	for (size_t i = 0; i < id->annotations->object.len; i++) {
		const struct json_member *member = &id->annotations->object.members[i];
		const char *ours = our_name(member->key);
		const char *text = member->value->type == JSON_STRING ? member->value->text : NULL;
		char name[64];
		size_t len = ours ? strcspn(ours, ".") : 0;

		if (!ours || strcmp(ours, PICKS_CONTAINER) == 0)
			continue;
		snprintf(name, sizeof(name), "%.*s", len < sizeof(name) ? (int)len : 0, ours);
		if (!policy_annotation_known(name))
			refuse(out, member->key, text, "there is no such key");
		else if (ours[len] == '.' && (!id->container || !*id->container))
			refuse(out, member->key, text, "this container has no name");
	}
}

static bool has_ours(const struct identity *id)
{
	if (!id->annotations || id->annotations->type != JSON_OBJECT)
		return false;
	for (size_t i = 0; i < id->annotations->object.len; i++)
		if (our_name(id->annotations->object.members[i].key))
			return true;
	return false;
}

static bool is_annotated(const struct origin *from)
{
	return from->kind == ORIGIN_ANNOTATION || from->kind == ORIGIN_BOUND;
}

/*
 * A signal that the init may ignore needs a grace, which the check of a file ensures; what
 * annotations made of the two is taken back when it breaks that.
 */
static void keep_kill_whole(struct effective_policy *out, const struct profile *before,
			    const struct origin *from)
{
	static const char *const paths[] = {"kill.signal", "kill.grace"};

	if (out->profile.kill.signal == SIGKILL || out->profile.kill.grace_ms > 0)
		return;
	for (size_t i = 0; i < 2; i++) {
		const struct policy_key *key = policy_key_by_path(paths[i]);
		size_t index = (size_t)(key - policy_keys);
		char text[48];

		if (!is_annotated(&out->from[index]))
			continue;
		refuse(out, out->from[index].where,
		       policy_key_text(key, &out->profile, text, sizeof(text)),
		       "a signal other than SIGKILL needs a grace above zero");
		policy_key_copy(key, before, &out->profile);
		out->from[index] = from[index];
	}
}

static void apply(const struct json *root, const struct identity *id, struct effective_policy *out)
{
	const struct profile before = out->profile;
	struct origin from[POLICY_KEYS_MAX];

	memcpy(from, out->from, sizeof(from));
	for (size_t i = 0; i < policy_keys_len; i++)
		if (policy_keys[i].annotation)
			apply_key(root, id, i, out);
	apply_disable(root, id, out);
	keep_kill_whole(out, &before, from);
	refuse_unknown(id, out);
}

/* Most containers have none: then the copies that apply() makes would be made for nothing. */
void policy_apply_annotations(const struct json *root, const struct identity *id,
			      struct effective_policy *out)
{
	if (has_ours(id))
		apply(root, id, out);
}
