/* SPDX-License-Identifier: Apache-2.0 */
#include "policy_keys.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <string.h>

static const struct policy_word actions[] = {
    {"report", POLICY_REPORT}, {"kill", POLICY_KILL}, {"restart", POLICY_RESTART}, {NULL, 0}};
static const struct policy_word on_leave[] = {
    {"on", SWITCH_ON}, {"leave", SWITCH_LEAVE}, {NULL, 0}};
static const struct policy_word switches[] = {
    {"on", SWITCH_ON}, {"off", SWITCH_OFF}, {"leave", SWITCH_LEAVE}, {NULL, 0}};
static const struct policy_word vias[] = {{"auto", RESTART_VIA_AUTO},
					  {"runtime", RESTART_VIA_RUNTIME},
					  {"manager", RESTART_VIA_MANAGER},
					  {NULL, 0}};
static const struct policy_word give_ups[] = {
    {"kill", GIVE_UP_KILL}, {"leave", GIVE_UP_LEAVE}, {NULL, 0}};

static const struct policy_word off_or_number[] = {{"off", 0}, {NULL, 0}};
static const struct policy_word near_ofs[] = {
    {"working-set", NEAR_OF_WORKING_SET}, {"usage", NEAR_OF_USAGE}, {NULL, 0}};
static const struct policy_word near_actions[] = {{"report", NEAR_REPORT},
						  {"snapshot", NEAR_SNAPSHOT},
						  {"rescore", NEAR_RESCORE},
						  {"kill-largest", NEAR_KILL_LARGEST},
						  {NULL, 0}};
static const struct policy_word rungs[] = {{"enable-oom-killer", RUNG_ENABLE_OOM_KILLER},
					   {"kill-largest", RUNG_KILL_LARGEST},
					   {"raise-limit", RUNG_RAISE_LIMIT},
					   {"kill", RUNG_KILL},
					   {"report", RUNG_REPORT},
					   {NULL, 0}};

/* What services stop at; SIGRTMIN is known at run time only, so its offset stands negative. */
const struct policy_word policy_signals[] = {{"SIGKILL", SIGKILL},
					     {"SIGTERM", SIGTERM},
					     {"SIGINT", SIGINT},
					     {"SIGQUIT", SIGQUIT},
					     {"SIGHUP", SIGHUP},
					     {"SIGABRT", SIGABRT},
					     {"SIGALRM", SIGALRM},
					     {"SIGUSR1", SIGUSR1},
					     {"SIGUSR2", SIGUSR2},
					     {"SIGPWR", SIGPWR},
					     {"SIGWINCH", SIGWINCH},
					     {"SIGRTMIN+3", -3},
					     {NULL, 0}};

#define AT(member) offsetof(struct profile, member)
#define PERCENT INT64_C(1000) /* in thousandths */
#define ON_OOM(slot) (AT(on_oom) + (slot) * sizeof(enum policy_action))

