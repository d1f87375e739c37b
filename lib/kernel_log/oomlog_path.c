/* SPDX-License-Identifier: Apache-2.0 */
#include "oomlog_path.h"

#include <stddef.h>
#include <string.h>

static bool is_hex(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static size_t hex_len(const char *text)
{
	size_t len = 0;

	while (is_hex(text[len]))
		len++;
	return len;
}

bool cgroup_container_id(const char *path, char out[CGROUP_CONTAINER_ID])
{
	bool found = false;

	for (const char *at = path; *at;) {
		size_t len = hex_len(at);

		if (len == CGROUP_CONTAINER_ID - 1) {
			memcpy(out, at, len);
			out[len] = '\0';
			found = true;
		}
		at += len ? len : 1;
	}
	return found;
}

/* 8-4-4-4-12 digits with one kind of mark between them. */
static bool take_uuid(const char *at, char out[CGROUP_POD_UID])
{
	static const size_t groups[] = {8, 4, 4, 4, 12};
	char mark = '\0';
	size_t len = 0;

	for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++) {
		if (i > 0) {
			if ((*at != '-' && *at != '_') || (mark && *at != mark))
				return false;
			mark = *at++;
			out[len++] = '-';
		}
		if (hex_len(at) < groups[i] || (i + 1 < 5 && hex_len(at) != groups[i]))
			return false;
		memcpy(out + len, at, groups[i]);
		len += groups[i];
		at += groups[i];
	}
	out[len] = '\0';
	return !is_hex(*at);
}

bool cgroup_pod_uid(const char *path, char out[CGROUP_POD_UID])
{
	for (const char *at = strstr(path, "pod"); at; at = strstr(at + 1, "pod")) {
		const char *uid = at + 3;

		if (at == path || (at[-1] != '/' && at[-1] != '-'))
			continue;
		if (take_uuid(uid, out))
			return true;
		if (hex_len(uid) == 32) {
			memcpy(out, uid, 32);
			out[32] = '\0';
			return true;
		}
	}
	return false;
}
