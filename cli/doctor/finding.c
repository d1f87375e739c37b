/* SPDX-License-Identifier: Apache-2.0 */
#include "finding.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *finding_level_name(enum finding_level level)
{
	static const char *const names[] = {"ok", "warn", "fail"};

	return names[level];
}

static void out_of_memory(void)
{
	fputs("oomguard: out of memory\n", stderr);
	exit(EXIT_FAILURE);
}

static void add(struct findings *findings, enum finding_level level, const char *remedy,
		const char *format, va_list args)
{
	struct finding *items =
	    realloc(findings->items, (findings->len + 1) * sizeof(*findings->items));
	struct finding *finding;

	if (!items)
		out_of_memory();
	findings->items = items;
	finding = &items[findings->len];
	*finding = (struct finding){.level = level, .check = findings->check};
	if (vasprintf(&finding->text, format, args) < 0)
		out_of_memory();
	if (remedy && !(finding->remedy = strdup(remedy)))
		out_of_memory();
	findings->len++;
	findings->count[level]++;
}

void finding_ok(struct findings *findings, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	add(findings, FINDING_OK, NULL, format, args);
	va_end(args);
}

void finding_warn(struct findings *findings, const char *remedy, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	add(findings, FINDING_WARN, remedy, format, args);
	va_end(args);
}

void finding_fail(struct findings *findings, const char *remedy, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	add(findings, FINDING_FAIL, remedy, format, args);
	va_end(args);
}

void findings_free(struct findings *findings)
{
	for (size_t i = 0; i < findings->len; i++) {
		free(findings->items[i].text);
		free(findings->items[i].remedy);
	}
	free(findings->items);
	*findings = (struct findings){0};
}
