/* SPDX-License-Identifier: Apache-2.0 */
/* Words that are values, and the words of messages: what was found and what is allowed. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "escape.h"
#include "policy_keys.h"
#include "units.h"

bool policy_is_word(const struct json *value, const char *word)
{
	return value->type == JSON_STRING && strcmp(value->text, word) == 0;
}

int policy_word_read(const struct policy_word *words, const struct json *value, int *out)
{
	for (; words->word; words++) {
		if (!policy_is_word(value, words->word))
			continue;
		*out = words->value;
		return 0;
	}
	return -EINVAL;
}

const char *policy_word_text(const struct policy_word *words, int value)
{
	while (words->word && words->value != value)
		words++;
	return words->word ? words->word : "?";
}

/* "a", "b" or "c" */
static void words_text(const struct policy_word *words, char *buf, size_t cap)
{
	size_t used = 0;

	buf[0] = '\0';
	for (; words->word && used < cap; words++)
		used += (size_t)snprintf(buf + used, cap - used, "%s\"%s\"",
					 used == 0	 ? ""
					 : words[1].word ? ", "
							 : " or ",
					 words->word);
}

static void allowed_actions(const struct policy_key *key, char *buf, size_t cap)
{
	char words[128];

	words_text(key->words, words, sizeof(words));
	snprintf(buf, cap, "%s, or \"signal:\" with a signal other than SIGKILL", words);
}

static void allowed_duration(const struct policy_key *key, char *buf, size_t cap)
{
	char least[32];

	if (key->min <= 1)
		snprintf(buf, cap, "a duration%s like \"500ms\", \"10s\", \"5m\" or \"2h\"",
			 key->min > 0 ? " above zero" : "");
	else
		snprintf(buf, cap, "a duration of at least %s like \"10s\", \"5m\" or \"2h\"",
			 duration_text((uint64_t)key->min, least, sizeof(least)));
}

/* "off" or … */
static const char *or_word(const struct policy_key *key, char *buf, size_t cap)
{
	if (key->words)
		snprintf(buf, cap, "\"%s\" or ", key->words->word);
	else
		buf[0] = '\0';
	return buf;
}

const char *policy_key_allowed(const struct policy_key *key, char *buf, size_t cap)
{
	char word[32];

	switch (key->kind) {
	case KEY_ENUM:
	case KEY_SIGNAL:
	case KEY_LADDER:
		words_text(key->words, buf, cap);
		break;
	case KEY_NEAR_ACTIONS:
		allowed_actions(key, buf, cap);
		break;
	case KEY_BOOL:
		snprintf(buf, cap, "true or false");
		break;
	case KEY_SIZE:
		snprintf(buf, cap,
			 "\"leave\", bytes, a size like \"512MiB\", or a share of the "
			 "limit like \"25%%\"");
		break;
	case KEY_SCORE:
		snprintf(buf, cap,
			 "\"leave\", a whole number from %" PRId64 " to %" PRId64
			 ", or \"+100\" to add to what is there",
			 key->min, key->max);
		break;
	case KEY_SCORE_RULES:
		snprintf(buf, cap, "a list of at most %d rules", POLICY_SCORE_RULES_MAX);
		break;
	case KEY_SWAPPINESS:
		snprintf(buf, cap, "\"leave\" or a whole number from 0 to 100");
		break;
	case KEY_LIMIT:
		snprintf(buf, cap, "\"leave\", {\"default\": size} or {\"require\": true}");
		break;
	case KEY_DURATION:
		allowed_duration(key, buf, cap);
		break;
	case KEY_PERCENT:
		snprintf(buf, cap, "%sa share from %" PRId64 "%% to %" PRId64 "%% like \"90%%\"",
			 or_word(key, word, sizeof(word)), key->min / 1000, key->max / 1000);
		break;
	case KEY_COUNT:
	case KEY_FACTOR:
		snprintf(buf, cap, "%sa %snumber from %" PRId64 " to %" PRId64,
			 or_word(key, word, sizeof(word)), key->kind == KEY_COUNT ? "whole " : "",
			 key->min, key->max);
		break;
	case KEY_ERE:
	case KEY_ERES:
		snprintf(buf, cap, "a regular expression");
		break;
	}
	return buf;
}

const char *policy_found(const struct json *value, char *buf, size_t cap)
{
	char text[64];

	switch (value->type) {
	case JSON_STRING:
		snprintf(buf, cap, "the string \"%s\"",
			 escape_terminal(value->text, text, sizeof(text)));
		break;
	case JSON_NUMBER:
		snprintf(buf, cap, "the number %s",
			 escape_terminal(value->text, text, sizeof(text)));
		break;
	case JSON_BOOL:
		snprintf(buf, cap, "%s", value->boolean ? "true" : "false");
		break;
	case JSON_ARRAY:
		snprintf(buf, cap, "a list of %zu", value->array.len);
		break;
	case JSON_NULL:
	case JSON_OBJECT:
		snprintf(buf, cap, "%s", json_type_name(value->type));
		break;
	}
	return buf;
}
