/* SPDX-License-Identifier: Apache-2.0 */
#include "real_runtime.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime_options.h"
#include "same_file.h"

int real_runtime(const struct host_policy *host, const char *name, const char *wrapper,
		 const char **path, struct error *err)
{
	enum runtime_grammar grammar;
	int r;

	/* Of another one it is not known how it is told to create a container. */
	if (runtime_grammar_of(name, &grammar) < 0)
		return error_say(err, EINVAL,
				 "called for the runtime %s: allowed are runc and crun, and names "
				 "like runc-1.1, docker-runc and crun-wasm",
				 name);
	for (size_t i = 0; i < host->runtimes_len; i++) {
		const char *entry = host->runtimes[i];

		if (strcmp(strrchr(entry, '/') + 1, name))
			continue;
		if (same_file(entry, wrapper)) {
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

int real_runtime_try(const char *path, struct error *err)
{
	struct stat st;
	int r = 0;

	if (stat(path, &st) < 0 || access(path, X_OK) < 0)
		r = error_set(err, errno, "%s, one of the policy's `runtimes`", path);
	else if (!S_ISREG(st.st_mode))
		r = error_say(err, EACCES, "%s, one of the policy's `runtimes`, is no program",
			      path);
	return r < 0 ? error_hint(err, r, "name there where it is, or install it") : 0;
}