const struct policy_key policy_keys[] = {
    {"settings.oomKiller", "oom-killer", KEY_ENUM, AT(settings.oom_killer), 0, 0, on_leave},
    {"settings.oomGroup", "oom-group", KEY_ENUM, AT(settings.oom_group), 0, 0, switches},
    {"settings.oomScoreAdj.init", "oom-score-adj-init", KEY_SCORE, AT(settings.score_init), -1000,
     1000, NULL},
    /* At -1000 nothing in the container could be killed, and it would spin at its limit. */
    {"settings.oomScoreAdj.workload", "oom-score-adj-workload", KEY_SCORE,
     AT(settings.score_workload), -999, 1000, NULL},
    {"settings.oomScoreAdj.rules", NULL, KEY_SCORE_RULES, AT(settings.score_rules), -1000, 1000,
     NULL},
    {"settings.swap", "swap", KEY_SIZE, AT(settings.swap), 0, 0, NULL},
    {"settings.swappiness", "swappiness", KEY_SWAPPINESS, AT(settings.swappiness), 0, 100, NULL},
    {"settings.limit", NULL, KEY_LIMIT, AT(settings.limit), 0, 0, NULL},
    {"settings.keep", "keep", KEY_BOOL, AT(settings.keep), 0, 0, NULL},
    {"settings.emptyOnExit", "empty-on-exit", KEY_BOOL, AT(settings.empty_on_exit), 0, 0, NULL},
    {"settings.addInit", "add-init", KEY_BOOL, AT(settings.add_init), 0, 0, NULL},
    {"onOom.init", "on-oom-init", KEY_ENUM, ON_OOM(OOM_SLOT_INIT), 0, 0, actions},
    {"onOom.process", "on-oom-process", KEY_ENUM, ON_OOM(OOM_SLOT_PROCESS), 0, 0, actions},
    {"onOom.group", "on-oom-group", KEY_ENUM, ON_OOM(OOM_SLOT_GROUP), 0, 0, actions},
    {"onOom.ancestor", "on-oom-ancestor", KEY_ENUM, ON_OOM(OOM_SLOT_ANCESTOR), 0, 0, actions},
    {"onOom.global", "on-oom-global", KEY_ENUM, ON_OOM(OOM_SLOT_GLOBAL), 0, 0, actions},
    {"onOom.unknown", "on-oom-unknown", KEY_ENUM, ON_OOM(OOM_SLOT_UNKNOWN), 0, 0, actions},
    {"onOom.respawnGrace", "respawn-grace", KEY_DURATION, AT(respawn_grace_ms), 0, 0, NULL},
    {"onStall.after", "on-stall-after", KEY_DURATION, AT(on_stall.after_ms), 100, 0, NULL},
    {"onStall.pressure.share", NULL, KEY_PERCENT, AT(on_stall.pressure_share), 1 * PERCENT,
     100 * PERCENT, NULL},
    {"onStall.pressure.for", NULL, KEY_DURATION, AT(on_stall.pressure_for_ms), 1000, 0, NULL},
    {"onStall.ladder", NULL, KEY_LADDER, AT(on_stall.ladder), 0, 0, rungs},
    {"victims.prefer", NULL, KEY_ERES, AT(victims.prefer), 0, 0, NULL},
    {"victims.avoid", NULL, KEY_ERES, AT(victims.avoid), 0, 0, NULL},
    {"onNearLimit.at", "near-limit-at", KEY_PERCENT, AT(on_near_limit.at), 1 * PERCENT,
     99 * PERCENT, off_or_number},
    {"onNearLimit.of", NULL, KEY_ENUM, AT(on_near_limit.of), 0, 0, near_ofs},
    {"onNearLimit.actions", "near-limit-actions", KEY_NEAR_ACTIONS, AT(on_near_limit.actions), 0, 0,
     near_actions},
    {"onNearLimit.process", NULL, KEY_ERE, AT(on_near_limit.process), 0, 0, NULL},
    {"onNearLimit.rearm", "near-limit-rearm", KEY_DURATION, AT(on_near_limit.rearm_ms), 1000, 0,
     NULL},
    {"onZombies.above", "zombies-above", KEY_COUNT, AT(on_zombies.above), 1, 100000, off_or_number},
    {"onZombies.action", "zombies-action", KEY_ENUM, AT(on_zombies.action), 0, 0, actions},
    {"restart.via", "restart-via", KEY_ENUM, AT(restart.via), 0, 0, vias},
    {"restart.max", "restart-max", KEY_COUNT, AT(restart.max), 0, 100, NULL},
    {"restart.within", "restart-within", KEY_DURATION, AT(restart.within_ms), 1, 0, NULL},
    {"restart.backoff.initial", "restart-backoff-initial", KEY_DURATION,
     AT(restart.backoff_initial_ms), 0, 0, NULL},
    {"restart.backoff.factor", "restart-backoff-factor", KEY_FACTOR, AT(restart.backoff_factor), 1,
     100, NULL},
    {"restart.backoff.max", "restart-backoff-max", KEY_DURATION, AT(restart.backoff_max_ms), 0, 0,
     NULL},
    {"restart.giveUp", "restart-give-up", KEY_ENUM, AT(restart.give_up), 0, 0, give_ups},
    {"kill.signal", "kill-signal", KEY_SIGNAL, AT(kill.signal), 0, 0, policy_signals},
    {"kill.grace", "kill-grace", KEY_DURATION, AT(kill.grace_ms), 0, 0, NULL},
    {"evidence.budget", "evidence-budget", KEY_DURATION, AT(evidence.budget_ms), 0, 0, NULL},
};

const size_t policy_keys_len = sizeof(policy_keys) / sizeof(policy_keys[0]);
static_assert(sizeof(policy_keys) / sizeof(policy_keys[0]) <= POLICY_KEYS_MAX,
	      "struct effective_policy has no room for the origin of every key");

const struct policy_key *policy_key_by_path(const char *path)
{
	for (size_t i = 0; i < policy_keys_len; i++)
		if (strcmp(policy_keys[i].path, path) == 0)
			return &policy_keys[i];
	return NULL;
}

const struct policy_key *policy_key_by_annotation(const char *name)
{
	for (size_t i = 0; i < policy_keys_len; i++)
		if (policy_keys[i].annotation && strcmp(policy_keys[i].annotation, name) == 0)
			return &policy_keys[i];
	return NULL;
}

