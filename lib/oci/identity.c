/* SPDX-License-Identifier: Apache-2.0 */
#include "identity.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "spec.h"

/* Names of the same thing in the order in which they are believed; ended by NULL. */
static const char *const image_keys[] = {CONTAINERD_IMAGE_NAME, CRIO_IMAGE_NAME, OCI_IMAGE_REF,
					 NULL};
static const char *const namespace_keys[] = {CONTAINERD_SANDBOX_NAMESPACE, CRIO_POD_NAMESPACE,
					     NULL};
static const char *const pod_keys[] = {CONTAINERD_SANDBOX_NAME, CRIO_POD_NAME, NULL};
static const char *const pod_uid_keys[] = {CONTAINERD_SANDBOX_UID, CRIO_POD_UID, NULL};
static const char *const container_keys[] = {CONTAINERD_CONTAINER_NAME, CRIO_CONTAINER_NAME, NULL};

static bool says(const struct json *annotations, const char *key, const char *value)
{
	const char *text = json_get_string(annotations, key);

	return text && !strcmp(text, value);
}

static const char *first_of(const struct json *annotations, const char *const *keys)
{
	for (; *keys; keys++) {
		const char *text = json_get_string(annotations, *keys);

		if (text && text[0])
			return text;
	}
	return "";
}

static int fill(char **field, const char *text)
{
	if (*field)
		return 0;
	*field = strdup(text);
	return *field ? 0 : -ENOMEM;
}

/* The caller's fields too: never NULL afterwards. */
static int fill_all(struct identity *id)
{
	const struct json *a = id->annotations;

	if (fill(&id->id, "") < 0 || fill(&id->bundle, "") < 0 || fill(&id->cgroup, "") < 0 ||
	    fill(&id->runtime, "") < 0 || fill(&id->runtime_root, "") < 0 ||
	    fill(&id->image, first_of(a, image_keys)) < 0 ||
	    fill(&id->namespace, first_of(a, namespace_keys)) < 0 ||
	    fill(&id->pod, first_of(a, pod_keys)) < 0 ||
	    fill(&id->pod_uid, first_of(a, pod_uid_keys)) < 0 ||
	    fill(&id->container, first_of(a, container_keys)) < 0)
		return -ENOMEM;
	return 0;
}

/* podman writes some of CRI-O's annotations as well, so it is asked first. */
static const char *manager_of(const struct json *annotations, const char *bundle)
{
	if (says(annotations, PODMAN_MANAGER, "libpod"))
		return "podman";
	if (json_get_string(annotations, CONTAINERD_CONTAINER_TYPE) ||
	    json_get_string(annotations, CRIO_CONTAINER_TYPE) ||
	    json_get_string(annotations, CRIO_POD_UID))
		return "kubernetes";
	/* containerd's bundles: …/io.containerd.runtime.v2.task/NAMESPACE/ID; docker's is "moby".
	 */
	if (strstr(bundle, "/io.containerd.runtime.v")) {
		if (strstr(bundle, "/moby/"))
			return "docker";
		return strstr(bundle, "/k8s.io/") ? "kubernetes" : "containerd";
	}
	return "";
}

/* Those of config.json; those of the state where config.json has none of that name. */
static int merge(struct identity *id, const struct json *config, const struct json *state)
{
	bool has_config = config && config->type == JSON_OBJECT;
	bool has_state = state && state->type == JSON_OBJECT;

	json_free(id->annotations);
	id->annotations = NULL;
	if (!has_config && !has_state)
		return 0;
	id->annotations = json_copy(has_state ? state : config);
	if (!id->annotations)
		return -ENOMEM;
	return has_state && has_config ? json_merge_patch(&id->annotations, config) : 0;
}

int identity_fill(struct identity *id, const struct json *config_annotations,
		  const struct json *state_annotations, struct error *err)
{
	if (merge(id, config_annotations, state_annotations) < 0 || fill_all(id) < 0)
		return error_set(err, ENOMEM, "identity of the container");
	id->sandbox = says(id->annotations, CONTAINERD_CONTAINER_TYPE, "sandbox") ||
		      says(id->annotations, CRIO_CONTAINER_TYPE, "sandbox");
	id->manager = manager_of(id->annotations, id->bundle);
	return 0;
}

void identity_free(struct identity *id)
{
	free(id->id);
	free(id->bundle);
	free(id->cgroup);
	free(id->runtime);
	free(id->runtime_root);
	free(id->image);
	free(id->namespace);
	free(id->pod);
	free(id->pod_uid);
	free(id->container);
	json_free(id->annotations);
	*id = (struct identity){0};
}

static void put(struct jsonw *w, const char *key, const char *text, size_t max)
{
	char cut[IDENTITY_CUT_MAX + 1];

	if (!text)
		text = "";
	if (strnlen(text, max) >= max && max < sizeof(cut)) {
		snprintf(cut, max + 1, "%s", text);
		text = cut;
	}
	jsonw_kv_string(w, key, text);
}

void identity_write(struct jsonw *w, const struct identity *id, size_t names_max, size_t paths_max)
{
	put(w, "id", id->id, names_max);
	put(w, "image", id->image, names_max);
	put(w, "namespace", id->namespace, names_max);
	put(w, "pod", id->pod, names_max);
	put(w, "podUid", id->pod_uid, names_max);
	put(w, "container", id->container, names_max);
	put(w, "manager", id->manager, names_max);
	put(w, "runtime", id->runtime, paths_max);
	put(w, "runtimeRoot", id->runtime_root, paths_max);
	put(w, "bundle", id->bundle, paths_max);
	put(w, "cgroup", id->cgroup, paths_max);
}
