/* SPDX-License-Identifier: Apache-2.0 */
#include "spec_names.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#define NAME_MAX_BYTES 32

/* Beside upper case Go takes two characters for a letter: the long s and the sign for Kelvin. */
static size_t letter_of(const char *at, char *letter)
{
	if (!strncmp(at, "\xc5\xbf", 2)) {
		*letter = 's';
		return 2;
	}
	if (!strncmp(at, "\xe2\x84\xaa", 3)) {
		*letter = 'k';
		return 3;
	}
	*letter = (char)tolower((unsigned char)*at);
	return 1;
}

static bool reads_as(const char *found, const char *name)
{
	for (; *name; name++) {
		char letter;

		found += letter_of(found, &letter);
		if (letter != tolower((unsigned char)*name))
			return false;
	}
	return !*found;
}

static int check_name(const struct json_edit *edit, const struct json *object, const char *name,
		      const char *path, struct error *err)
{
	bool found = false;

	for (size_t i = 0; i < object->object.len; i++) {
		const struct json_member *member = &object->object.members[i];

		if (!reads_as(member->key, name))
			continue;
		if (found)
			return error_say(err, EINVAL,
					 "%s:%u: %s: found again, allowed once: runtimes differ in "
					 "which one holds",
					 object->source, member->line, path);
		if (!json_edit_named(edit, member, name))
			return error_say(
			    err, EINVAL,
			    "%s:%u: %s: found in another spelling, which some runtimes "
			    "take for it",
			    object->source, member->line, path);
		found = true;
	}
	return 0;
}

int spec_names_check(const struct json_edit *edit, const struct json *root,
		     const char *const paths[], size_t len, struct error *err)
{
	for (size_t i = 0; i < len; i++) {
		const struct json *object = root;
		const char *name = paths[i], *dot;
		int r;

		/* What leads there is a path of the list itself. */
		for (; object && (dot = strchr(name, '.')); name = dot + 1) {
			char part[NAME_MAX_BYTES] = "";

			memcpy(part, name, (size_t)(dot - name));
			object = json_get_typed(object, part, JSON_OBJECT);
		}
		r = object ? check_name(edit, object, name, paths[i], err) : 0;
		if (r < 0)
			return r;
	}
	return 0;
}
