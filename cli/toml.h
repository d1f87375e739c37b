/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A walk over somebody's TOML text (toml.io, 1.0): tables, keys, and the values that are strings or
 * lists of strings. No reader of TOML: other values are passed over, and what cannot be followed
 * ends the walk.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "error.h"

#define TOML_KEYS_MAX 16
#define TOML_KEY_MAX 128

struct toml_path {
	char key[TOML_KEYS_MAX][TOML_KEY_MAX];
	size_t len;
};

enum toml_kind {
	TOML_TABLE,  /* [a.b] */
	TOML_TABLES, /* [[a.b]] */
	TOML_TEXT,   /* a = "text" */
	TOML_LIST,   /* a = [: its strings follow as TOML_ITEM */
	TOML_ITEM,   /* one string right in that list */
	TOML_INLINE, /* a = {: what is in it follows */
	TOML_OTHER,  /* a = 1, true, a date */
};

struct toml_entry {
	enum toml_kind kind;
	const struct toml_path *path; /* the whole one, from the root */
	size_t table;		      /* how many of its keys the header above the line gives */
	size_t own;		      /* how many stand in front of the '=' */
	/*
	 * TOML_TEXT, TOML_ITEM: the string; NULL when it has escapes or is longer than PATH_MAX.
	 * TOML_OTHER: as it is written, up to the end of the text; else NULL. Valid in the call.
	 */
	const char *value;
	const char *source;
	unsigned line;
};

/* Negative ends the walk, with err filled. */
typedef int toml_visit(const struct toml_entry *entry, void *context, struct error *err);

/* 0, -EINVAL with file and line, or what `visit` returned. `source` is for messages. */
int toml_walk(const char *text, const char *source, toml_visit *visit, void *context,
	      struct error *err);

/* -EINVAL: SOURCE:LINE: what. */
int toml_wrong(const struct toml_entry *entry, const char *what, struct error *err);

/* The path has these keys; NULL stands for any one. */
#define toml_is(path, ...)                                                                         \
	toml_path_is(path, (const char *const[]){__VA_ARGS__},                                     \
		     sizeof((const char *const[]){__VA_ARGS__}) / sizeof(const char *))
bool toml_path_is(const struct toml_path *path, const char *const *keys, size_t len);
