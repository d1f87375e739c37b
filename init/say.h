/* SPDX-License-Identifier: Apache-2.0 */
/* What the init has to say goes to stderr, which is the container's own log. */
#pragma once

/* Our own failures; a PROGRAM that cannot be started ends with one of the shell's two numbers. */
#define EXIT_OWN 125
#define EXIT_NOT_EXECUTABLE 126
#define EXIT_NOT_FOUND 127

/* One line behind "oomguard-init: ", cut at 512 bytes. A reader that is gone does no harm. */
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The text of a positive errno, without the locale. */
const char *errno_text(int code);
