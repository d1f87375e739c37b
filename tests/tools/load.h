/* SPDX-License-Identifier: Apache-2.0 */
/* What the two halves of the load program share. */
#pragma once

#include <stddef.h>

#define MIB ((size_t)1024 * 1024)

_Noreturn void die(const char *what);
_Noreturn void sleep_on(void);
void nap_ms(long ms);

/* Writes every page of `bytes`, with content that no compressed swap makes small. */
void fill(void *at, size_t bytes);

/* The verbs of trouble.c. Returns where it is none of them. */
void trouble(const char *verb, const char *word, const char *second);
/* Those of kinds.c, the same way. */
void kinds(const char *verb, const char *word, const char *second);
