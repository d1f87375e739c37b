/* SPDX-License-Identifier: Apache-2.0 */
#include "gather.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"
#include "container_name.h"
#include "engine_name.h"
#include "proc.h"
#include "read_all.h"

#define ENVIRON_MAX_BYTES (256 * 1024)
#define ENVIRON_TEXT_MAX (2 * PATH_MAX)

int gather_state(struct hook *hook, struct gathered *out)
{
	struct error err = {0};
	char text[1100];

	*out = (struct gathered){.parent = getppid()};
	if (oci_state_read(STDIN_FILENO, &out->state, &err) == 0)
		return 0;
	hook_problem(hook, "%s", error_text(&err, text, sizeof(text)));
	return -EINVAL;
}

static int read_config(struct hook *hook, struct gathered *out)
{
	struct error err = {0};
	char text[1100];

	if (!out->state.bundle[0])
		return hook_problem(hook, "the container's state names no bundle");
	if (oci_config_read(out->state.bundle, &out->config, &err) < 0)
		return hook_problem(hook, "%s", error_text(&err, text, sizeof(text)));
	if (out->config.duplicate_keys)
		hook_note(hook, "config.json: %zu keys stand twice; the last one counts",
			  out->config.duplicate_keys);
	return 0;
}

int hook_policy(struct hook *hook, struct policy_document *out)
{
	struct error err = {0};
	char text[1100];

	if (policy_load(hook->args.policy, out, NULL, &err) == 0) {
		out->profile = hook->args.profile;
		return 0;
	}
	*out = (struct policy_document){.host = host_policy_builtin};
	return hook_problem(hook, "the policy cannot be used%s: %s",
			    hook->args.closed ? "" : ", the built-in default takes its place",
			    error_text(&err, text, sizeof(text)));
}

static int read_policy(struct hook *hook, struct gathered *out)
{
	out->policy = calloc(1, sizeof(*out->policy));
	if (!out->policy)
		return hook_failed(hook, -ENOMEM, "out of memory");
	return hook_policy(hook, out->policy);
}

/* The value of a variable of the runtime's environment. *out is owned, NULL when not set. */
static void read_variable(const struct hook *hook, pid_t pid, const char *name, char **out)
{
	cleanup_free char *text = NULL;
	size_t len, name_len = strlen(name);
	char path[64];

	*out = NULL;
	snprintf(path, sizeof(path), "%d/environ", (int)pid);
	if (read_all_at(hook->procfd, path, ENVIRON_MAX_BYTES, &text, &len) < 0)
		return;
	for (size_t at = 0; at < len; at += strlen(text + at) + 1) {
		const char *entry = text + at;

		if (!strncmp(entry, name, name_len) && entry[name_len] == '=' &&
		    strlen(entry) < ENVIRON_TEXT_MAX) {
			*out = strdup(entry + name_len + 1);
			return;
		}
	}
}

/*
 * The user's runtime directory where the runtime puts its state there: crun whenever the variable
 * is set, runc only without root's rights outside of a user namespace.
 */
static char *rootless_dir(const struct hook *hook, const struct gathered *g)
{
	cleanup_free char *dir = NULL, *user = NULL;

	if (g->cmd.root)
		return NULL;
	if (!g->cmd.is_crun && geteuid() == 0) {
		if (proc_in_initial_userns(hook->procfd))
			return NULL;
		read_variable(hook, g->parent, "USER", &user);
		if (user && !strcmp(user, "root"))
			return NULL;
	}
	read_variable(hook, g->parent, "XDG_RUNTIME_DIR", &dir);
	return dir && dir[0] == '/' ? take_ptr(dir) : NULL;
}

