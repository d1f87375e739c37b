/* SPDX-License-Identifier: Apache-2.0 */
#include "hash.h"

#include <string.h>

#define HASH_PRIME UINT64_C(0x100000001b3)

uint64_t hash_bytes(uint64_t hash, const void *bytes, size_t len)
{
	const unsigned char *byte = bytes;

	for (size_t i = 0; i < len; i++)
		hash = (hash ^ byte[i]) * HASH_PRIME;
	return hash;
}

uint64_t hash_string(uint64_t hash, const char *text)
{
	return hash_bytes(hash, text ? text : "", text ? strlen(text) + 1 : 1);
}
