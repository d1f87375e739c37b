/* SPDX-License-Identifier: Apache-2.0 */
#include "html.h"

#include <stdarg.h>

#include "escape.h"

#define TEXT_BYTES 4096

void html_text(FILE *page, const char *text)
{
	char escaped[TEXT_BYTES];

	fputs(escape_html(text, escaped, sizeof(escaped)), page);
}

void html_textf(FILE *page, const char *format, ...)
{
	char text[TEXT_BYTES / 2];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	html_text(page, text);
}
