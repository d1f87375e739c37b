/* SPDX-License-Identifier: Apache-2.0 */
/* What counters are called and whose they are. */
#include <string.h>

#include "escape.h"
#include "metrics.h"

static const char *const actions[METRICS_ACTIONS] = {
    [METRICS_REPORT] = "report",
    [METRICS_KILL] = "kill",
    [METRICS_RESTART] = "restart",
    [METRICS_GIVE_UP] = "give-up",
    [METRICS_ENABLE_OOM_KILLER] = "enable-oom-killer",
    [METRICS_KILL_LARGEST] = "kill-largest",
    [METRICS_RAISE_LIMIT] = "raise-limit",
};

static const char *const results[METRICS_RESULTS] = {
    [METRICS_REPORTED] = "reported",
    [METRICS_KILLED] = "killed",
    [METRICS_KILL_INCOMPLETE] = "kill-incomplete",
    [METRICS_RESTARTED] = "restarted",
    [METRICS_RESTART_FAILED] = "restart-failed",
    [METRICS_GAVE_UP] = "gave-up",
    [METRICS_CANCELLED] = "cancelled",
    [METRICS_HELPED] = "helped",
    [METRICS_NO_HELP] = "no-help",
};

/* The index of the word; `len` when it is none of them. */
static size_t find(const char *const *words, size_t len, const char *word)
{
	size_t i = 0;

	while (i < len && strcmp(words[i], word))
		i++;
	return i;
}

void metrics_count_action(struct metrics_counts *counts, const char *action, const char *result)
{
	size_t a = find(actions, METRICS_ACTIONS, action);
	size_t r = find(results, METRICS_RESULTS, result);

	if (a < METRICS_ACTIONS && r < METRICS_RESULTS)
		counts->action[a][r]++;
}

const char *metrics_action_name(enum metrics_action action)
{
	return actions[action];
}

const char *metrics_result_name(enum metrics_result result)
{
	return results[result];
}

void metrics_labels(const struct identity *id, struct metrics_labels *out)
{
	const char *container = id->container && id->container[0] ? id->container : id->id;

	/* All of it is compared and hashed as text, and written as bytes. */
	memset(out, 0, sizeof(*out));
	escape_terminal(container ? container : "", out->container, sizeof(out->container));
	escape_terminal(id->pod ? id->pod : "", out->pod, sizeof(out->pod));
	escape_terminal(id->namespace ? id->namespace : "", out->namespace, sizeof(out->namespace));
}

bool metrics_same_labels(const struct metrics_labels *a, const struct metrics_labels *b)
{
	return !strcmp(a->container, b->container) && !strcmp(a->pod, b->pod) &&
	       !strcmp(a->namespace, b->namespace);
}
