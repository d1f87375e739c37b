/* SPDX-License-Identifier: Apache-2.0 */
/* The pure half of settings.h: from profile and facts to a list of writes. */
#include "settings.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* dockerd and containerd protect themselves by -999, and their shims have one more. */
#define MANAGERS_SCORE (-998)

static const char *number_text(uint64_t value, char *buf, size_t cap)
{
	if (value == MEMCG_NO_LIMIT)
		snprintf(buf, cap, "max");
	else
		snprintf(buf, cap, "%" PRIu64, value);
	return buf;
}

static struct setting_result *add_result(struct settings_plan *plan, const char *key,
					 const char *file, enum setting_outcome outcome,
					 const char *old_value)
{
	struct setting_result *result = &plan->results.item[plan->results.len++];

	memset(result, 0, sizeof(*result));
	result->key = key;
	snprintf(result->file, sizeof(result->file), "%s", file);
	result->outcome = outcome;
	snprintf(result->old_value, sizeof(result->old_value), "%s", old_value);
	snprintf(result->new_value, sizeof(result->new_value), "%s", old_value);
	return result;
}

static struct setting_result *refuse(struct settings_plan *plan, const char *key, const char *file,
				     const char *reason)
{
	struct setting_result *result = add_result(plan, key, file, SETTING_REFUSED, "");

	snprintf(result->reason, sizeof(result->reason), "%s", reason);
	return result;
}

/* Unchanged when it is so already, else one more write. */
static void want(struct settings_plan *plan, const char *key, const char *file,
		 const char *old_value, const char *value)
{
	struct setting_result *result = add_result(plan, key, file, SETTING_UNCHANGED, old_value);
	struct settings_write *write;

	if (strcmp(old_value, value) == 0)
		return;
	/* Until the write is done and read back, it counts as failed. */
	result->outcome = SETTING_FAILED;
	snprintf(result->reason, sizeof(result->reason), "not written");
	write = &plan->write[plan->writes_len++];
	write->key = key;
	write->file = file;
	snprintf(write->value, sizeof(write->value), "%s", value);
	snprintf(write->old_value, sizeof(write->old_value), "%s", old_value);
	write->result = plan->results.len - 1;
}

/* For the write that want() has just added. */
static void note_last(struct settings_plan *plan, const char *note)
{
	if (plan->writes_len)
		plan->write[plan->writes_len - 1].note = note;
}

static void want_number(struct settings_plan *plan, const char *key, const char *file,
			uint64_t old_value, uint64_t value)
{
	char old_text[48], text[48];

	want(plan, key, file, number_text(old_value, old_text, sizeof(old_text)),
	     number_text(value, text, sizeof(text)));
}

static void plan_oom_killer(const struct profile *profile, const struct settings_facts *facts,
			    struct settings_plan *plan)
{
	const char *file = "memory.oom_control";

	if (profile->settings.oom_killer != SWITCH_ON)
		return;
	if (facts->version == CGROUP_V2) {
		struct setting_result *result =
		    add_result(plan, SETTING_OOM_KILLER, "", SETTING_UNCHANGED, "on");

		snprintf(result->reason, sizeof(result->reason),
			 "cgroup v2 cannot switch the OOM killer off");
		return;
	}
	if (!facts->has_oom_control) {
		refuse(plan, SETTING_OOM_KILLER, file, "this kernel has no memory.oom_control");
		return;
	}
	want(plan, SETTING_OOM_KILLER, file, facts->oom_kill_disabled ? "1" : "0", "0");
}

static void plan_oom_group(const struct profile *profile, const struct settings_facts *facts,
			   struct settings_plan *plan)
{
	const char *file = "memory.oom.group";

	if (profile->settings.oom_group == SWITCH_LEAVE)
		return;
	if (facts->version == CGROUP_V1)
		refuse(plan, SETTING_OOM_GROUP, file, "cgroup v1 has no memory.oom.group");
	else if (!facts->has_oom_group)
		refuse(plan, SETTING_OOM_GROUP, file,
		       "this kernel has no memory.oom.group (it came with 4.19)");
	else
		want(plan, SETTING_OOM_GROUP, file, facts->oom_group ? "1" : "0",
		     profile->settings.oom_group == SWITCH_ON ? "1" : "0");
}

static uint64_t whole_pages(uint64_t bytes, const struct settings_facts *facts)
{
	return facts->page_size ? bytes - bytes % facts->page_size : bytes;
}

