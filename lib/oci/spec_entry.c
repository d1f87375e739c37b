/* SPDX-License-Identifier: Apache-2.0 */
#include "spec_entry.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "config.h"
#include "jsonw.h"
#include "utf8.h"

/*
 * With an `env` the hook gets exactly that, and nothing of the engine's. An empty one would stand
 * for none at all.
 */
#define HOOK_ENV "PATH=/usr/sbin:/usr/bin:/sbin:/bin"

/* The runtime refuses the container when a hook outlives its timeout: far above its deadline. */
#define TIMEOUT_SLACK_S 8
#define DEADLINE_DEFAULT_MS 2000

static void option(struct jsonw *w, const char *name, const char *value)
{
	if (!value)
		return;
	jsonw_string(w, name);
	jsonw_string(w, value);
}

static void write_args(const struct spec_hook *hook, const char *stage, struct jsonw *w)
{
	char deadline[32];

	jsonw_key(w, "args");
	jsonw_array(w);
	jsonw_string(w, OOMGUARD_HOOK_NAME);
	jsonw_string(w, stage);
	option(w, "--profile", hook->profile);
	option(w, "--policy", hook->policy);
	option(w, "--root", hook->root);
	option(w, "--failure", hook->closed ? "closed" : NULL);
	snprintf(deadline, sizeof(deadline), "%" PRIu64 "ms", hook->deadline_ms);
	option(w, "--deadline", hook->deadline_ms ? deadline : NULL);
	jsonw_array_end(w);
}

static bool can_be_written(const char *value)
{
	return !value || utf8_valid(value);
}

int spec_hook_entry(const struct spec_hook *hook, const char *stage, char *buf, size_t cap)
{
	uint64_t deadline_ms = hook->deadline_ms ? hook->deadline_ms : DEADLINE_DEFAULT_MS;
	struct jsonw w;
	int len;

	if (!can_be_written(hook->path) || !can_be_written(hook->profile) ||
	    !can_be_written(hook->policy) || !can_be_written(hook->root))
		return -EILSEQ;
	len = jsonw_init(&w, buf, cap, false);
	if (len < 0)
		return len;
	jsonw_object(&w);
	jsonw_kv_string(&w, "path", hook->path);
	write_args(hook, stage, &w);
	jsonw_key(&w, "env");
	jsonw_array(&w);
	jsonw_string(&w, HOOK_ENV);
	jsonw_array_end(&w);
	if (!hook->poststart_untimed || strcmp(stage, "poststart"))
		jsonw_kv_uint(&w, "timeout", (deadline_ms + 999) / 1000 + TIMEOUT_SLACK_S);
	jsonw_object_end(&w);
	len = jsonw_finish(&w);
	jsonw_close(&w);
	if (len > 0)
		buf[--len] = '\0'; /* the newline */
	return len;
}
