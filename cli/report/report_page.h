/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of the HTML page. Each writes one section, or nothing where the record has none. */
#pragma once

#include <stdio.h>

#include "report.h"
#include "report_timeline.h"

/* The style sheet, without its element. */
extern const char page_style[];

/* The plot for a wide or a narrow screen; patterns of both are found by their own names. */
void page_plot(FILE *page, const struct timeline *timeline, bool narrow);
/* Small squares with the plot's patterns, as definitions for page_swatch(). */
void page_patterns(FILE *page);
void page_swatch(FILE *page, enum series series);

void page_memory(FILE *page, const struct report *report);
void page_processes(FILE *page, const struct report *report);
void page_tree(FILE *page, const struct report *report);
void page_details(FILE *page, const struct report *report);
void page_limits(FILE *page, const struct report *report);
void page_actions(FILE *page, const struct report *report);
void page_kernel(FILE *page, const struct report *report);
void page_identity(FILE *page, const struct report *report);
