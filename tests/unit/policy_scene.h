/* SPDX-License-Identifier: Apache-2.0 */
/* A policy with something of everything, and one container for which it is worked out. */
#pragma once

#include "policy_annotations.h"
#include "policy_text.h"
#include "unit.h"

static const char policy_text[] =
    "{ \"version\": 1,\n"
    "  \"runtimes\": [\"/usr/sbin/runc\"],\n"
    "  \"host\": {\"maxConcurrentRestarts\": 2},\n"
    "  \"profiles\": {\n"
    "    \"default\": {\"onOom\": {\"init\": \"kill\"}},\n"
    "    \"base\": {\"extends\": \"default\", \"kill\": {\"grace\": \"5s\"},\n"
    "       \"onStall\": {\"after\": \"2s\", \"pressure\": {\"share\": \"12.5%\","
    "           \"for\": \"3s\"}, \"ladder\": [\"raise-limit\", \"kill\"]},"
    "       \"victims\": {\"prefer\": [\"^php\", \"\\\"x\"], \"avoid\": [\"^db$\"]},"
    "       \"onNearLimit\": {\"at\": \"off\", \"of\": \"usage\", \"rearm\": \"1m\","
    "           \"process\": \"^java\", \"actions\": [\"kill-largest\", \"signal:SIGRTMIN+3\"]},"
    "       \"onZombies\": {\"above\": \"off\", \"action\": \"kill\"},"
    "       \"settings\": {\"keep\": false, \"emptyOnExit\": false, \"swap\": \"25%\", \"limit\": "
    "{\"default\": \"1GiB\"},\n"
    "          \"oomScoreAdj\": {\"workload\": 500, \"init\": \"-100\",\n"
    "                          \"rules\": [{\"name\": \"^php\", \"value\": \"+7\"}]}}},\n"
    "    \"worker\": {\"extends\": \"base\", \"onOom\": {\"process\": \"restart\"},\n"
    "       \"kill\": {\"signal\": \"SIGTERM\"}},\n"
    "    \"alone\": {\"restart\": {\"backoff\": {\"factor\": 1.5}}}\n"
    "  },\n"
    "  \"rules\": [\n"
    "    {\"match\": {\"namespace\": \"^prod-\", \"container\": \"^php\"}, \"profile\": "
    "\"worker\"},\n"
    "    {\"match\": {\"annotations\": {\"team\": \"^a\"}}, \"profile\": \"alone\"} ],\n"
    "  \"annotations\": {\n"
    "    \"allow\": [\"profile\", \"disable\", \"on-oom-process\", \"oom-group\", "
    "\"restart-max\",\n"
    "       \"oom-score-adj-workload\", \"oom-score-adj-init\", \"kill-signal\", \"kill-grace\",\n"
    "       \"swap\", \"respawn-grace\", \"restart-backoff-factor\", \"swappiness\",\n"
    "       \"keep\", \"empty-on-exit\", \"on-stall-after\", \"near-limit-at\", "
    "\"near-limit-actions\", \"near-limit-rearm\", \"zombies-above\", \"zombies-action\"],\n"
    "    \"bounds\": {\"profile\": [\"default\", \"alone\"],\n"
    "       \"on-oom-process\": [\"report\", \"kill\"],\n"
    "       \"oom-score-adj-workload\": [-999, 1000], \"restart-max\": [1, 10],\n"
    "       \"swap\": [\"0\", \"1GiB\"], \"respawn-grace\": [\"0\", \"2s\"],\n"
    "       \"restart-backoff-factor\": [1.5, 3], \"swappiness\": [10, 60],\n"
    "       \"keep\": [true], \"on-stall-after\": [\"200ms\", \"5s\"],\n"
    "       \"near-limit-at\": [\"50%\", \"95%\"], \"zombies-above\": [10, 1000],\n"
    "       \"near-limit-actions\": [\"report\", \"signal:SIGUSR1\"], "
    "\"zombies-action\": [\"report\"]} } }";

/* One container: its annotations as JSON text, its names, and what comes of it. */
struct scene {
	struct policy_document doc;
	struct identity id;
	struct effective_policy out;
	struct json *annotations;
};

static inline struct scene *scene_new(const char *annotations)
{
	struct json_limits limits = {.source = "config", .max_bytes = 65536, .max_depth = 8};
	struct scene *scene = calloc(1, sizeof(*scene));

	ck_assert_ptr_nonnull(scene);
	ck_assert_int_eq(policy_load_text(policy_text, &scene->doc, NULL, NULL), 0);
	if (annotations)
		ck_assert_int_eq(json_parse(annotations, strlen(annotations), &limits,
					    &scene->annotations, NULL),
				 0);
	scene->id.id = (char *)"c1";
	scene->id.namespace = (char *)"";
	scene->id.container = (char *)"web";
	scene->id.annotations = scene->annotations;
	return scene;
}

static inline struct effective_policy *scene_solve(struct scene *scene)
{
	struct error err = {0};

	memset(&scene->out, 0, sizeof(scene->out));
	ck_assert_msg(policy_effective(&scene->doc, &scene->id, &scene->out, &err) == 0, "%s",
		      err.message);
	return &scene->out;
}

static inline void scene_free(struct scene *scene)
{
	policy_document_free(&scene->doc);
	json_free(scene->annotations);
	free(scene);
}
