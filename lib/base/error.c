/* SPDX-License-Identifier: Apache-2.0 */
#include "error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void set_message(struct error *err, int code, const char *format, va_list args)
{
	err->code = code;
	err->hint[0] = '\0';
	vsnprintf(err->message, sizeof(err->message), format, args);
}

int error_say(struct error *err, int code, const char *format, ...)
{
	va_list args;

	if (!err)
		return -code;
	va_start(args, format);
	set_message(err, code, format, args);
	va_end(args);
	return -code;
}

int error_set(struct error *err, int code, const char *format, ...)
{
	va_list args;
	size_t used;

	if (!err)
		return -code;
	va_start(args, format);
	set_message(err, code, format, args);
	va_end(args);
	used = strlen(err->message);
	/* strerrordesc_np() neither translates nor allocates, unlike strerror(). */
	snprintf(err->message + used, sizeof(err->message) - used, ": %s",
		 strerrordesc_np(code) ? strerrordesc_np(code) : "unknown error");
	return -code;
}

int error_wrap(struct error *err, int r, const char *format, ...)
{
	char inner[sizeof(err->message)];
	va_list args;
	size_t used;

	if (!err)
		return r;
	memcpy(inner, err->message, sizeof(inner));
	va_start(args, format);
	vsnprintf(err->message, sizeof(err->message), format, args);
	va_end(args);
	used = strlen(err->message);
	snprintf(err->message + used, sizeof(err->message) - used, ": %s", inner);
	return r;
}

int error_hint(struct error *err, int r, const char *format, ...)
{
	va_list args;

	if (!err)
		return r;
	va_start(args, format);
	vsnprintf(err->hint, sizeof(err->hint), format, args);
	va_end(args);
	return r;
}

const char *error_text(const struct error *err, char *buf, size_t cap)
{
	if (err->hint[0])
		snprintf(buf, cap, "%s (%s)", err->message, err->hint);
	else
		snprintf(buf, cap, "%s", err->message);
	return buf;
}
