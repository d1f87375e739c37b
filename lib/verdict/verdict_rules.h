/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of rules, in topics. A rule is one row of its topic's table and one small function
 * above it; nothing else has to be touched but the rule's test. Rows that are more to the point
 * come first: among verdicts that are equally sure the first one leads.
 */
#pragma once

#include "verdict.h"

struct verdict_rule {
	const char *name, *title;
	enum verdict_role role;
	/* True when it applies; then it has set the confidence and the figures. */
	bool (*applies)(const struct verdict_facts *facts, struct verdict *verdict);
	const char *advice, *disproof;
};

struct verdict_topic {
	const struct verdict_rule *rules;
	size_t len;
};
#define VERDICT_TOPIC(table)                                                                       \
	{                                                                                          \
		(table), sizeof(table) / sizeof((table)[0])                                        \
	}

extern const struct verdict_topic verdict_stuck;  /* nothing could be killed or gets on */
extern const struct verdict_topic verdict_whose;  /* whose limit, and what was there before */
extern const struct verdict_topic verdict_kinds;  /* what kind of memory filled it */
extern const struct verdict_topic verdict_demand; /* which processes asked for how much */

/* Adds a figure; `of` is a format, "" for none. No room: the figure is left out. */
void verdict_add(struct verdict *verdict, const char *what, enum verdict_unit unit, uint64_t value,
		 const char *of, ...) __attribute__((format(printf, 5, 6)));
/* The same, and nothing where it is unknown or "no limit". */
void verdict_add_known(struct verdict *verdict, const char *what, enum verdict_unit unit,
		       struct figure figure);

/* Puts a sentence with numbers in front of the row's advice. */
void verdict_advise(struct verdict *verdict, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* There is such a number, and it is a real limit or size above zero. */
static inline bool figure_is_size(struct figure figure)
{
	return figure.known && figure.n != 0 && figure.n != FIGURE_NO_LIMIT;
}

/* Known, and at least so many percent of a known whole. */
static inline bool figure_reaches(struct figure part, unsigned percent, struct figure whole)
{
	return part.known && figure_is_size(whole) &&
	       (unsigned __int128)part.n * 100 >= (unsigned __int128)whole.n * percent;
}

/* The sum of what is known; unknown where nothing is. */
static inline struct figure figure_sum(struct figure a, struct figure b)
{
	if (!a.known || !b.known)
		return a.known ? a : b;
	return FIGURE(a.n > UINT64_MAX - b.n ? UINT64_MAX : a.n + b.n);
}

/* A stall for want of memory, at memory.high: the limit itself was not hit. */
bool verdict_held_at_high(const struct verdict_facts *facts);

/* "NAME, pid N" for `of`. */
#define VERDICT_WHO "%.60s, pid %d"