int policy_signal_number(const char *word)
{
	for (const struct policy_word *known = policy_signals; known->word; known++)
		if (strcmp(known->word, word) == 0)
			return known->value < 0 ? SIGRTMIN - known->value : known->value;
	return -EINVAL;
}

const char *policy_signal_word(int number)
{
	for (const struct policy_word *known = policy_signals; known->word; known++)
		if (number == (known->value < 0 ? SIGRTMIN - known->value : known->value))
			return known->word;
	return NULL;
}

bool policy_key_has_words(const struct policy_key *key)
{
	switch (key->kind) {
	case KEY_ENUM:
	case KEY_SIGNAL:
	case KEY_BOOL:
	case KEY_NEAR_ACTIONS:
		return true;
	case KEY_SIZE:
	case KEY_SCORE:
	case KEY_SCORE_RULES:
	case KEY_SWAPPINESS:
	case KEY_LIMIT:
	case KEY_DURATION:
	case KEY_COUNT:
	case KEY_FACTOR:
	case KEY_PERCENT:
	case KEY_ERE:
	case KEY_ERES:
	case KEY_LADDER:
		break;
	}
	return false;
}

size_t policy_key_size(const struct policy_key *key)
{
	switch (key->kind) {
	case KEY_ENUM:
	case KEY_SWAPPINESS:
	case KEY_SIGNAL:
	case KEY_BOOL:
		return sizeof(int);
	case KEY_SIZE:
		return sizeof(struct size_spec);
	case KEY_SCORE:
		return sizeof(struct score_spec);
	case KEY_SCORE_RULES:
		return sizeof(struct score_rules);
	case KEY_LIMIT:
		return sizeof(struct limit_spec);
	case KEY_DURATION:
		return sizeof(uint64_t);
	case KEY_COUNT:
	case KEY_PERCENT:
		return sizeof(uint32_t);
	case KEY_ERE:
		return POLICY_ERE_MAX;
	case KEY_ERES:
		return sizeof(struct ere_list);
	case KEY_LADDER:
		return sizeof(struct ladder);
	case KEY_NEAR_ACTIONS:
		return sizeof(struct near_actions);
	case KEY_FACTOR:
		break;
	}
	return sizeof(double);
}

void policy_key_copy(const struct policy_key *key, const struct profile *from, struct profile *to)
{
	memcpy((char *)to + key->offset, (const char *)from + key->offset, policy_key_size(key));
}

static int order_of(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

static int compare_scores(const struct score_spec *a, const struct score_spec *b, int *order)
{
	if (a->kind != SCORE_ABSOLUTE || b->kind != SCORE_ABSOLUTE)
		return -EINVAL;
	*order = (a->value > b->value) - (a->value < b->value);
	return 0;
}

static int compare_sizes(const struct size_spec *a, const struct size_spec *b, int *order)
{
	if (a->kind == SIZE_LEAVE || a->kind != b->kind)
		return -EINVAL;
	*order = a->kind == SIZE_BYTES ? order_of(a->bytes, b->bytes)
				       : order_of(a->millipercent, b->millipercent);
	return 0;
}

/* "off" is neither below nor above a number. */
static int compare_counts(const struct policy_key *key, uint32_t a, uint32_t b, int *order)
{
	if (key->words && (a == 0 || b == 0))
		return -EINVAL;
	*order = order_of(a, b);
	return 0;
}

int policy_key_compare(const struct policy_key *key, const struct profile *profile_a,
		       const struct profile *profile_b, int *order)
{
	const void *a = (const char *)profile_a + key->offset;
	const void *b = (const char *)profile_b + key->offset;

	switch (key->kind) {
	case KEY_SCORE:
		return compare_scores(a, b, order);
	case KEY_SIZE:
		return compare_sizes(a, b, order);
	case KEY_SWAPPINESS:
		*order = *(const int *)a - *(const int *)b;
		return *(const int *)a < 0 || *(const int *)b < 0 ? -EINVAL : 0;
	case KEY_DURATION:
		*order = order_of(*(const uint64_t *)a, *(const uint64_t *)b);
		return 0;
	case KEY_COUNT:
	case KEY_PERCENT:
		return compare_counts(key, *(const uint32_t *)a, *(const uint32_t *)b, order);
	case KEY_FACTOR:
		*order = (*(const double *)a > *(const double *)b) -
			 (*(const double *)a < *(const double *)b);
		return 0;
	case KEY_ENUM:
	case KEY_SIGNAL:
	case KEY_BOOL:
	case KEY_SCORE_RULES:
	case KEY_LIMIT:
	case KEY_ERE:
	case KEY_ERES:
	case KEY_LADDER:
	case KEY_NEAR_ACTIONS:
		break;
	}
	return -EINVAL;
}
