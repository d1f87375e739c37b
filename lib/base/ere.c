/* SPDX-License-Identifier: Apache-2.0 */
#include "ere.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "policy.h"

/* A group that is open: what it cost so far, and what its last atom cost. */
struct group {
	unsigned long total;
	unsigned long last;
};

static void add_atom(struct group *group, unsigned long cost)
{
	group->last = cost;
	group->total += cost;
}

/* Behind the ']' of a bracket expression that starts at `p` ('['). */
static const char *skip_bracket(const char *p)
{
	p++;
	if (*p == '^')
		p++;
	if (*p == ']')
		p++;
	while (*p && *p != ']') {
		const char *end = NULL;

		/* "[:alpha:]", "[.x.]" and "[=x=]" hold a ']' of their own. */
		if (p[0] == '[' && (p[1] == ':' || p[1] == '.' || p[1] == '=')) {
			char close[3] = {p[1], ']', '\0'};

			end = strstr(p + 2, close);
		}
		p = end ? end + 2 : p + 1;
	}
	return *p ? p + 1 : p;
}

/*
 * Behind the '}' of an interval that starts at `p`, the larger of its numbers in *times. NULL when
 * it is no interval: the brace may stand for itself.
 */
static const char *read_interval(const char *p, unsigned long *times)
{
	size_t len = strspn(p + 1, "0123456789,");

	if (len == 0 || p[1 + len] != '}')
		return NULL;
	*times = 1;
	for (p++; *p != '}';) {
		char *end = (char *)p + 1;
		unsigned long n = isdigit((unsigned char)*p) ? strtoul(p, &end, 10) : 1;

		if (n > *times)
			*times = n;
		p = end;
	}
	return p + 1;
}

static void repeat_atom(struct group *group, unsigned long times)
{
	if (times > ERE_STATES_MAX + 1)
		times = ERE_STATES_MAX + 1;
	group->total += group->last * (times - 1);
	group->last *= times;
}

/* Takes one piece of the pattern at `p` into account; returns what is behind it. */
static const char *count_piece(const char *p, struct group *stack, struct group **group)
{
	unsigned long times;
	const char *end;

	if (*p == '[') {
		add_atom(*group, 1);
		return skip_bracket(p);
	}
	if (*p == '{' && (end = read_interval(p, &times))) {
		repeat_atom(*group, times);
		return end;
	}
	if (*p == '(') {
		*++*group = (struct group){0};
	} else if (*p == ')' && *group > stack) {
		--*group;
		add_atom(*group, (*group)[1].total + 1);
	} else if (strchr("*+?", *p)) {
		(*group)->total++;
		(*group)->last++;
	} else {
		add_atom(*group, 1);
	}
	return p + (p[0] == '\\' && p[1] ? 2 : 1);
}

/*
 * What the pattern costs once every interval is written out, as regcomp() does it. Stops above
 * ERE_STATES_MAX, so nothing overflows. -EINVAL for a back-reference.
 */
static long unrolled_cost(const char *p)
{
	struct group stack[POLICY_ERE_MAX] = {{0}};
	struct group *group = stack;
	unsigned long sum = 0;

	while (*p) {
		if (p[0] == '\\' && p[1] >= '1' && p[1] <= '9')
			return -EINVAL;
		p = count_piece(p, stack, &group);
		if (group->total > ERE_STATES_MAX)
			return ERE_STATES_MAX + 1;
	}
	/* A group left open does not compile; what it holds is counted all the same. */
	for (; group >= stack; group--)
		sum += group->total;
	return (long)sum;
}

int ere_compile(const char *pattern, regex_t *out, struct error *err)
{
	char reason[128];
	long cost;
	int r;

	if (!*pattern)
		return error_say(err, EINVAL, "an empty regular expression");
	if (strlen(pattern) >= POLICY_ERE_MAX)
		return error_say(err, EINVAL, "a regular expression of more than %d bytes",
				 POLICY_ERE_MAX - 1);
	cost = unrolled_cost(pattern);
	if (cost < 0)
		return error_say(err, EINVAL, "a regular expression with a back-reference");
	if (cost > ERE_STATES_MAX)
		return error_say(err, EINVAL,
				 "a regular expression whose repetitions grow to more "
				 "than %d states",
				 ERE_STATES_MAX);
	r = regcomp(out, pattern, REG_EXTENDED | REG_NOSUB);
	if (r == 0)
		return 0;
	regerror(r, out, reason, sizeof(reason));
	return error_say(err, r == REG_ESPACE ? ENOMEM : EINVAL,
			 "a regular expression that does not compile (%s)", reason);
}

bool ere_matches(const regex_t *ere, const char *subject)
{
	regmatch_t range = {.rm_so = 0, .rm_eo = (regoff_t)strnlen(subject, ERE_SUBJECT_MAX)};

	/* REG_STARTEND bounds the subject without a copy. */
	return regexec(ere, subject, 1, &range, REG_STARTEND) == 0;
}

int ere_match(const char *pattern, const char *subject)
{
	regex_t ere;
	bool found;
	int r = ere_compile(pattern, &ere, NULL);

	if (r < 0)
		return r;
	found = ere_matches(&ere, subject);
	regfree(&ere);
	return found;
}

int ere_check(const char *pattern, struct error *err)
{
	regex_t ere;
	int r = ere_compile(pattern, &ere, err);

	if (r == 0)
		regfree(&ere);
	return r;
}
