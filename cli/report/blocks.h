/* SPDX-License-Identifier: Apache-2.0 */
/* Bars and curves of block characters (U+2581 to U+258F), eighths of a character fine. */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* Lies from left to right: part of whole over so many columns, cut there. Returns buf. */
const char *blocks_bar(uint64_t part, uint64_t whole, unsigned columns, char *buf, size_t cap);

/*
 * One row of a curve `rows` high, the top one being row 0: for each value its block. What is zero
 * is blank; what is more than zero has at least the lowest block. Returns buf.
 */
const char *blocks_row(const uint64_t *values, size_t len, uint64_t top, unsigned row,
		       unsigned rows, char *buf, size_t cap);
