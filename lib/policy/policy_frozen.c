/* SPDX-License-Identifier: Apache-2.0 */
/* The effective policy of one container: told as JSON, frozen at its creation, and read back. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "policy_effective.h"

static const char *const origin_kinds[] = {
    [ORIGIN_BUILTIN] = "built-in",	[ORIGIN_FILE] = "file",	  [ORIGIN_RULE] = "rule",
    [ORIGIN_ANNOTATION] = "annotation", [ORIGIN_BOUND] = "bound", [ORIGIN_ARGUMENT] = "argument",
};

static void write_origin(const struct origin *origin, struct jsonw *w)
{
	jsonw_kv_string(w, "from", origin_kinds[origin->kind]);
	if (origin->where[0])
		jsonw_kv_string(w, "where", origin->where);
}

static void write_keys(const struct effective_policy *policy, struct jsonw *w)
{
	jsonw_key(w, "keys");
	jsonw_object(w);
	for (size_t i = 0; i < policy_keys_len; i++) {
		jsonw_key(w, policy_keys[i].path);
		jsonw_object(w);
		jsonw_key(w, "value");
		policy_key_write(&policy_keys[i], &policy->profile, w);
		write_origin(&policy->from[i], w);
		jsonw_object_end(w);
	}
	jsonw_object_end(w);
}

static void freeze_values(const struct effective_policy *policy, struct jsonw *w)
{
	jsonw_key(w, "values");
	jsonw_object(w);
	for (size_t i = 0; i < policy_keys_len; i++) {
		jsonw_key(w, policy_keys[i].path);
		policy_key_write(&policy_keys[i], &policy->profile, w);
	}
	jsonw_object_end(w);
}

static void freeze_origins(const struct effective_policy *policy, struct jsonw *w)
{
	jsonw_key(w, "origins");
	jsonw_object(w);
	for (size_t i = 0; i < policy_keys_len; i++) {
		if (policy->from[i].kind == ORIGIN_BUILTIN)
			continue;
		jsonw_key(w, policy_keys[i].path);
		jsonw_object(w);
		write_origin(&policy->from[i], w);
		jsonw_object_end(w);
	}
	jsonw_object_end(w);
}

static void write_host(const struct host_policy *host, struct jsonw *w)
{
	jsonw_key(w, "host");
	jsonw_object(w);
	jsonw_kv_uint(w, "maxConcurrentRestarts", host->max_concurrent_restarts);
	jsonw_key(w, "runtimes");
	jsonw_array(w);
	for (size_t i = 0; i < host->runtimes_len; i++)
		jsonw_string(w, host->runtimes[i]);
	jsonw_array_end(w);
	jsonw_object_end(w);
}

static void write_refused(const struct effective_policy *policy, struct jsonw *w)
{
	jsonw_key(w, "refused");
	jsonw_array(w);
	for (size_t i = 0; i < policy->refused_len; i++) {
		jsonw_object(w);
		jsonw_kv_string(w, "key", policy->refused[i].key);
		jsonw_kv_string(w, "value", policy->refused[i].value);
		jsonw_kv_string(w, "reason", policy->refused[i].reason);
		jsonw_object_end(w);
	}
	jsonw_array_end(w);
	jsonw_kv_uint(w, "refusedMore", policy->refused_dropped);
}

static void write_head(const struct effective_policy *policy, struct jsonw *w)
{
	jsonw_key(w, "profile");
	jsonw_object(w);
	jsonw_kv_string(w, "name", policy->profile_name);
	write_origin(&policy->profile_from, w);
	jsonw_object_end(w);
	jsonw_kv_bool(w, "disabled", policy->disabled);
}

void effective_policy_write(const struct effective_policy *policy, struct jsonw *w)
{
	write_head(policy, w);
	write_keys(policy, w);
	write_host(&policy->host, w);
	write_refused(policy, w);
}

void effective_policy_freeze(const struct effective_policy *policy, struct jsonw *w)
{
	write_head(policy, w);
	freeze_values(policy, w);
	freeze_origins(policy, w);
	write_host(&policy->host, w);
	write_refused(policy, w);
}

static void read_text(const struct json *object, const char *key, char *buf, size_t cap)
{
	const char *text = json_get_string(object, key);

	snprintf(buf, cap, "%s", text ? text : "");
}

static int read_origin(const struct json *object, struct origin *out, struct error *err)
{
	const char *kind = json_get_string(object, "from");

	read_text(object, "where", out->where, sizeof(out->where));
	for (size_t i = 0; kind && i < sizeof(origin_kinds) / sizeof(origin_kinds[0]); i++) {
		if (strcmp(origin_kinds[i], kind) != 0)
			continue;
		out->kind = (enum origin_kind)i;
		return 0;
	}
	return error_say(err, EINVAL, "an origin without a kind that is known");
}

static int read_keys(const struct json *values, const struct json *origins,
		     struct effective_policy *out, struct error *err)
{
	for (size_t i = 0; i < policy_keys_len; i++) {
		const struct json *value = json_get(values, policy_keys[i].path);
		const struct json *origin = json_get(origins, policy_keys[i].path);
		int r;

		if (!value)
			return error_say(err, EINVAL, "the key %s is missing", policy_keys[i].path);
		r = policy_key_read(&policy_keys[i], value, &out->profile, err);
		if (r == 0 && origin)
			r = read_origin(origin, &out->from[i], err);
		if (r < 0)
			return error_wrap(err, r, "%s", policy_keys[i].path);
	}
	return 0;
}

static int read_host(const struct json *json, struct host_policy *out, struct error *err)
{
	const struct json *runtimes = json_get_typed(json, "runtimes", JSON_ARRAY);
	uint64_t restarts;

	if (!runtimes || runtimes->array.len > POLICY_RUNTIMES_MAX ||
	    json_uint64(json_get(json, "maxConcurrentRestarts"), &restarts) < 0 ||
	    restarts > UINT32_MAX)
		return error_say(err, EINVAL, "the host's part is missing or wrong");
	out->max_concurrent_restarts = (uint32_t)restarts;
	for (size_t i = 0; i < runtimes->array.len; i++) {
		const struct json *path = runtimes->array.items[i];

		/* A path that was cut would be another path. */
		if (path->type != JSON_STRING || strlen(path->text) >= POLICY_PATH_MAX)
			return error_say(err, EINVAL, "a runtime's path is wrong");
		snprintf(out->runtimes[i], sizeof(out->runtimes[i]), "%s", path->text);
	}
	out->runtimes_len = runtimes->array.len;
	return 0;
}

