/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The readings before an event as a stacked plot. Areas differ by colour (Okabe and Ito's, told
 * apart also by those who see no red or green) and by texture; words are in the text colour.
 */
#include <inttypes.h>
#include <stdio.h>

#include "report_page.h"
#include "units.h"

/* Classes of the style sheet and patterns, by series. */
static const char *const ids[SERIES_COUNT] = {
    [SERIES_USAGE] = "usage",	[SERIES_ANON] = "anon", [SERIES_SHMEM] = "shmem",
    [SERIES_KERNEL] = "kernel", [SERIES_FILE] = "file", [SERIES_SWAP] = "swap",
};

/* What is stacked, from below. */
static const enum series stack[] = {SERIES_ANON, SERIES_SHMEM, SERIES_KERNEL, SERIES_FILE};
#define STACK_LEN (sizeof(stack) / sizeof(stack[0]))

struct plot {
	const struct timeline *timeline;
	double width, height;		 /* of the picture */
	double left, right, top, bottom; /* of the area, in the picture */
	unsigned ticks;			 /* at most, on the time axis */
	double most;			 /* bytes at the area's top */
};

static double x_of(const struct plot *plot, uint64_t age_ms)
{
	double part = 1 - (double)age_ms / (double)plot->timeline->span_ms;

	return plot->left + part * (plot->right - plot->left);
}

static double y_of(const struct plot *plot, double bytes)
{
	return plot->bottom - bytes / plot->most * (plot->bottom - plot->top);
}

void page_patterns(FILE *page)
{
	fputs("<svg class=\"defs\" width=\"0\" height=\"0\" aria-hidden=\"true\"><defs>", page);
	fputs("<pattern id=\"p-anon\" width=\"8\" height=\"8\" patternUnits=\"userSpaceOnUse\">"
	      "<rect class=\"anon\" width=\"8\" height=\"8\"/></pattern>",
	      page);
	fputs("<pattern id=\"p-shmem\" width=\"8\" height=\"8\" patternUnits=\"userSpaceOnUse\" "
	      "patternTransform=\"rotate(45)\"><rect class=\"shmem\" width=\"8\" height=\"8\"/>"
	      "<rect class=\"ink\" width=\"2\" height=\"8\"/></pattern>",
	      page);
	fputs("<pattern id=\"p-kernel\" width=\"7\" height=\"7\" patternUnits=\"userSpaceOnUse\">"
	      "<rect class=\"kernel\" width=\"7\" height=\"7\"/>"
	      "<rect class=\"ink\" width=\"7\" height=\"1.5\"/></pattern>",
	      page);
	fputs("<pattern id=\"p-file\" width=\"8\" height=\"8\" patternUnits=\"userSpaceOnUse\">"
	      "<rect class=\"file\" width=\"8\" height=\"8\"/>"
	      "<circle class=\"ink\" cx=\"4\" cy=\"4\" r=\"1.3\"/></pattern>",
	      page);
	fputs("</defs></svg>", page);
}

void page_swatch(FILE *page, enum series series)
{
	fputs("<svg class=\"swatch\" width=\"22\" height=\"14\" aria-hidden=\"true\">", page);
	if (series == SERIES_SWAP)
		fputs("<path class=\"line-swap\" d=\"M0 7H22\"/>", page);
	else
		fprintf(page, "<rect width=\"22\" height=\"14\" fill=\"url(#p-%s)\"/>",
			ids[series]);
	fputs("</svg>", page);
}

/* The sum of the first `count` layers of a sample. */
static double stacked(const struct verdict_sample *sample, size_t count)
{
	double sum = 0;

	for (size_t i = 0; i < count; i++)
		sum += (double)series_value(sample, stack[i]);
	return sum;
}

static void draw_layer(FILE *page, const struct plot *plot, size_t layer)
{
	const struct timeline *timeline = plot->timeline;
	const struct verdict_sample *last = &timeline->samples[timeline->len - 1];

	fprintf(page, "<path class=\"area\" fill=\"url(#p-%s)\" d=\"M", ids[stack[layer]]);
	for (size_t i = 0; i < timeline->len; i++) {
		const struct verdict_sample *sample = &timeline->samples[i];

		fprintf(page, "%.1f %.1fL", x_of(plot, sample->age_ms),
			y_of(plot, stacked(sample, layer + 1)));
	}
	fprintf(page, "%.1f %.1fL%.1f %.1f", plot->right, y_of(plot, stacked(last, layer + 1)),
		plot->right, y_of(plot, stacked(last, layer)));
	for (size_t i = timeline->len; i-- > 0;)
		fprintf(page, "L%.1f %.1f", x_of(plot, timeline->samples[i].age_ms),
			y_of(plot, stacked(&timeline->samples[i], layer)));
	fputs("Z\"/>", page);
}

static void draw_line(FILE *page, const struct plot *plot, enum series series)
{
	const struct timeline *timeline = plot->timeline;

	fprintf(page, "<path class=\"line-%s\" d=\"", ids[series]);
	for (size_t i = 0; i < timeline->len; i++)
		fprintf(page, "%c%.1f %.1f", i ? 'L' : 'M', x_of(plot, timeline->samples[i].age_ms),
			y_of(plot, (double)series_value(&timeline->samples[i], series)));
	fprintf(page, "H%.1f\"/>", plot->right);
}

