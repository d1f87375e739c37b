/* SPDX-License-Identifier: Apache-2.0 */
#include "policy_lists.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "ere.h"

#define SIGNAL_PREFIX "signal:"
#define NEAR_WORD_MAX 32 /* bytes of the longest word of an action with its NUL */
#define NEAR_TEXT_MAX 256

/* Checks that it is a list of min to max. */
static int check_list(const struct json *value, size_t min, size_t max, const char *of,
		      struct error *err)
{
	char found[128];

	if (value->type == JSON_ARRAY && value->array.len >= min && value->array.len <= max)
		return 0;
	return error_say(err, EINVAL, "found %s, allowed a list of %s%zu %s",
			 policy_found(value, found, sizeof(found)), min ? "1 to " : "at most ", max,
			 of);
}

int policy_ere_read(const struct json *value, char out[POLICY_ERE_MAX], struct error *err)
{
	struct error why;
	char found[128];

	if (value->type != JSON_STRING)
		return error_say(err, EINVAL, "found %s, allowed a regular expression",
				 policy_found(value, found, sizeof(found)));
	if (ere_check(value->text, &why) < 0)
		return error_say(err, EINVAL, "found %s", why.message);
	snprintf(out, POLICY_ERE_MAX, "%s", value->text);
	return 0;
}

int policy_eres_read(const struct json *value, struct ere_list *out, struct error *err)
{
	int r = check_list(value, 0, POLICY_ERES_MAX, "regular expressions", err);

	for (size_t i = 0; r == 0 && i < value->array.len; i++) {
		r = policy_ere_read(value->array.items[i], out->ere[i], err);
		if (r < 0)
			return error_wrap(err, r, "name %zu", i + 1);
		out->len = i + 1;
	}
	return r;
}

/* What may stand behind the rungs that are there: each once, and nothing behind the last resort. */
static int check_rung(const struct ladder *ladder, enum ladder_rung rung, const char *word,
		      struct error *err)
{
	enum ladder_rung last;

	for (size_t i = 0; i < ladder->len; i++)
		if (ladder->rung[i] == rung)
			return error_say(err, EINVAL, "found \"%s\" again, allowed each rung once",
					 word);
	if (ladder->len == 0)
		return 0;
	last = ladder->rung[ladder->len - 1];
	if (last == RUNG_REPORT)
		return error_say(err, EINVAL, "found \"%s\", allowed nothing behind \"report\"",
				 word);
	if (last == RUNG_KILL && rung != RUNG_REPORT)
		return error_say(err, EINVAL,
				 "found \"%s\", allowed behind \"kill\" only \"report\"", word);
	return 0;
}

int policy_ladder_read(const struct policy_key *key, const struct json *value, struct ladder *out,
		       struct error *err)
{
	char found[128], allowed[256];
	int r = check_list(value, 1, POLICY_RUNGS_MAX, "rungs", err);

	for (size_t i = 0; r == 0 && i < value->array.len; i++) {
		const struct json *item = value->array.items[i];
		int rung;

		if (policy_word_read(key->words, item, &rung) < 0)
			r = error_say(err, EINVAL, "found %s, allowed %s",
				      policy_found(item, found, sizeof(found)),
				      policy_key_allowed(key, allowed, sizeof(allowed)));
		else
			r = check_rung(out, (enum ladder_rung)rung, item->text, err);
		if (r < 0)
			return error_wrap(err, r, "rung %zu", i + 1);
		out->rung[out->len++] = (enum ladder_rung)rung;
	}
	return r;
}

int policy_near_action_read(const struct policy_key *key, const struct json *value,
			    struct near_action *out, struct error *err)
{
	size_t prefix = strlen(SIGNAL_PREFIX);
	char found[128], allowed[256];
	int kind, signal = 0;

	if (policy_word_read(key->words, value, &kind) < 0)
		kind = -1;
	if (kind < 0 && value->type == JSON_STRING &&
	    strncmp(value->text, SIGNAL_PREFIX, prefix) == 0) {
		kind = NEAR_SIGNAL;
		signal = policy_signal_number(value->text + prefix);
	}
	/* SIGKILL leaves nobody to shed load: killing is a word of its own. */
	if (kind < 0 || signal < 0 || signal == SIGKILL)
		return error_say(err, EINVAL, "found %s, allowed %s",
				 policy_found(value, found, sizeof(found)),
				 policy_key_allowed(key, allowed, sizeof(allowed)));
	out->kind = (enum near_kind)kind;
	out->signal = signal;
	return 0;
}