static void read_refused(const struct json *json, struct effective_policy *out)
{
	const struct json *list = json_get_typed(json, "refused", JSON_ARRAY);
	uint64_t more = 0;

	for (size_t i = 0; list && i < list->array.len && i < REFUSED_ANNOTATIONS_MAX; i++) {
		struct refused_annotation *refused = &out->refused[out->refused_len++];

		read_text(list->array.items[i], "key", refused->key, sizeof(refused->key));
		read_text(list->array.items[i], "value", refused->value, sizeof(refused->value));
		read_text(list->array.items[i], "reason", refused->reason, sizeof(refused->reason));
	}
	if (json_uint64(json_get(json, "refusedMore"), &more) == 0)
		out->refused_dropped = more;
}

int effective_policy_read(const struct json *json, struct effective_policy *out, struct error *err)
{
	const struct json *profile = json_get(json, "profile");
	const struct json *disabled = json_get_typed(json, "disabled", JSON_BOOL);
	int r;

	read_text(profile, "name", out->profile_name, sizeof(out->profile_name));
	out->disabled = disabled && disabled->boolean;
	r = read_origin(profile, &out->profile_from, err);
	if (r == 0)
		r = read_keys(json_get(json, "values"),
			      json_get_typed(json, "origins", JSON_OBJECT), out, err);
	if (r == 0)
		r = read_host(json_get(json, "host"), &out->host, err);
	if (r < 0)
		return error_wrap(err, r, "frozen policy");
	read_refused(json, out);
	return 0;
}
