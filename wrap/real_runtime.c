/* SPDX-License-Identifier: Apache-2.0 */
#include "real_runtime.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

static bool is_this_program(const char *path)
{
	struct stat own, st;

	return stat("/proc/self/exe", &own) == 0 && stat(path, &st) == 0 &&
	       st.st_dev == own.st_dev && st.st_ino == own.st_ino;
}

int real_runtime(const struct host_policy *host, const char *name, const char **path,
		 struct error *err)
{
	int r;

	for (size_t i = 0; i < host->runtimes_len; i++) {
		const char *entry = host->runtimes[i];

		if (strcmp(strrchr(entry, '/') + 1, name))
			continue;
		if (is_this_program(entry)) {
			r = error_say(err, ELOOP, "%s, one of the policy's `runtimes`, is oomguard",
				      entry);
			return error_hint(err, r, "name the real %s there", name);
		}
		*path = entry;
		return 0;
	}
	r = error_say(err, ENOENT, "none of the policy's `runtimes` is called %s", name);
	return error_hint(err, r, "add its absolute path to `runtimes`");
}