/* Returns the limit that holds after the plan. */
static uint64_t plan_limit(const struct profile *profile, const struct settings_facts *facts,
			   struct settings_plan *plan)
{
	const char *file = facts->version == CGROUP_V1 ? "memory.limit_in_bytes" : "memory.max";
	const struct limit_spec *spec = &profile->settings.limit;
	uint64_t bytes = whole_pages(spec->bytes, facts);
	char text[48];

	if (spec->kind == LIMIT_LEAVE)
		return facts->limit;
	if (facts->limit != MEMCG_NO_LIMIT) {
		struct setting_result *result =
		    add_result(plan, SETTING_LIMIT, file, SETTING_UNCHANGED,
			       number_text(facts->limit, text, sizeof(text)));

		snprintf(result->reason, sizeof(result->reason),
			 "the container came with a limit of its own");
		return facts->limit;
	}
	if (spec->kind == LIMIT_REQUIRE) {
		refuse(plan, SETTING_LIMIT, file, "the container has no memory limit");
		plan->results.require_limit_failed = true;
		return facts->limit;
	}
	/* v2 would take the limit and kill; v1 says EBUSY. Neither helps. */
	if (bytes == 0 || facts->usage >= bytes) {
		refuse(plan, SETTING_LIMIT, file, "more memory than that is in use already");
		return facts->limit;
	}
	want_number(plan, SETTING_LIMIT, file, facts->limit, bytes);
	return bytes;
}

/* Of swap beyond the limit, in whole pages. */
static bool swap_bytes(const struct size_spec *spec, const struct settings_facts *facts,
		       uint64_t limit, uint64_t *swap)
{
	if (!size_spec_bytes(spec, limit, swap))
		return false;
	*swap = whole_pages(*swap, facts);
	return true;
}

/*
 * v1 has one number for memory and swap together, and keeps limit ≤ memsw. The limit stands before
 * it in the plan: it is only ever lowered (from none), which must come first, and a memsw that is
 * raised never meets a new limit.
 */
static void plan_swap(const struct profile *profile, const struct settings_facts *facts,
		      uint64_t limit, struct settings_plan *plan)
{
	const struct size_spec *spec = &profile->settings.swap;
	bool v1 = facts->version == CGROUP_V1;
	const char *file = v1 ? "memory.memsw.limit_in_bytes" : "memory.swap.max";
	uint64_t swap = 0;

	if (spec->kind == SIZE_LEAVE)
		return;
	if (!facts->has_swap)
		refuse(plan, SETTING_SWAP, file,
		       "the kernel does not account swap here (swapaccount=1 on its command line)");
	else if (limit == MEMCG_NO_LIMIT && (v1 || spec->kind == SIZE_PERCENT))
		refuse(plan, SETTING_SWAP, file,
		       "what may be used beyond the limit needs a limit, and there is none");
	else if (!swap_bytes(spec, facts, limit, &swap) || (v1 && swap > INT64_MAX - limit))
		refuse(plan, SETTING_SWAP, file, "the size is out of range");
	else if (v1)
		want_number(plan, SETTING_SWAP, file, facts->memsw_limit, limit + swap);
	else
		want_number(plan, SETTING_SWAP, file, facts->swap_max, swap);
}

static void plan_swappiness(const struct profile *profile, const struct settings_facts *facts,
			    struct settings_plan *plan)
{
	const char *file = "memory.swappiness";

	if (profile->settings.swappiness < 0)
		return;
	if (facts->version == CGROUP_V2)
		refuse(plan, SETTING_SWAPPINESS, file, "cgroup v2 has no swappiness of a cgroup");
	else if (!facts->has_swappiness)
		refuse(plan, SETTING_SWAPPINESS, file, "this kernel has no memory.swappiness");
	else
		want_number(plan, SETTING_SWAPPINESS, file, (uint64_t)facts->swappiness,
			    (uint64_t)profile->settings.swappiness);
}

/* A score that is set later, by the one who watches the container. */
static void later(struct settings_plan *plan, const char *key, int score, const char *reason)
{
	struct setting_result *result;
	char text[16];

	snprintf(text, sizeof(text), "%d", score);
	result = add_result(plan, key, "oom_score_adj", SETTING_LATER, text);
	snprintf(result->reason, sizeof(result->reason), "%s", reason);
}

static void want_score(struct settings_plan *plan, const char *key, int now, int value)
{
	char old_text[16], text[16];

	snprintf(old_text, sizeof(old_text), "%d", now);
	snprintf(text, sizeof(text), "%d", value);
	want(plan, key, "oom_score_adj", old_text, text);
}