static int read_runtime(struct hook *hook, struct gathered *g, struct error *err)
{
	const struct host_policy *host = g->policy ? &g->policy->host : NULL;
	const char *allowed[POLICY_RUNTIMES_MAX];
	cleanup_free char *cwd = NULL;
	size_t len = 0;
	int r;

	for (; host && len < host->runtimes_len; len++)
		allowed[len] = host->runtimes[len];
	r = runtime_cmd_read(hook->procfd, g->parent, allowed, len, &g->cmd, &g->runtime, &cwd,
			     err);
	if (r < 0)
		return r;
	/* While a container is created the runtime stands in the bundle, else where it was started.
	 */
	if (cwd && g->state.bundle[0] && !strcmp(cwd, g->state.bundle))
		return runtime_start_dir(&g->cmd, g->state.bundle, &g->start_dir, err);
	g->start_dir = take_ptr(cwd);
	return 0;
}

static void find_root(struct hook *hook, struct gathered *g, char **root)
{
	cleanup_free char *rootless = rootless_dir(hook, g);
	struct error err = {0};

	*root = NULL;
	if (g->cmd.name &&
	    runtime_root(&g->cmd, g->start_dir, rootless, g->state.id, root, &err) < 0)
		*root = NULL;
}

void gather_runtime_root(struct hook *hook, struct gathered *out, char **root)
{
	struct error err = {0};

	*root = NULL;
	if (read_runtime(hook, out, &err) == 0)
		find_root(hook, out, root);
}

/* The runtime's path for the rules of the policy, whether or not we may run it. */
static char *runtime_path(const struct hook *hook, const struct gathered *g)
{
	char path[64], target[PATH_MAX];
	ssize_t n;

	if (g->runtime)
		return strdup(g->runtime);
	snprintf(path, sizeof(path), "%d/exe", (int)g->parent);
	n = readlinkat(hook->procfd, path, target, sizeof(target));
	/* "/" is all that a sealed copy tells. */
	if (!g->cmd.name || n <= 1 || (size_t)n >= sizeof(target))
		return strdup("");
	return strndup(target, (size_t)n);
}

static int fill_identity(struct hook *hook, struct gathered *g)
{
	struct identity *id = &hook->plan.identity;
	struct error err = {0};

	id->id = strdup(g->state.id);
	id->bundle = strdup(g->state.bundle);
	id->runtime = runtime_path(hook, g);
	if (!id->id || !id->bundle || !id->runtime ||
	    identity_fill(id, g->config.annotations, g->state.annotations, &err) < 0)
		return hook_failed(hook, -ENOMEM, "out of memory");
	if (!id->container[0] && !strcmp(id->manager, "podman")) {
		char *name = engine_name_podman(hook->procfd, g->parent);

		if (name) {
			free(id->container);
			id->container = name;
		}
	}
	container_name_fill(id);
	return 0;
}

int gather_host(struct hook *hook, struct gathered *out)
{
	struct error err = {0};
	int r = read_policy(hook, out);

	if (r < 0)
		return r;
	/* A parent that is no runtime we know only means that we cannot run it again. */
	read_runtime(hook, out, &err);
	find_root(hook, out, &hook->plan.identity.runtime_root);
	return 0;
}

int gather_container(struct hook *hook, struct gathered *out)
{
	int r = read_config(hook, out);

	return r < 0 ? r : fill_identity(hook, out);
}

/* By the annotations of the state and those of the config, where it was read. */
bool gather_says_sandbox(const struct gathered *g)
{
	struct identity id = {0};
	bool sandbox;

	identity_fill(&id, g->config.annotations, g->state.annotations, NULL);
	sandbox = id.sandbox;
	identity_free(&id);
	return sandbox;
}

bool gather_is_sandbox(struct gathered *g)
{
	if (g->state.bundle[0] && !g->config.root)
		oci_config_read(g->state.bundle, &g->config, NULL);
	return gather_says_sandbox(g);
}

void gathered_free(struct gathered *gathered)
{
	oci_state_free(&gathered->state);
	oci_config_free(&gathered->config);
	runtime_cmd_free(&gathered->cmd);
	free(gathered->runtime);
	free(gathered->start_dir);
	if (gathered->policy) {
		policy_document_free(gathered->policy);
		free(gathered->policy);
	}
	*gathered = (struct gathered){0};
}
