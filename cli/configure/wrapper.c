/* SPDX-License-Identifier: Apache-2.0 */
/* The wrapper that is registered as a runtime, and what it needs to become one. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cleanup.h"
#include "config.h"
#include "configure.h"
#include "policy_chain.h"
#include "policy_load.h"
#include "real_runtime.h"
#include "same_file.h"

#define PREFIX "oomguard-"
#define NAMES_MAX 160 /* bytes of the names that a hint tells */

char *configure_wrapper(const struct configure *want)
{
	const char *name = strrchr(OOMGUARD_WRAPPER_PATH, '/') + 1;
	char *out;
	int r = asprintf(&out, "%.*s" PREFIX "%s", (int)(name - OOMGUARD_WRAPPER_PATH),
			 OOMGUARD_WRAPPER_PATH, want->runtime);

	return r < 0 ? NULL : out;
}

bool configure_is_wrapper(const char *path)
{
	const char *name = strrchr(path, '/');

	return name && (!strcmp(name + 1, PREFIX "runc") || !strcmp(name + 1, PREFIX "crun"));
}

/* The policy that the wrapper will follow; where it cannot be read the built-in one. */
static int load(const struct configure *want, struct policy_document *out, char **file,
		struct error *err)
{
	*file = configure_path(want, OOMGUARD_POLICY_FILE);
	if (!*file)
		return error_set(err, ENOMEM, "cannot name the policy");
	if (policy_load(want->prefix[0] ? *file : NULL, out, NULL, NULL) < 0)
		*out = (struct policy_document){.host = host_policy_builtin};
	return 0;
}

/* A link in an image points to what is there once the image is the root. */
static bool is_program(const struct configure *want, const char *path)
{
	struct stat st;

	if (stat(path, &st) == 0)
		return S_ISREG(st.st_mode) && (st.st_mode & 0111);
	return want->prefix[0] && lstat(path, &st) == 0 && S_ISLNK(st.st_mode);
}

static int need_runtime(const struct configure *want, const struct host_policy *host,
			const char *wrapper, const char *file, struct error *err)
{
	cleanup_free char *there = NULL, *own = NULL;
	const char *path;
	int r = real_runtime(host, want->runtime, wrapper, &path, err);

	if (r < 0)
		return error_hint(err, r, "add its absolute path to `runtimes` in %s", file);
	there = configure_path(want, path);
	own = configure_path(want, wrapper);
	if (!there || !own)
		return error_set(err, ENOMEM, "cannot name %s", path);
	if (same_file(there, own))
		r = error_say(err, ELOOP, "%s, one of the policy's `runtimes`, is oomguard", path);
	else if (!is_program(want, there))
		r = error_say(err, ENOENT,
			      "%s, which %s would become by the policy's `runtimes`, is no program",
			      there, strrchr(wrapper, '/') + 1);
	return r < 0
		   ? error_hint(err, r, "name the real %s in `runtimes` in %s", want->runtime, file)
		   : 0;
}

static int need_profile(const struct configure *want, const struct json *root, const char *file,
			struct error *err)
{
	const struct json *profiles = json_get_typed(root, "profiles", JSON_OBJECT);
	char names[NAMES_MAX] = POLICY_DEFAULT_PROFILE;
	size_t len = strlen(names);
	int r;

	/* Without a policy nothing is known yet of what it will say. */
	if (!want->profile || !root || policy_profile_exists(root, want->profile))
		return 0;
	for (size_t i = 0; profiles && i < profiles->object.len && len < sizeof(names); i++)
		if (strcmp(profiles->object.members[i].key, POLICY_DEFAULT_PROFILE) != 0)
			len += (size_t)snprintf(names + len, sizeof(names) - len, ", %s",
						profiles->object.members[i].key);
	r = error_say(err, ENOENT, "the policy %s has no profile \"%s\"", file, want->profile);
	return error_hint(err, r, "it has %s", names);
}

int configure_need_wrapper(const struct configure *want, struct error *err)
{
	cleanup_free char *wrapper = configure_wrapper(want), *file = NULL;
	struct policy_document policy;
	int r = wrapper ? 0 : error_set(err, ENOMEM, "cannot name the wrapper");

	if (r == 0)
		r = configure_need_program(want, wrapper, err);
	if (r < 0 || want->remove)
		return r;
	r = load(want, &policy, &file, err);
	if (r < 0)
		return r;
	r = need_runtime(want, &policy.host, wrapper, file, err);
	if (r == 0)
		r = need_profile(want, policy.root, file, err);
	policy_document_free(&policy);
	return r;
}
