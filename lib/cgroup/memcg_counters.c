/* SPDX-License-Identifier: Apache-2.0 */
#include "memcg_counters.h"

#include <errno.h>

void memcg_counters_write(struct jsonw *w, const char *key, const struct memcg_counters *counters)
{
	jsonw_key(w, key);
	if (!counters->known) {
		jsonw_null(w);
		return;
	}
	jsonw_object(w);
	jsonw_kv_uint(w, "oomKill", counters->oom_kill);
	jsonw_kv_uint(w, "oomGroupKill", counters->oom_group_kill);
	jsonw_kv_uint(w, "oom", counters->oom);
	jsonw_kv_uint(w, "max", counters->max);
	jsonw_kv_bool(w, "underOom", counters->under_oom);
	jsonw_kv_bool(w, "killDisabled", counters->kill_disabled);
	jsonw_object_end(w);
}

int memcg_counters_parse(const struct json *object, const char *key, struct memcg_counters *out)
{
	const struct json *value = json_get(object, key);

	*out = (struct memcg_counters){0};
	if (!value || (value->type != JSON_NULL && value->type != JSON_OBJECT))
		return -EINVAL;
	if (value->type == JSON_NULL)
		return 0;
	if (json_uint64(json_get(value, "oomKill"), &out->oom_kill) < 0 ||
	    json_uint64(json_get(value, "oomGroupKill"), &out->oom_group_kill) < 0 ||
	    json_uint64(json_get(value, "oom"), &out->oom) < 0 ||
	    json_uint64(json_get(value, "max"), &out->max) < 0)
		return -EINVAL;
	out->known = true;
	return 0;
}