/* The score the init should have come with. */
static int own_score(const struct settings_facts *facts)
{
	if (facts->has_config_score)
		return facts->init_score < facts->config_score ? facts->config_score
							       : facts->init_score;
	return facts->init_score <= MANAGERS_SCORE ? 0 : facts->init_score;
}

/* Returns the score that holds after the plan. */
static int plan_inherited(const struct settings_facts *facts, struct settings_plan *plan)
{
	int own = own_score(facts);

	if (own == facts->init_score)
		return own;
	want_score(plan, SETTING_SCORE_INHERITED, facts->init_score, own);
	note_last(plan, facts->has_config_score
			    ? "inherited from its manager; config.json names another"
			    : "inherited from its manager; config.json names none");
	return own;
}

/*
 * Now the init gets the workload's value, so that everything inherits it. What is written with
 * CAP_SYS_RESOURCE also becomes the process's minimum and is inherited as such: without that
 * capability nobody in the container can go below the workload's value later.
 */
static void plan_scores(const struct profile *profile, const struct settings_facts *facts,
			struct settings_plan *plan)
{
	const struct score_spec *init = &profile->settings.score_init;
	const struct score_spec *workload = &profile->settings.score_workload;
	int now, value;

	now = value = facts->has_score ? plan_inherited(facts, plan) : 0;
	if (!settings_scores_wanted(profile))
		return;
	if (!facts->has_score) {
		refuse(plan, SETTING_SCORE_WORKLOAD, "oom_score_adj",
		       "the score of the container's init cannot be read");
		return;
	}
	if (workload->kind != SCORE_LEAVE) {
		value = score_spec_value(workload, now);
		want_score(plan, SETTING_SCORE_WORKLOAD, now, value);
	}
	if (init->kind != SCORE_LEAVE || value != now)
		later(plan, SETTING_SCORE_INIT, now, "set once the first child exists");
	if (profile->settings.score_rules.len)
		later(plan, SETTING_SCORE_RULES, now, "set for processes as they are found");
}

void settings_plan(const struct profile *profile, const struct settings_facts *facts,
		   struct settings_plan *out)
{
	uint64_t limit;

	memset(out, 0, sizeof(*out));
	plan_oom_killer(profile, facts, out);
	plan_oom_group(profile, facts, out);
	limit = plan_limit(profile, facts, out);
	plan_swap(profile, facts, limit, out);
	plan_swappiness(profile, facts, out);
	plan_scores(profile, facts, out);
}

bool settings_scores_wanted(const struct profile *profile)
{
	return profile->settings.score_init.kind != SCORE_LEAVE ||
	       profile->settings.score_workload.kind != SCORE_LEAVE ||
	       profile->settings.score_rules.len > 0;
}

int score_matcher_init(struct score_matcher *matcher, const struct profile *profile, int base,
		       struct error *err)
{
	const struct score_rules *rules = &profile->settings.score_rules;

	memset(matcher, 0, sizeof(*matcher));
	matcher->profile = profile;
	matcher->base = base;
	for (; matcher->len < rules->len; matcher->len++) {
		const char *name = rules->rule[matcher->len].name;

		if (regcomp(&matcher->rule[matcher->len], name, REG_EXTENDED | REG_NOSUB) == 0)
			continue;
		score_matcher_free(matcher);
		return error_say(err, EINVAL, "%s: \"%s\" is no regular expression",
				 SETTING_SCORE_RULES, name);
	}
	return 0;
}

void score_matcher_free(struct score_matcher *matcher)
{
	for (size_t i = 0; i < matcher->len; i++)
		regfree(&matcher->rule[i]);
	matcher->len = 0;
}

int settings_score_rule(const struct score_matcher *matcher, const char *comm)
{
	for (size_t i = 0; i < matcher->len; i++)
		if (regexec(&matcher->rule[i], comm, 0, NULL, 0) == 0)
			return (int)i;
	return -1;
}

bool settings_score_wanted(const struct score_matcher *matcher, bool is_init, int rule, int *wanted)
{
	const struct profile *profile = matcher->profile;
	const struct score_spec *spec = &profile->settings.score_workload;

	if (is_init && profile->settings.score_init.kind != SCORE_LEAVE)
		spec = &profile->settings.score_init;
	else if (rule >= 0)
		spec = &profile->settings.score_rules.rule[rule].value;
	else if (spec->kind == SCORE_LEAVE)
		return false;
	*wanted = is_init && spec == &profile->settings.score_workload
		      ? matcher->base
		      : score_spec_value(spec, matcher->base);
	return true;
}
