/* SPDX-License-Identifier: Apache-2.0 */
#include "dry_run.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "cleanup.h"
#include "jsonw.h"
#include "write_all.h"

#define OUTPUT_MAX_BYTES (256 * 1024)

static int start(struct hook *hook, struct jsonw *w, char *buf)
{
	const struct plan *plan = &hook->plan;
	int r = jsonw_init(w, buf, OUTPUT_MAX_BYTES, true);

	if (r < 0)
		return r;
	jsonw_start(w);
	jsonw_object(w);
	jsonw_kv_string(w, "stage", hook_stage_name(hook->args.stage));
	jsonw_kv_string(w, "id", plan->identity.id);
	jsonw_kv_bool(w, "guarded", plan->guarded);
	jsonw_key(w, "problems");
	jsonw_array(w);
	for (size_t i = 0; i < plan->problems_len; i++)
		jsonw_string(w, plan->problems[i]);
	jsonw_array_end(w);
	return 0;
}

static int finish(struct hook *hook, struct jsonw *w)
{
	int len, r = 0;

	jsonw_object_end(w);
	len = jsonw_finish(w);
	if (len > 0)
		r = write_all(STDOUT_FILENO, w->buf, (size_t)len);
	jsonw_close(w);
	if (len < 0 || r < 0)
		return hook_failed(hook, -EIO, "the dry run could not be printed");
	return 0;
}

static void write_argv(struct jsonw *w, const char *key, char *const *argv)
{
	if (!argv)
		return;
	jsonw_key(w, key);
	jsonw_array(w);
	for (; *argv; argv++)
		jsonw_string(w, *argv);
	jsonw_array_end(w);
}

static void write_restart(struct jsonw *w, const struct restart_plan *restart)
{
	jsonw_key(w, "restart");
	jsonw_object(w);
	jsonw_kv_string(w, "via", restart_way_name(restart->way));
	jsonw_kv_string(w, "why", restart->why);
	write_argv(w, "delete", restart->delete_argv);
	write_argv(w, "run", restart->argv);
	jsonw_object_end(w);
}

/* Writes that would be done, and what is settled without one (as it is already, or refused). */
static void write_settings(struct hook *hook, const struct memcg *memcg, struct jsonw *w)
{
	const struct plan *plan = &hook->plan;
	struct settings_facts facts;
	struct settings_plan settings;

	if (!plan->guarded ||
	    settings_facts_read(memcg, hook->procfd, plan->init_pid, &facts, NULL) < 0)
		return;
	settings_facts_given(&facts, &hook->given);
	settings_plan(&plan->policy->profile, &facts, &settings);
	jsonw_key(w, "writes");
	jsonw_array(w);
	for (size_t i = 0; i < settings.writes_len; i++) {
		const struct settings_write *write = &settings.write[i];

		jsonw_object(w);
		jsonw_kv_string(w, "key", write->key);
		jsonw_kv_string(w, "file", write->file);
		jsonw_kv_string(w, "old", write->old_value);
		jsonw_kv_string(w, "new", write->value);
		jsonw_object_end(w);
	}
	jsonw_array_end(w);
	jsonw_key(w, "refused");
	jsonw_array(w);
	for (size_t i = 0; i < settings.results.len; i++) {
		const struct setting_result *result = &settings.results.item[i];

		if (result->outcome != SETTING_REFUSED)
			continue;
		jsonw_object(w);
		jsonw_kv_string(w, "key", result->key);
		jsonw_kv_string(w, "reason", result->reason);
		jsonw_object_end(w);
	}
	jsonw_array_end(w);
}

int dry_run_create(struct hook *hook, const struct memcg *memcg)
{
	cleanup_free char *buf = malloc(OUTPUT_MAX_BYTES);
	struct jsonw w;

	if (!buf || start(hook, &w, buf) < 0)
		return -ENOMEM;
	jsonw_key(&w, "identity");
	jsonw_object(&w);
	identity_write(&w, &hook->plan.identity, SIZE_MAX, SIZE_MAX);
	jsonw_object_end(&w);
	jsonw_key(&w, "policy");
	jsonw_object(&w);
	effective_policy_write(hook->plan.policy, &w);
	jsonw_object_end(&w);
	write_settings(hook, memcg, &w);
	write_restart(&w, &hook->plan.restart);
	return finish(hook, &w);
}

static int print_shim(struct hook *hook, const struct container *container, const char *key,
		      bool would)
{
	cleanup_free char *buf = malloc(OUTPUT_MAX_BYTES);
	struct jsonw w;

	if (!buf || start(hook, &w, buf) < 0)
		return -ENOMEM;
	jsonw_kv_string(&w, "key", container->key);
	jsonw_kv_bool(&w, key, would);
	return finish(hook, &w);
}

int dry_run_poststart(struct hook *hook, const struct container *container)
{
	return print_shim(hook, container, "startShim",
			  !state_locked(container->dir, STATE_SHIM_LOCK));
}

int dry_run_poststop(struct hook *hook, const struct container *container)
{
	return print_shim(hook, container, "endShim",
			  state_locked(container->dir, STATE_SHIM_LOCK));
}
