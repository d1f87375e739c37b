/* SPDX-License-Identifier: Apache-2.0 */
/* What the rules of all topics say their verdicts with. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "verdict_rules.h"

void verdict_add(struct verdict *verdict, const char *what, enum verdict_unit unit, uint64_t value,
		 const char *of, ...)
{
	struct verdict_figure *figure;
	va_list args;

	if (verdict->figures_len == VERDICT_FIGURES_MAX)
		return;
	figure = &verdict->figures[verdict->figures_len++];
	*figure = (struct verdict_figure){.what = what, .unit = unit, .value = value};
	va_start(args, of);
	vsnprintf(figure->of, sizeof(figure->of), of, args);
	va_end(args);
}

void verdict_add_known(struct verdict *verdict, const char *what, enum verdict_unit unit,
		       struct figure figure)
{
	if (figure.known && figure.n != FIGURE_NO_LIMIT)
		verdict_add(verdict, what, unit, figure.n, "%s", "");
}

void verdict_advise(struct verdict *verdict, const char *format, ...)
{
	char front[sizeof(verdict->advice)], row[sizeof(verdict->advice)];
	va_list args;

	va_start(args, format);
	vsnprintf(front, sizeof(front), format, args);
	va_end(args);
	memcpy(row, verdict->advice, sizeof(row));
	snprintf(verdict->advice, sizeof(verdict->advice), "%.380s %.380s", front, row);
}

struct figure verdict_footprint(const struct verdict_process *process)
{
	if (!process->anon.known)
		return process->rss;
	return figure_sum(figure_sum(process->anon, process->shmem), process->swap);
}