int policy_near_actions_read(const struct policy_key *key, const struct json *value,
			     struct near_actions *out, struct error *err)
{
	int r = check_list(value, 0, POLICY_NEAR_ACTIONS_MAX, "actions", err);

	for (size_t i = 0; r == 0 && i < value->array.len; i++) {
		const struct json *item = value->array.items[i];
		struct near_action *action = &out->action[i];

		r = policy_near_action_read(key, item, action, err);
		for (size_t j = 0; r == 0 && j < i; j++)
			if (out->action[j].kind == action->kind &&
			    out->action[j].signal == action->signal)
				r = error_say(err, EINVAL,
					      "found \"%s\" again, allowed each action once",
					      item->text);
		if (r < 0)
			return error_wrap(err, r, "action %zu", i + 1);
		out->len = i + 1;
	}
	return r;
}

int policy_near_actions_read_text(const struct policy_key *key, const char *text,
				  struct near_actions *out, struct error *err)
{
	/* One more than is allowed, so that the list is seen to be too long. */
	struct json words[POLICY_NEAR_ACTIONS_MAX + 1];
	struct json *items[POLICY_NEAR_ACTIONS_MAX + 1];
	struct json list = {.type = JSON_ARRAY, .array = {.items = items}};
	char copy[NEAR_TEXT_MAX];
	char *rest = strcmp(text, "none") == 0 ? NULL : copy;

	if (strlen(text) >= sizeof(copy))
		return error_say(err, EINVAL, "found a text that is too long, allowed %d bytes",
				 NEAR_TEXT_MAX - 1);
	snprintf(copy, sizeof(copy), "%s", text);
	while (rest && list.array.len <= POLICY_NEAR_ACTIONS_MAX) {
		struct json *word = &words[list.array.len];

		*word = (struct json){.type = JSON_STRING, .text = strsep(&rest, ",")};
		items[list.array.len++] = word;
	}
	return policy_near_actions_read(key, &list, out, err);
}

void policy_eres_write(const struct ere_list *list, struct jsonw *w)
{
	jsonw_array(w);
	for (size_t i = 0; i < list->len; i++)
		jsonw_string(w, list->ere[i]);
	jsonw_array_end(w);
}

void policy_ladder_write(const struct policy_key *key, const struct ladder *ladder, struct jsonw *w)
{
	jsonw_array(w);
	for (size_t i = 0; i < ladder->len; i++)
		jsonw_string(w, policy_word_text(key->words, (int)ladder->rung[i]));
	jsonw_array_end(w);
}

static const char *near_action_text(const struct policy_key *key, const struct near_action *action,
				    char buf[NEAR_WORD_MAX])
{
	const char *signal = policy_signal_word(action->signal);

	if (action->kind != NEAR_SIGNAL)
		return policy_word_text(key->words, (int)action->kind);
	snprintf(buf, NEAR_WORD_MAX, SIGNAL_PREFIX "%s", signal ? signal : "?");
	return buf;
}

void policy_near_actions_write(const struct policy_key *key, const struct near_actions *list,
			       struct jsonw *w)
{
	char word[NEAR_WORD_MAX];

	jsonw_array(w);
	for (size_t i = 0; i < list->len; i++)
		jsonw_string(w, near_action_text(key, &list->action[i], word));
	jsonw_array_end(w);
}

const char *policy_ladder_text(const struct policy_key *key, const struct ladder *ladder, char *buf,
			       size_t cap)
{
	size_t used = 0;

	snprintf(buf, cap, "none");
	for (size_t i = 0; i < ladder->len && used < cap; i++)
		used += (size_t)snprintf(buf + used, cap - used, "%s%s", i ? "," : "",
					 policy_word_text(key->words, (int)ladder->rung[i]));
	return buf;
}

const char *policy_near_actions_text(const struct policy_key *key, const struct near_actions *list,
				     char *buf, size_t cap)
{
	char word[NEAR_WORD_MAX];
	size_t used = 0;

	snprintf(buf, cap, "none");
	for (size_t i = 0; i < list->len && used < cap; i++)
		used += (size_t)snprintf(buf + used, cap - used, "%s%s", i ? "," : "",
					 near_action_text(key, &list->action[i], word));
	return buf;
}