/* The smallest power of two that needs no more than `ticks` steps. */
static uint64_t size_step(double most, unsigned ticks)
{
	uint64_t step = 1;

	while ((double)step * ticks < most && step < UINT64_C(1) << 62)
		step *= 2;
	return step;
}

static uint64_t time_step(uint64_t span_ms, unsigned ticks)
{
	static const uint64_t steps[] = {
	    10,	     20,      50,      100,	 200,	   500,	     1000,	2000,
	    5000,    10000,   15000,   30000,	 60000,	   120000,   300000,	600000,
	    1800000, 3600000, 7200000, 21600000, 43200000, 86400000, 604800000,
	};
	size_t i = 0;

	while (i + 1 < sizeof(steps) / sizeof(steps[0]) && steps[i] * ticks < span_ms)
		i++;
	return steps[i];
}

static void draw_axes(FILE *page, const struct plot *plot)
{
	uint64_t step = size_step(plot->most, 5), span = plot->timeline->span_ms;
	char text[32];

	for (uint64_t bytes = 0; (double)bytes <= plot->most; bytes += step)
		fprintf(page,
			"<path class=\"grid\" d=\"M%.1f %.1fH%.1f\"/>"
			"<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"end\">%s</text>",
			plot->left, y_of(plot, (double)bytes), plot->right, plot->left - 8,
			y_of(plot, (double)bytes) + 4, size_text(bytes, text, sizeof(text)));
	step = time_step(span, plot->ticks);
	for (uint64_t age = step; age <= span && step > 0; age += step)
		fprintf(page,
			"<path class=\"tick\" d=\"M%.1f %.1fv5\"/>"
			"<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">−%s</text>",
			x_of(plot, age), plot->bottom, x_of(plot, age), plot->bottom + 20,
			x_of(plot, age) < plot->left + 20 ? "start" : "middle",
			span_text(age, text, sizeof(text)));
	fprintf(page, "<path class=\"axis\" d=\"M%.1f %.1fH%.1f\"/>", plot->left, plot->bottom,
		plot->right);
}

static void draw_limit(FILE *page, const struct plot *plot)
{
	double y = y_of(plot, (double)plot->timeline->limit);
	char text[32];

	if (!plot->timeline->has_limit)
		return;
	fprintf(page,
		"<path class=\"limit\" d=\"M%.1f %.1fH%.1f\"/>"
		"<text class=\"strong\" x=\"%.1f\" y=\"%.1f\">limit %s</text>",
		plot->left, y, plot->right, plot->left + 4, y - 6,
		size_text(plot->timeline->limit, text, sizeof(text)));
}

static bool has_swap(const struct timeline *timeline)
{
	for (size_t i = 0; i < timeline->len; i++)
		if (timeline->samples[i].swap.n > 0)
			return true;
	return false;
}

void page_plot(FILE *page, const struct timeline *timeline, bool narrow)
{
	struct plot plot = {
	    .timeline = timeline,
	    .width = narrow ? 360 : 860,
	    .height = narrow ? 260 : 320,
	    .left = 66,
	    .top = 26,
	    .ticks = narrow ? 3 : 6,
	    .most = (double)timeline->top,
	};
	char span[32], top[32];

	plot.right = plot.width - 22;
	plot.bottom = plot.height - 32;
	for (size_t i = 0; i < timeline->len; i++) {
		double sum = stacked(&timeline->samples[i], STACK_LEN);
		double swap = (double)timeline->samples[i].swap.n;

		plot.most = sum > plot.most ? sum : plot.most;
		plot.most = swap > plot.most ? swap : plot.most;
	}
	plot.most *= 1.06;
	fprintf(page,
		"<svg class=\"plot %s\" viewBox=\"0 0 %.0f %.0f\" role=\"img\" "
		"aria-label=\"Memory in the %s before the event, up to %s\">",
		narrow ? "narrow" : "wide", plot.width, plot.height,
		span_text(timeline->span_ms, span, sizeof(span)),
		size_text(timeline->top, top, sizeof(top)));
	draw_axes(page, &plot);
	for (size_t layer = 0; layer < STACK_LEN; layer++)
		draw_layer(page, &plot, layer);
	if (has_swap(timeline))
		draw_line(page, &plot, SERIES_SWAP);
	draw_line(page, &plot, SERIES_USAGE);
	draw_limit(page, &plot);
	fprintf(
	    page,
	    "<path class=\"event\" d=\"M%.1f %.1fV%.1f\"/>"
	    "<path class=\"mark\" d=\"M%.1f %.1fl-6 -9h12z\"/>"
	    "<text class=\"strong\" x=\"%.1f\" y=\"%.1f\" text-anchor=\"end\">event</text></svg>",
	    plot.right, plot.top, plot.bottom, plot.right, plot.top, plot.width - 2,
	    plot.bottom + 20);
}
