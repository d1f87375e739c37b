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
	KEY_ENUM,	 /* int-sized enum; `names` lists the words */
	KEY_SIZE,	 /* struct size_spec */
	KEY_SCORE,	 /* struct score_spec */
	KEY_SCORE_RULES, /* struct score_rules */
	KEY_SWAPPINESS,	 /* int, -1: leave */
	KEY_LIMIT,	 /* struct limit_spec */
	KEY_DURATION,	 /* uint64_t, ms */
	KEY_COUNT,	 /* uint32_t, min..max */
	KEY_FACTOR,	 /* double, min..max */
	KEY_SIGNAL	 /* int; the words' values are numbers, or -N for SIGRTMIN+N */
};

struct policy_word {
	const char *word;
	int value;
};

struct policy_key {
	const char *path;	/* "onOom.process", below a profile */
	const char *annotation; /* "on-oom-process" behind oomguard.io/, NULL: only by the host */
	enum policy_key_kind kind;
	size_t offset;	  /* in struct profile */
	int64_t min, max; /* KEY_COUNT, KEY_FACTOR, KEY_SCORE; KEY_DURATION has only min, in ms */
	const struct policy_word *words; /* KEY_ENUM, KEY_SIGNAL; ends with a NULL word */
};

#define POLICY_KEYS_MAX 64 /* room for origins; a static assertion holds the table to it */
extern const struct policy_key policy_keys[];
extern const size_t policy_keys_len;

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
 * -EINVAL where there is no order: words, "leave", a share against bytes, a relative score.
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
 * there, since all that an annotation holds is text; "+100" is relative. No rules, no limit.
 */
int policy_key_read_text(const struct policy_key *key, const char *text, struct profile *profile,
			 struct error *err);

/* What is allowed for this key, for messages: "report", "kill" or "restart". Returns buf. */
const char *policy_key_allowed(const struct policy_key *key, char *buf, size_t cap);

/* Whether the value is exactly this text. */
bool policy_is_word(const struct json *value, const char *word);

/* What stands there, for messages: the string "x", the number 5, an object. Returns buf. */
const char *policy_found(const struct json *value, char *buf, size_t cap);

/* Writes the key's value in the form policy_key_read() takes back. */
void policy_key_write(const struct policy_key *key, const struct profile *profile, struct jsonw *w);

/* The same as text for people: "restart", "512MiB", "+100", "2 rules". Returns buf. */
const char *policy_key_text(const struct policy_key *key, const struct profile *profile, char *buf,
			    size_t cap);
