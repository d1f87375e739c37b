/* SPDX-License-Identifier: Apache-2.0 */
#include "spec_changes.h"

#include <stdio.h>
#include <stdlib.h>

#include "cleanup.h"
#include "other_init.h"
#include "spec.h"

#define WORDS_MAX 3 /* of process.args are looked at: "busybox init" */

static uint64_t whole_pages(uint64_t bytes, const struct spec_host *host)
{
	return host->page_size ? bytes - bytes % host->page_size : bytes;
}

/* The limit the container will have, or 0 for none. */
static uint64_t change_limit(const struct profile *profile, const struct oci_config *config,
			     struct spec_changes *out)
{
	if (config->has_limit)
		return config->limit_bytes;
	if (profile->settings.limit.kind != LIMIT_DEFAULT ||
	    profile->settings.limit.bytes > INT64_MAX)
		return 0;
	out->set_limit = true;
	out->limit = profile->settings.limit.bytes;
	return out->limit;
}

/*
 * The specification has one number for memory and swap together, on v2 too, and it may not be below
 * the limit. In whole pages, so that it comes to the same as what the hook writes.
 */
static void change_swap(const struct profile *profile, uint64_t limit, const struct spec_host *host,
			struct spec_changes *out)
{
	const struct size_spec *spec = &profile->settings.swap;
	uint64_t bytes;

	if (spec->kind == SIZE_LEAVE || !host->swap || !limit)
		return;
	if (!size_spec_bytes(spec, limit, &bytes) || bytes > INT64_MAX - limit)
		return;
	bytes = whole_pages(limit, host) + whole_pages(bytes, host);
	out->set_swap = true;
	out->swap = bytes < limit ? limit : bytes;
}

static void change_oom_group(const struct profile *profile, const struct spec_host *host,
			     struct spec_changes *out)
{
	if (profile->settings.oom_group == SWITCH_LEAVE || !host->unified || !host->oom_group)
		return;
	out->oom_group = profile->settings.oom_group == SWITCH_ON ? "1" : "0";
}

/* The container's program is an init itself: never another one above it. */
static bool has_own_init(const struct oci_config *config)
{
	const struct json *args = json_path(config->root, SPEC_CONFIG_ARGS);
	char *words[WORDS_MAX] = {NULL};

	if (!args || args->type != JSON_ARRAY)
		return false;
	for (size_t i = 0; i < args->array.len && i < WORDS_MAX - 1; i++) {
		if (args->array.items[i]->type != JSON_STRING)
			break;
		words[i] = args->array.items[i]->text;
	}
	return words[0] && other_init_is(words);
}

/* The workload's score as far as it is known before there is a process to add it to. */
static void init_score(const struct profile *profile, const struct oci_config *config,
		       struct spec_changes *out)
{
	const struct score_spec *spec = &profile->settings.score_workload;

	if (spec->kind == SCORE_LEAVE || (spec->kind == SCORE_RELATIVE && !config->has_score))
		return;
	snprintf(out->init_score, sizeof(out->init_score), "%d",
		 score_spec_value(spec, config->score));
}

bool spec_changes_ask_host(const struct profile *profile, const struct oci_config *config)
{
	return profile->settings.swap.kind != SIZE_LEAVE ||
	       profile->settings.oom_group != SWITCH_LEAVE ||
	       profile->settings.limit.kind == LIMIT_DEFAULT || config->disable_oom_killer;
}

void spec_changes(const struct profile *profile, const struct oci_config *config,
		  const struct spec_host *host, struct spec_changes *out)
{
	*out = (struct spec_changes){0};
	if (profile->settings.add_init && host->init && !has_own_init(config)) {
		out->init = host->init;
		init_score(profile, config, out);
	}
	if (!host->known)
		return;
	/* A runtime without a cgroup refuses any limit, and the container with it. */
	if (!host->rootless) {
		change_swap(profile, change_limit(profile, config, out), host, out);
		change_oom_group(profile, host, out);
	}
	out->enable_oom_killer =
	    profile->settings.oom_killer == SWITCH_ON && config->disable_oom_killer;
}
