/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of all policy keys that a profile can hold. One row is all that a key needs to be
 * read, checked, shown, frozen into a plan and set by annotation; a new key is a new row, a line
 * in schema/policy.schema.json and a paragraph in the manual.
 */
#pragma once

#include "error.h"
#include "json.h"
#include "jsonw.h"
#include "policy.h"

enum policy_key_kind {
	KEY_ENUM,	 /* int-sized enum; `words` lists them */
	KEY_SIZE,	 /* struct size_spec */
	KEY_SCORE,	 /* struct score_spec */
	KEY_SCORE_RULES, /* struct score_rules */
	KEY_SWAPPINESS,	 /* int, -1: leave */
	KEY_LIMIT,	 /* struct limit_spec */
	KEY_DURATION,	 /* uint64_t, ms */
	KEY_COUNT,	 /* uint32_t, min..max; 0 for the word, where there is one */
	KEY_FACTOR,	 /* double, min..max */
	KEY_SIGNAL,	 /* int; one of policy_signals */
	KEY_BOOL,	 /* int, 0 or 1 */
	KEY_PERCENT,	 /* uint32_t, thousandths of a percent, min..max; as KEY_COUNT a word */
	KEY_ERE,	 /* char[POLICY_ERE_MAX]; "": none */
	KEY_ERES,	 /* struct ere_list */
	KEY_LADDER,	 /* struct ladder */
	KEY_NEAR_ACTIONS /* struct near_actions */
};

struct policy_word {
	const char *word;
	int value;
};

struct policy_key {
	const char *path;	/* "onOom.process", below a profile */
	const char *annotation; /* "on-oom-process" behind oomguard.io/, NULL: only by the host */
	enum policy_key_kind kind;
	size_t offset; /* in struct profile */
	/* KEY_COUNT, KEY_FACTOR, KEY_SCORE, KEY_PERCENT; KEY_DURATION has only min, in ms. */
	int64_t min, max;
	/*
	 * KEY_ENUM, KEY_SIGNAL, KEY_LADDER, KEY_NEAR_ACTIONS (those without a signal); KEY_COUNT
	 * and KEY_PERCENT: the one word, such as "off", that stands for 0, or NULL. Ends with a
	 * NULL word.
	 */
	const struct policy_word *words;
};

#define POLICY_KEYS_MAX 64 /* room for origins; a static assertion holds the table to it */
extern const struct policy_key policy_keys[];
extern const size_t policy_keys_len;

/* The signals of a policy; the values are numbers, or -N for SIGRTMIN+N. Ends with a NULL word. */
extern const struct policy_word policy_signals[];

/* "SIGTERM" as a number, and back; -EINVAL, and NULL, for a signal that is not among them. */
int policy_signal_number(const char *word);
const char *policy_signal_word(int number);

/* The row of that path or annotation name; NULL if there is none. */
const struct policy_key *policy_key_by_path(const char *path);
const struct policy_key *policy_key_by_annotation(const char *name);

/* Whether the key's values are words: bounds are a list of them then, not a range. */
bool policy_key_has_words(const struct policy_key *key);

/* The room this key's value takes in struct profile, and a copy of the value. */
size_t policy_key_size(const struct policy_key *key);
void policy_key_copy(const struct policy_key *key, const struct profile *from, struct profile *to);

/*
 * Compares the values that two profiles hold under this key: below, at or above zero in *order.
 * -EINVAL where there is no order: words, "leave", "off", a share against bytes, a relative score.
 */
int policy_key_compare(const struct policy_key *key, const struct profile *a,
		       const struct profile *b, int *order);

/*
 * Reads `value` as this key's kind into `profile`. -EINVAL: what was found, what is allowed (no
 * file or line: the caller puts those in front).
 */
int policy_key_read(const struct policy_key *key, const struct json *value, struct profile *profile,
		    struct error *err);

/*
 * The same from text, as an annotation has it: 10, restart, 512MiB. A score "-500" is absolute
 * there, since all that an annotation holds is text; "+100" is relative. Actions are divided by
 * commas, and "none" is no action. No rules, no limit, no rungs, no regular expressions.
 */
int policy_key_read_text(const struct policy_key *key, const char *text, struct profile *profile,
			 struct error *err);

/* What is allowed for this key, for messages: "report", "kill" or "restart". Returns buf. */
const char *policy_key_allowed(const struct policy_key *key, char *buf, size_t cap);

/* Whether the value is exactly this text. */
bool policy_is_word(const struct json *value, const char *word);
/* What the word among `words` stands for; -EINVAL when it is none of them. */
int policy_word_read(const struct policy_word *words, const struct json *value, int *out);
/* The word that stands for the value, "?" when none does. */
const char *policy_word_text(const struct policy_word *words, int value);

/* What stands there, for messages: the string "x", the number 5, an object. Returns buf. */
const char *policy_found(const struct json *value, char *buf, size_t cap);

/* Writes the key's value in the form policy_key_read() takes back. */
void policy_key_write(const struct policy_key *key, const struct profile *profile, struct jsonw *w);

/* The same as text for people: "restart", "512MiB", "2 rules", "report,snapshot". Returns buf. */
const char *policy_key_text(const struct policy_key *key, const struct profile *profile, char *buf,
			    size_t cap);
