/* SPDX-License-Identifier: Apache-2.0 */
#include "mask.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

struct word {
	const char *at;
	size_t len;
};

struct out {
	char *buf;
	size_t len, cap;
};

static void put(struct out *out, const char *text, size_t len)
{
	size_t room = out->cap - 1 - out->len;

	if (len > room)
		len = room;
	memcpy(out->buf + out->len, text, len);
	out->len += len;
}

static void put_mask(struct out *out)
{
	put(out, MASK_TEXT, strlen(MASK_TEXT));
}

/* Where `what` begins in the word, in any case; NULL: nowhere. */
static const char *find(struct word word, const char *what)
{
	size_t len = strlen(what);

	for (size_t i = 0; i + len <= word.len; i++)
		if (strncasecmp(word.at + i, what, len) == 0)
			return word.at + i;
	return NULL;
}

/* "key" in "access-key", "KEY", "apiKey", not in "keyboard" or "monkey". */
static bool has_part(struct word word, const char *what)
{
	size_t len = strlen(what);
	const char *end = word.at + word.len, *at;

	for (struct word rest = word; (at = find(rest, what));
	     rest = (struct word){at + 1, (size_t)(end - at - 1)}) {
		bool begins = at == word.at || !isalnum((unsigned char)at[-1]) ||
			      (isupper((unsigned char)*at) && islower((unsigned char)at[-1]));
		const char *next = at + len;

		if (begins && (next == end || !isalpha((unsigned char)*next) ||
			       (isupper((unsigned char)*next) && islower((unsigned char)next[-1]))))
			return true;
	}
	return false;
}

static bool names_secret(struct word name)
{
	static const char *const anywhere[] = {"password", "passwd",  "passphrase",
					       "secret",   "token",   "credential",
					       "apikey",   "api-key", "api_key"};
	static const char *const parts[] = {"key", "auth", "pw", "pwd", "pass"};

	for (size_t i = 0; i < sizeof(anywhere) / sizeof(anywhere[0]); i++)
		if (find(name, anywhere[i]))
			return true;
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		if (has_part(name, parts[i]))
			return true;
	return false;
}

/* Clients that take a password behind a single letter. */
static bool is_secret_letter(struct word program, char letter)
{
	static const struct {
		const char *name;
		char letter;
	} known[] = {{"mysql", 'p'},	 {"mysqladmin", 'p'},	{"mysqldump", 'p'},
		     {"mariadb", 'p'},	 {"mariadb-dump", 'p'}, {"sshpass", 'p'},
		     {"mongo", 'p'},	 {"mongosh", 'p'},	{"mongodump", 'p'},
		     {"redis-cli", 'a'}, {"curl", 'u'},		{"ldapsearch", 'w'}};
	const char *at = program.at + program.len;
	size_t len;

	while (at > program.at && at[-1] != '/')
		at--;
	len = (size_t)(program.at + program.len - at);
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (len == strlen(known[i].name) && !memcmp(at, known[i].name, len))
			return letter == known[i].letter;
	return false;
}

/* Writes the word with the passwords of addresses masked: "scheme://user:x@host". */
static void put_plain(struct out *out, struct word word)
{
	const char *end = word.at + word.len, *at = word.at, *scheme;

	while ((scheme = find((struct word){at, (size_t)(end - at)}, "://"))) {
		const char *host = scheme + 3, *stop = host, *colon = NULL, *sign = NULL;

		for (; stop < end && !strchr("/?# '\"", *stop); stop++) {
			if (*stop == ':' && !colon)
				colon = stop;
			if (*stop == '@')
				sign = stop;
		}
		if (!sign || !colon || colon > sign) {
			put(out, at, (size_t)(host - at));
			at = host;
			continue;
		}
		put(out, at, (size_t)(colon + 1 - at));
		put_mask(out);
		at = sign;
	}
	put(out, at, (size_t)(end - at));
}

/* Behind "Bearer " or "Basic " within one word stands a secret. */
static const char *after_scheme(struct word word)
{
	static const char *const schemes[] = {"bearer ", "basic "};

	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
		const char *at = find(word, schemes[i]);

		if (at)
			return at + strlen(schemes[i]);
	}
	return NULL;
}

/* The end of the name in "name=value" or "name:value"; NULL: there is no value. */
static const char *end_of_name(struct word word)
{
	for (size_t i = 1; i < word.len; i++) {
		char c = word.at[i];

		if (c == '=' || (c == ':' && (i + 1 == word.len || word.at[i + 1] != '/')))
			return word.at + i;
		/* A path is no name. */
		if (!isalnum((unsigned char)c) && !strchr("-_.", c))
			return NULL;
	}
	return NULL;
}

static bool is_option(struct word word)
{
	return word.len > 1 && word.at[0] == '-';
}

/* What one piece says about what comes next. */
enum next { NEXT_PLAIN, NEXT_SECRET, REST_SECRET };

/* Writes one piece: a word, or what stands between blanks and quotes in one. */
static enum next put_piece(struct out *out, struct word program, struct word piece)
{
	const char *end = end_of_name(piece);

