/* SPDX-License-Identifier: Apache-2.0 */
#include "spec_guard.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"
#include "config.h"
#include "container_name.h"
#include "identity.h"
#include "policy_effective.h"
#include "spec_changes.h"

/* The cgroup is not there yet; a path from the root says which one it will be. */
static const char *cgroup_asked(const struct oci_config *config)
{
	const struct json *path = json_path(config->root, SPEC_CONFIG_CGROUPS_PATH);

	return path && path->type == JSON_STRING && path->text[0] == '/' ? path->text : "";
}

static int fill_identity(const struct spec_guard *what, const struct oci_config *config,
			 struct identity *id, struct error *err)
{
	id->id = strdup(what->id);
	id->bundle = strdup(what->bundle);
	id->runtime = strdup(what->runtime);
	id->cgroup = strdup(cgroup_asked(config));
	if (!id->id || !id->bundle || !id->runtime || !id->cgroup)
		return error_set(err, ENOMEM, SPEC_CONFIG_FILE);
	if (identity_fill(id, config->annotations, NULL, err) < 0)
		return -err->code;
	container_name_fill(id);
	return 0;
}

static int resolve(const struct spec_guard *what, const struct identity *id,
		   struct effective_policy *policy, struct spec_guarded *out, struct error *err)
{
	const struct policy_document builtin = {.host = host_policy_builtin};
	struct error why = {0};

	if (policy_effective(what->policy, id, policy, &why) == 0)
		return 0;
	snprintf(out->problem, sizeof(out->problem),
		 "the policy cannot be resolved, the built-in one is followed: %.600s",
		 why.message);
	memset(policy, 0, sizeof(*policy));
	return policy_effective(&builtin, id, policy, err);
}

/* The init where it is wanted and there. */
static const char *init_for(const struct profile *profile, struct spec_guarded *out)
{
	if (!profile->settings.add_init || access(OOMGUARD_INIT_PATH, X_OK) == 0)
		return OOMGUARD_INIT_PATH;
	if (!out->problem[0])
		snprintf(out->problem, sizeof(out->problem), "the container goes without %s: %s",
			 OOMGUARD_INIT_PATH, strerrordesc_np(errno));
	return NULL;
}

static int edit(const struct spec_guard *what, const struct oci_config *config,
		const struct identity *id, const char *text, size_t len, struct spec_guarded *out,
		struct error *err)
{
	cleanup_effective_policy struct effective_policy *policy = effective_policy_new();
	struct spec_changes changes = {0};
	struct spec_host host = {0};
	int r;

	if (!policy)
		return error_set(err, ENOMEM, SPEC_CONFIG_FILE);
	r = resolve(what, id, policy, out, err);
	if (r < 0)
		return r;
	if (spec_changes_ask_host(&policy->profile, config))
		spec_host_read(what->procfd, &host);
	/* The hooks of a container that asked to be left alone only write that down. */
	if (!policy->disabled) {
		host.init = init_for(&policy->profile, out);
		spec_changes(&policy->profile, config, &host, &changes);
	}
	r = spec_edit(config->root, text, len, what->hook, &changes, &out->text, &out->len, err);
	return r < 0 ? r : 0;
}

int spec_guard(const struct spec_guard *what, const char *text, size_t len,
	       struct spec_guarded *out, struct error *err)
{
	struct oci_config config;
	struct identity id = {0};
	int r;

	*out = (struct spec_guarded){0};
	if (access(what->hook->path, X_OK) < 0)
		return error_set(err, errno, "%s", what->hook->path);
	r = oci_config_parse(text, len, SPEC_CONFIG_FILE, &config, err);
	if (r < 0)
		return r;
	r = fill_identity(what, &config, &id, err);
	if (r == 0 && !id.sandbox)
		r = edit(what, &config, &id, text, len, out, err);
	identity_free(&id);
	oci_config_free(&config);
	return r;
}

void spec_guarded_free(struct spec_guarded *guarded)
{
	free(guarded->text);
	*guarded = (struct spec_guarded){0};
}
