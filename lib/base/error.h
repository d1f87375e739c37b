/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The error idiom of the whole project.
 *
 * A function that can fail returns 0 (or a count) and, on failure, a negative errno; its last
 * argument is a `struct error` that it fills with what failed, on what, why, and what to do.
 * A caller that knows more about the occasion puts its own words in front with error_wrap().
 * A NULL `struct error` is allowed everywhere: then only the number travels.
 *
 * Functions on the path from an OOM event to the action take no `struct error`: they return a
 * negative errno and format nothing.
 */
#pragma once

#include <stddef.h>

struct error {
	int code;          /* positive errno; 0: no error was set */
	char message[768]; /* "what failed, on what: why"; longer text is cut */
	char hint[256];    /* what the reader can do; empty when there is nothing to say */
};

/*
 * Sets code and message; ": <text of code>" is appended when code is above zero. Clears the hint.
 * Returns -code. `code` must be positive; use EINVAL for input that is wrong by its own form.
 */
int error_set(struct error *err, int code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* As error_set(), but the message says all: no errno text is appended. */
int error_say(struct error *err, int code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Puts "text: " in front of the message that is there. Returns r, the negative errno at hand. */
int error_wrap(struct error *err, int r, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Says what to do. Returns r, so that it can end a function. */
int error_hint(struct error *err, int r, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Writes "message (hint)" into buf, cut at cap, always terminated. Returns buf. */
const char *error_text(const struct error *err, char *buf, size_t cap);