	if (end && names_secret((struct word){piece.at, (size_t)(end - piece.at)})) {
		put(out, piece.at, (size_t)(end + 1 - piece.at));
		/* The value may stand in quotes of its own: then it is the next piece. */
		return end + 1 < piece.at + piece.len ? REST_SECRET : NEXT_SECRET;
	}
	if (is_option(piece) && piece.at[1] != '-' && is_secret_letter(program, piece.at[1])) {
		put(out, piece.at, 2);
		return piece.len > 2 ? REST_SECRET : NEXT_SECRET;
	}
	put_plain(out, piece);
	return is_option(piece) && !end && names_secret(piece) ? NEXT_SECRET : NEXT_PLAIN;
}

static bool ends_piece(char c)
{
	return strchr(" \t\n\"'`,;&?{}()[]", c) != NULL;
}

/* Behind a piece: the end of a JSON string, and its value to come. */
static bool is_json_name(const char *at, const char *end)
{
	if (at == end || *at++ != '"')
		return false;
	while (at < end && *at == ' ')
		at++;
	return at < end && *at == ':';
}

/* Writes one word piece by piece: a shell's -c holds a whole command. True: the next word is a
 * secret. */
static bool put_word(struct out *out, struct word program, struct word word)
{
	const char *end = word.at + word.len, *scheme = after_scheme(word), *at = word.at;
	enum next next = NEXT_PLAIN;

	if (scheme) {
		put(out, word.at, (size_t)(scheme - word.at));
		put_mask(out);
		return false;
	}
	while (at < end) {
		struct word piece = {at, 0};

		while (at + piece.len < end && !ends_piece(at[piece.len]))
			piece.len++;
		if (piece.len == 0) {
			put(out, at++, 1);
			continue;
		}
		at += piece.len;
		/* "password":"x" of JSON: the name's own piece has no value. */
		if (next == NEXT_SECRET && piece.len == 1 && strchr(":=", *piece.at)) {
			put(out, piece.at, 1);
			continue;
		}
		if (next == NEXT_SECRET && !(is_option(piece) && names_secret(piece))) {
			put_mask(out);
			next = NEXT_PLAIN;
			continue;
		}
		next = put_piece(out, program, piece);
		if (next == REST_SECRET) {
			put_mask(out);
			/* An argument that is one option holds nothing but its value. */
			if (piece.at == word.at)
				return false;
			next = NEXT_PLAIN;
		} else if (next == NEXT_PLAIN && is_json_name(at, end) && names_secret(piece)) {
			next = NEXT_SECRET;
		}
	}
	return next == NEXT_SECRET;
}

size_t mask_cmdline(const char *args, size_t len, char *out_buf, size_t cap)
{
	struct out out = {.buf = out_buf, .cap = cap};
	struct word program = {args, 0};
	bool secret = false;

	if (cap == 0)
		return 0;
	for (const char *at = args, *end = args + len; at < end;) {
		const char *stop = memchr(at, '\0', (size_t)(end - at));
		struct word word = {at, (size_t)((stop ? stop : end) - at)};

		if (at == args)
			program = word;
		else
			put(&out, " ", 1);
		/* A secret may begin with a dash; the name of another one is none. */
		if (secret && !(is_option(word) && names_secret(word))) {
			put_mask(&out);
			secret = false;
		} else {
			secret = put_word(&out, program, word);
		}
		at = word.at + word.len + 1;
	}
	out.buf[out.len] = '\0';
	return out.len;
}

const char *mask_name(const char *comm, char buf[static MASK_NAME_BYTES])
{
	mask_cmdline(comm, strlen(comm), buf, MASK_NAME_BYTES);
	return buf;
}

static bool is_of_name(char c)
{
	return isalnum((unsigned char)c) || (c && strchr("-_.", c));
}

/* Where the value of the first secret in the line begins; NULL: there is none. */
static const char *find_value(const char *line)
{
	for (const char *at = strpbrk(line, "=:"); at; at = strpbrk(at + 1, "=:")) {
		const char *name = at;

		while (name > line && is_of_name(name[-1]))
			name--;
		if (names_secret((struct word){name, (size_t)(at - name)}))
			return at + 1;
	}
	return NULL;
}

/* What the kernel prints behind a name that may hold blanks (mm/oom_kill.c, lib/dump_stack.c). */
static const char *end_of_value(const char *value)
{
	static const char *const behind[] = {
	    ",", ")", " invoked oom-killer: ", " Not tainted ", " Tainted: ", " cpuset="};
	const char *end = value + strlen(value);

	for (size_t i = 0; i < sizeof(behind) / sizeof(behind[0]); i++) {
		const char *found = strstr(value, behind[i]);

		if (found && found < end)
			end = found;
	}
	return end;
}

size_t mask_kernel_line(const char *line, char *out_buf, size_t cap)
{
	struct out out = {.buf = out_buf, .cap = cap};
	const char *value;

	if (cap == 0)
		return 0;
	while ((value = find_value(line))) {
		const char *end = end_of_value(value);

		put(&out, line, (size_t)(value - line));
		if (end > value)
			put_mask(&out);
		line = end;
	}
	put(&out, line, strlen(line));
	out.buf[out.len] = '\0';
	return out.len;
}
