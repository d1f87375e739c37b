/* SPDX-License-Identifier: Apache-2.0 */
/* Text into a page: all that is not our own markup goes through here. */
#pragma once

#include <stdio.h>

/* Writes hostile text, inert (escape_html()). */
void html_text(FILE *page, const char *text);
/* The same for formatted words: the whole result is escaped. */
void html_textf(FILE *page, const char *format, ...) __attribute__((format(printf, 2, 3)));
