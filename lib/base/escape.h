/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text from containers, annotations, kernel logs and files is hostile. It is stored as it is and
 * made harmless at the door it leaves by: here for terminals and file names, in jsonw for JSON.
 */
#pragma once

#include <stddef.h>

/*
 * Copies `text` so that a terminal can show it: printable UTF-8 stays; control characters (C0, DEL,
 * C1), bytes that are no UTF-8, and the characters that reorder or break lines (U+061C,
 * U+200E..U+200F, U+2028..U+202E, U+2066..U+2069) become \xNN or \u{NNNN}; a backslash becomes \\.
 * Cut at a whole character, "…" added, when it does not fit. Always terminated. Returns buf.
 */
const char *escape_terminal(const char *text, char *buf, size_t cap);

/*
 * Text for an HTML page, between tags and in quoted attributes: what escape_terminal() leaves, with
 * & < > " and ' as character references. Cut and terminated as there. Returns buf.
 */
const char *escape_html(const char *text, char *buf, size_t cap);

/* As many columns as a terminal uses for escaped text: one per character is what we promise. */
size_t escape_columns(const char *escaped);

/*
 * Makes UTF-8 of any bytes: what is not UTF-8, and a NUL, becomes U+FFFD. Returns the bytes written
 * without the NUL; cut at a whole character when it does not fit.
 */
size_t escape_utf8(const char *text, size_t len, char *buf, size_t cap);

/*
 * A name that can stand as one path component: [A-Za-z0-9_.-] stays, anything else becomes '_';
 * a leading '.' becomes '_'; cut at max_len bytes. Returns buf.
 */
const char *escape_file_name(const char *text, char *buf, size_t cap, size_t max_len);
